import type { ReadonlySignal } from "@preact/signals";
import type { Failure } from "../protocol";

/** What a store says of failures, and of the panels that show stages. */
export interface Failures<F extends Pick<Failure, "stage">> {
  failures: ReadonlySignal<readonly F[]>;
  options: ReadonlySignal<{ stages: readonly { key: string; panel: string }[] } | null>;
}

/** Why a panel has nothing new to show; what no panel shows is told on the embedding. */
export function failureOf<F extends Pick<Failure, "stage">>(
  panel: string,
  { failures, options }: Failures<F>,
): F | null {
  const panelOf = ({ stage }: F) => options.value?.stages.find(({ key }) => key === stage)?.panel ?? "embedding";
  return failures.value.find((failure) => panelOf(failure) === panel) ?? null;
}
