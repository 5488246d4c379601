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
  /** Draw into `ctx.el`; returns how to take everything away again. */
  mount(ctx: PanelContext): () => void;
}
