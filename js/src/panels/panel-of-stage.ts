import type { Failure } from "../protocol";

/** The panel that shows a stage, and so its failure; every other stage is the embedding's. */
const PANEL_OF_STAGE: Readonly<Record<string, string>> = { flow: "flow", flow_null: "flow", walks: "walks" };

/** Why a panel has nothing new to show. */
export function failureOf<F extends Pick<Failure, "stage">>(panel: string, failures: readonly F[]): F | null {
  return failures.find(({ stage }) => (PANEL_OF_STAGE[stage ?? ""] ?? "embedding") === panel) ?? null;
}
