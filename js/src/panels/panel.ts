import type { ReadonlySignal } from "@preact/signals";
import type { Dynamics } from "../dynamics/dynamics";
import type { Reply } from "../state/plugins";
import type { Store } from "../state/store";
import type { ThemeName } from "../theme/theme";

/** What a panel is given, one of ours or a plugin's. */
export interface PanelContext {
  el: HTMLElement;
  store: Store;
  dynamics: Dynamics;
  theme: ReadonlySignal<ThemeName>;
  /** Ask the panel's Python side. An answer that fails is shown in the panel's place, and rejected. */
  request(name: string, payload?: unknown, buffers?: readonly ArrayBufferView[]): Promise<Reply>;
  /** Aborted when the panel goes away. */
  signal: AbortSignal;
}

/** A part of the widget; what it is called and where it is placed, Python says. */
export interface Panel {
  /** Draw into `ctx.el`; returns how to take everything away again, if there is something to do. */
  mount(ctx: PanelContext): Dispose | Promise<Dispose>;
}

// biome-ignore lint/suspicious/noConfusingVoidType: a plugin's `mount` may return nothing
export type Dispose = (() => void) | void;

/** Show a panel in an element; returns how to take it away. */
export type MountPanel = (id: string, place: HTMLElement) => () => void;
