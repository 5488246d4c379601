/** Controls that are off together, for a reason. */
import type { ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import type { Failure } from "../protocol";
import { offersOf, type Table } from "../table";
import { type Failures, failureOf } from "./failure";

/** Stages without which there are no arrows, and on which what is said of arrows has no influence. */
const BEFORE_ARROWS: readonly (string | null)[] = ["similarity", "velocity", "T", "projection"];

/** `reason` is null while they can be used. */
export function Off({ reason, children }: { reason: string | null; children: ComponentChildren }) {
  return (
    <fieldset class="vw-may-be-off" disabled={reason !== null} title={reason ?? undefined}>
      {children}
    </fieldset>
  );
}

/** What a store says of its picture. */
interface Picture {
  failures: Failures<Pick<Failure, "stage">>["failures"];
  embedding: ReadonlySignal<unknown>;
  options: ReadonlySignal<(Table & { stages: readonly { key: string; panel: string }[] }) | null>;
  /** The arrows. */
  shown: ReadonlySignal<unknown>;
}

/** Whether the data have none to choose from. */
export function hasNoEmbedding({ embedding, options }: Pick<Picture, "embedding" | "options">): boolean {
  return embedding.value === null && options.value !== null && !offersOf(options.value, "basis").length;
}

/** Why what is said of cells and colours has no effect; null if it has. */
export function whyNoPicture(store: Picture): string | null {
  const isFailed = store.embedding.value === null && failureOf("embedding", store) !== null;
  return isFailed || hasNoEmbedding(store) ? "No effect: there is nothing to draw on." : null;
}

/** Why what is said of arrows has no effect; null if it has, be it on older ones. */
export function whyNoArrows(store: Picture): string | null {
  const isFailed = store.failures.value.some(({ stage }) => BEFORE_ARROWS.includes(stage));
  if (isFailed && store.shown.value === null) return "No effect: the arrows could not be computed.";
  return whyNoPicture(store);
}
