/** One display of the widget: its panels in their places. */
import { render } from "preact";
import type { WidgetState } from "../state/model";
import { watchTheme } from "../theme/theme";
import { SCALE, SETTINGS } from "./builtin";
import { Dock } from "./dock";
import { KernelBanner } from "./kernel";
import { staysHere } from "./keys";
import { Banner } from "./messages";
import { mountPanel } from "./mount-panel";
import type { MountPanel } from "./panel";

/** Pixels from which on controls are beside the picture. */
const TWO_COLUMNS = 720;

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
    const head = element("vw-head", body);
    const main = element("vw-main", body);
    const side = element("vw-side", body);
    // These are there before Python says which others there are.
    const placed = [
      mount(SCALE, element("vw-panel", head)),
      mount("embedding", element("vw-panel", main)),
      mount(SETTINGS, element("vw-panel", side)),
    ];
    const dock = element("vw-dock", main);
    render(<Dock store={state.store} mount={mount} />, dock);
    const stopArranging = arrange(body, head, main, side);
    return () => {
      stopArranging();
      render(null, dock);
      for (const dispose of placed) dispose();
    };
  });
}

/**
 * The settings under the scale, beside the picture, where there is room for two columns; else after the picture. So what
 * comes first on the screen comes first for the Tab key and for screen readers, too, which no style sheet can say.
 */
function arrange(body: HTMLElement, head: HTMLElement, main: HTMLElement, side: HTMLElement): () => void {
  const observer = new ResizeObserver(() => {
    const layout = body.clientWidth > TWO_COLUMNS ? "wide" : "narrow";
    if (body.dataset.layout === layout) return;
    body.dataset.layout = layout;
    if (layout === "wide") head.append(side);
    else main.after(side);
  });
  observer.observe(body);
  return () => observer.disconnect();
}

function mountDisplay(
  el: HTMLElement,
  state: WidgetState,
  signal: AbortSignal | undefined,
  fill: (body: HTMLElement, mount: MountPanel) => () => void,
): () => void {
  const controller = new AbortController();
  const root = element("velowidget", el);
  const body = element("vw-body", element("vw-place", root));
  el.classList.add("velowidget-host");
  const theme = watchTheme(root, body, controller.signal);
  root.addEventListener("keydown", (event) => {
    if (staysHere(event)) event.stopPropagation();
  });

  const banners = element("vw-banners", body);
  banners.setAttribute("role", "status");
  render(
    <>
      <KernelBanner store={state.store} />
      <Banner store={state.store} />
    </>,
    banners,
  );
  const empty = fill(body, (id, place) => mountPanel(id, place, state, theme));

  const dispose = () => {
    if (controller.signal.aborted) return;
    controller.abort();
    render(null, banners);
    empty();
    root.remove();
    if (!el.querySelector(":scope > .velowidget")) el.classList.remove("velowidget-host");
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
