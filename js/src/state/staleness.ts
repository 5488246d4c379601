/** Whether a picture shows what is asked for now. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Params, Status } from "../protocol";
import type { Mode } from "./mode";
import type { Traits } from "./traits";

type Parameters = Mode &
  Pick<
    Traits,
    "scheme" | "softmax_scale" | "backward" | "backward_mode" | "basis" | "components" | "smooth" | "density"
  >;

/**
 * A result is old when Python says so, or when a parameter was changed here and Python has not answered yet.
 */
export function isStale(
  shown: { stage: string; generation: number | null; params: Params },
  status: Pick<Status, "pending" | "generation"> | null,
  wanted: Parameters,
): boolean {
  // A result may overtake the status that knows of it.
  const superseded =
    status?.pending.includes(shown.stage) && (shown.generation ?? -1) < (status.generation ?? Number.NEGATIVE_INFINITY);
  return superseded === true || !shows(shown.params, wanted) || !isAsAveraged(shown, wanted);
}

/** Whether averages are over the distance that is wanted; arrows of cells are none. */
function isAsAveraged(
  { stage, params }: { stage: string; params: Params },
  wanted: Pick<Parameters, "smooth" | "density">,
): boolean {
  return stage === "projection" || (params.smooth === wanted.smooth && params.density === wanted.density);
}

/** Whether another result is of the parameters that a field shows. */
export function isOfSame(field: { stage: string; params: Params }, other: { params: Params }): boolean {
  return shows(other.params, field.params) && isAsAveraged({ stage: field.stage, params: other.params }, field.params);
}

function shows(params: Params, wanted: Omit<Parameters, "smooth" | "density">): boolean {
  return (
    params.scheme === wanted.scheme &&
    params.mode === wanted.mode &&
    params.n_samples === wanted.n_samples &&
    params.seed === wanted.seed &&
    params.basis === wanted.basis &&
    String(params.components) === String(wanted.components) &&
    params.backward === wanted.backward &&
    (!params.backward || params.backward_mode === wanted.backward_mode) &&
    isOfScale(params, wanted.softmax_scale)
  );
}

/** Whether a result is of a scale; the automatic one has no number before it is known. */
function isOfScale(params: Params, wanted: number | null): boolean {
  if (wanted === null) return params.auto_scale;
  // Python may have computed with the number's float32 neighbour.
  return params.softmax_scale !== null && Math.abs(params.softmax_scale - wanted) <= 1e-6 * Math.abs(wanted);
}

/**
 * True once `source` has been true for `ms`; false at once. What comes and goes faster is not worth a flicker. A new value
 * of `restart` begins the wait again: while a drag is answered by quick results, none of them gets old.
 */
export function lasting(
  source: ReadonlySignal<boolean>,
  ms: number,
  until: AbortSignal,
  restart?: ReadonlySignal<unknown>,
): ReadonlySignal<boolean> {
  const lasted = signal(false);
  const stop = effect(() => {
    void restart?.value;
    if (!source.value) {
      lasted.value = false;
      return;
    }
    const timer = setTimeout(() => {
      lasted.value = true;
    }, ms);
    return () => clearTimeout(timer);
  });
  until.addEventListener("abort", stop);
  return lasted;
}
