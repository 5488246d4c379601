import { effect } from "@preact/signals";
import type { Store } from "../state/store";
import type { Scene } from "./scene";

/**
 * Say on an element what the picture in it shows, once it has been drawn: `data-shows`, the generation of the parameters
 * that it is right for, and `data-scale`, the softmax scale of the arrows. For whoever waits for the picture, like tests and
 * measurements.
 */
export function markShown(el: HTMLElement, store: Store, scene: Scene): () => void {
  return effect(() => {
    const status = store.status.value;
    const shown = store.shown.value;
    if (!scene.rendered.value) return;
    const isComplete = shown !== null || store.traits.field.value === "none";
    const generation = isComplete && status?.state === "ready" ? status.generation : null;
    // deck.gl draws what it was given in the next frame; in the one after, that has happened.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        mark("shows", generation);
        mark("scale", shown?.params.softmax_scale ?? null);
      }),
    );
  });

  function mark(name: string, value: number | null): void {
    if (value === null) delete el.dataset[name];
    else el.dataset[name] = String(value);
  }
}
