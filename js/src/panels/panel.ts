import type { ReadonlySignal } from "@preact/signals";
import type { Dynamics } from "../dynamics/dynamics";
import type { ThemeName } from "../scene/colors";
import type { Store } from "../state/store";

export interface PanelContext {
  el: HTMLElement;
  store: Store;
  dynamics: Dynamics;
  theme: ReadonlySignal<ThemeName>;
  /** Aborted when the display goes away. */
  signal: AbortSignal;
}

/** A part of the widget that can be shown by itself. */
export interface Panel {
  id: string;
  title: string;
  /** Where the whole widget has it; panels of the dock open and close. */
  place: "side" | "main" | "dock";
  /** Draw into `ctx.el`; returns how to take everything away again. */
  mount(ctx: PanelContext): () => void;
}

/** Show a panel in an element; returns how to take it away. */
export type MountPanel = (id: string, place: HTMLElement) => () => void;
