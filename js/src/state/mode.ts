/** The kernel's mode: whether it takes velocities as they are, or as random. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Options, Params } from "../protocol";
import { offersOf } from "../table";
import type { TraitSignals } from "./traits";

/** The mode that is computed, with the numbers that it depends on; the others are null. */
export type Mode = Pick<Params, "mode" | "n_samples" | "seed">;

/** The mode that the traits ask for: backward by transpose, there is the deterministic one only. */
export function createMode(traits: TraitSignals, options: ReadonlySignal<Options | null>): ReadonlySignal<Mode> {
  return computed(() => {
    const isTransposed = traits.backward.value && traits.backward_mode.value === "transpose";
    const mode = isTransposed ? "deterministic" : traits.mode.value;
    const numbers = offersOf(options.value, "mode").find(({ key }) => key === mode)?.numbers ?? [];
    return {
      mode,
      n_samples: numbers.includes("n_samples") ? traits.n_samples.value : null,
      seed: numbers.includes("seed") ? traits.seed.value : null,
    };
  });
}
