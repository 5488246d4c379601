/** One display of the widget: its panels in their places. */
import { render } from "preact";
import type { WidgetState } from "../state/model";
import { watchTheme } from "../theme/theme";
import { Dock } from "./dock";
import { staysHere } from "./keys";
import { mountPanel } from "./mount-panel";
import type { MountPanel } from "./panel";

/** Show these panels, one below the other; returns how to take them away, which an abort of the signal does too. */
export function mountPanels(
  ids: readonly string[],
  el: HTMLElement,
  state: WidgetState,
  signal?: AbortSignal,
): () => void {
  return mountDisplay(el, state, signal, (body, mount) => {
    const disposers = ids.map((id) => mount(id, element("vw-panel", body)));
    return () => {
      for (const dispose of disposers) dispose();
    };
  });
}

/** Show the whole widget; as `mountPanels`. */
export function mountWidget(el: HTMLElement, state: WidgetState, signal?: AbortSignal): () => void {
  return mountDisplay(el, state, signal, (body, mount) => {
    const side = element("vw-side", body);
    const main = element("vw-main", body);
    // These two are there before Python says which others there are.
    const placed = [mount("parameters", element("vw-panel", side)), mount("embedding", element("vw-panel", main))];
    const dock = element("vw-dock", main);
    render(<Dock store={state.store} mount={mount} />, dock);
    return () => {
      render(null, dock);
      for (const dispose of placed) dispose();
    };
  });
}

function mountDisplay(
  el: HTMLElement,
  state: WidgetState,
  signal: AbortSignal | undefined,
  fill: (body: HTMLElement, mount: MountPanel) => () => void,
): () => void {
  const controller = new AbortController();
  const root = element("velowidget", el);
  const body = element("vw-body", root);
  const theme = watchTheme(root, body, controller.signal);
  root.addEventListener("keydown", (event) => {
    if (staysHere(event)) event.stopPropagation();
  });

  const empty = fill(body, (id, place) => mountPanel(id, place, state, theme));

  const dispose = () => {
    if (controller.signal.aborted) return;
    controller.abort();
    empty();
    root.remove();
    state.display(-1);
  };
  state.display(1);
  if (signal?.aborted) dispose();
  else signal?.addEventListener("abort", dispose, { once: true });
  return dispose;
}

function element(className: string, parent: HTMLElement): HTMLElement {
  const made = document.createElement("div");
  made.className = className;
  parent.append(made);
  return made;
}
