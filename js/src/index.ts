import type { AnyModel } from "@anywidget/types";
import { mountPanels, mountWidget } from "./panels/mount";
import { createWidgetState } from "./state/model";

/** What a model gives to other widgets, through their host's `getWidget`. */
export interface WidgetExports {
  /** Show panels in an element; returns how to take them away, which an abort of the signal does too. */
  mount(panelIds: readonly string[], el: HTMLElement, signal?: AbortSignal): () => void;
}

/** Hosts call this once per model, so what it encloses belongs to that model alone. */
export default function widget() {
  let show: ((el: HTMLElement, signal?: AbortSignal) => () => void) | undefined;

  return {
    initialize({ model, signal }: { model: AnyModel; signal?: AbortSignal }): WidgetExports {
      // Some hosts give no signal; there the model lives as long as the page.
      const state = createWidgetState(model, signal ?? new AbortController().signal);
      state.hello();
      show = (el, until) => mountWidget(el, state, until);
      return { mount: (panelIds, el, until) => mountPanels(panelIds, el, state, until) };
    },
    render({ el, signal }: { el: HTMLElement; signal?: AbortSignal }): (() => void) | undefined {
      return show?.(el, signal);
    },
  };
}
