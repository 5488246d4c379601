/** The kernel's mode: whether it takes velocities as they are, or as random. */
import { computed, type ReadonlySignal } from "@preact/signals";
import type { Params } from "../protocol";
import type { TraitSignals } from "./traits";

/** The mode that is computed, with the numbers that it depends on; the others are null. */
export type Mode = Pick<Params, "mode" | "n_samples" | "seed">;

const WITH_SAMPLES = ["monte_carlo"];
const WITH_SEED = ["monte_carlo", "sampling"];

/** The mode that the traits ask for: backward by transpose, there is the deterministic one only. */
export function createMode(traits: TraitSignals): ReadonlySignal<Mode> {
  return computed(() => {
    const isTransposed = traits.backward.value && traits.backward_mode.value === "transpose";
    const mode = isTransposed ? "deterministic" : traits.mode.value;
    return {
      mode,
      n_samples: WITH_SAMPLES.includes(mode) ? traits.n_samples.value : null,
      seed: WITH_SEED.includes(mode) ? traits.seed.value : null,
    };
  });
}
