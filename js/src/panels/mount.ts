/** One display of the widget: its panels in their places. */
import type { WidgetState } from "../state/model";
import { watchTheme } from "../theme/theme";
import { BUILTIN_PANELS } from "./builtin";
import { staysHere } from "./keys";

export function mountPanels(
  ids: readonly string[],
  el: HTMLElement,
  state: WidgetState,
  signal?: AbortSignal,
): () => void {
  const controller = new AbortController();
  const root = element("velowidget", el);
  const body = element("vw-body", root);
  const theme = watchTheme(root, body, controller.signal);
  const disposers = ids.map((id) => mountPanel(id, element("vw-panel", body)));
  root.addEventListener("keydown", (event) => {
    if (staysHere(event)) event.stopPropagation();
  });

  function mountPanel(id: string, place: HTMLElement): () => void {
    place.dataset.panel = id;
    const panel = BUILTIN_PANELS.find((candidate) => candidate.id === id);
    place.setAttribute("role", "region");
    place.setAttribute("aria-label", panel?.title ?? id);
    try {
      if (!panel) {
        const known = BUILTIN_PANELS.map((candidate) => candidate.id).join(", ");
        throw new Error(`There is no panel "${id}"; there are: ${known}.`);
      }
      return panel.mount({ ...state, el: place, theme, signal: controller.signal });
    } catch (error) {
      const alert = element("vw-card vw-card-error", place);
      alert.setAttribute("role", "alert");
      alert.textContent = `This panel could not be shown. ${error instanceof Error ? error.message : error}`;
      return () => {};
    }
  }

  const dispose = () => {
    if (controller.signal.aborted) return;
    controller.abort();
    for (const disposePanel of disposers) disposePanel();
    root.remove();
  };
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
