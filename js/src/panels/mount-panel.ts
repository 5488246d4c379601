/** One panel in its place, ours or a plugin's. */
import { effect } from "@preact/signals";
import type { WidgetState } from "../state/model";
import { BUILTIN_PANELS } from "./builtin";
import { careful, guarded } from "./guarded";
import type { Dispose, Panel, PanelContext } from "./panel";

/**
 * Show a panel. Whatever goes wrong with it is said in its own place, and nowhere else does harm. Returns how to take it
 * away.
 */
export function mountPanel(
  id: string,
  place: HTMLElement,
  state: WidgetState,
  theme: PanelContext["theme"],
): () => void {
  const life = new AbortController();
  const el = document.createElement("div");
  place.append(el);
  place.dataset.panel = id;
  place.setAttribute("role", "region");
  const unlabel = effect(() => {
    const known = state.store.options.value?.panels.find(({ key }) => key === id);
    place.setAttribute("aria-label", known?.title ?? id);
  });

  let card: HTMLElement | undefined;
  const say = (text: string) => {
    card?.remove();
    if (life.signal.aborted) return;
    card = document.createElement("div");
    card.className = "vw-card vw-card-error";
    card.setAttribute("role", "alert");
    card.textContent = text;
    place.prepend(card);
  };
  const ctx: PanelContext = {
    el,
    store: state.store,
    dynamics: state.dynamics,
    theme,
    signal: life.signal,
    async request(name, payload, buffers) {
      try {
        const reply = await state.plugins.request(id, name, payload, buffers);
        card?.remove();
        return reply;
      } catch (error) {
        say(textOf(error));
        throw error;
      }
    },
  };

  /** Of what it does once it is shown. An answer that failed says more. */
  const stumble = (error: unknown) => {
    console.error(`[velowidget] The panel "${id}" failed.`, error);
    if (!card?.isConnected) say(`The panel "${id}" failed: ${textOf(error)}`);
  };

  let dispose: Dispose;
  const finish = (made: Dispose) => {
    if (!life.signal.aborted) dispose = made;
    else made?.();
  };
  const fail = (error: unknown) => {
    el.replaceChildren();
    // An answer that failed says more.
    if (!card?.isConnected) say(`The panel "${id}" could not be shown: ${textOf(error)}`);
  };
  try {
    const builtin = BUILTIN_PANELS[id];
    const made = builtin ? builtin.mount(ctx) : mountPlugin(id, carefulContext(ctx, stumble), state);
    if (made instanceof Promise) made.then(finish).catch(fail);
    else finish(made);
  } catch (error) {
    fail(error);
  }

  return () => {
    if (life.signal.aborted) return;
    life.abort();
    unlabel();
    try {
      dispose?.();
    } catch (error) {
      console.error(`[velowidget] The panel "${id}" failed when it was closed.`, error);
    }
    place.replaceChildren();
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For panels that are not ours: whatever they throw later on is theirs alone. */
function carefulContext(ctx: PanelContext, fail: (error: unknown) => void): PanelContext {
  const { store, dynamics } = ctx;
  return {
    ...ctx,
    store: guarded(store, fail),
    dynamics: {
      ...dynamics,
      subscribe: (stage, callback) => dynamics.subscribe(stage, careful(callback, fail)),
    },
  };
}

async function mountPlugin(id: string, ctx: PanelContext, state: WidgetState): Promise<Dispose> {
  ctx.el.textContent = "Loading…";
  const panel = (await state.plugins.load(id)) as Panel;
  ctx.el.textContent = "";
  return ctx.signal.aborted ? undefined : panel.mount(ctx);
}
