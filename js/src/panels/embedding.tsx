import { reasonWithoutKernel } from "./kernel";
import { ErrorCard, Notices } from "./messages";
import type { PanelContext } from "./panel";
import { failureOf } from "./panel-of-stage";
import { Plot } from "./plot";
import { StatusCard } from "./status";

export type EmbeddingProps = Pick<PanelContext, "store" | "dynamics" | "theme" | "request">;

export function Embedding(props: EmbeddingProps) {
  const { store, dynamics } = props;
  const failure = failureOf("embedding", store.failures.value);
  const hasPicture = store.cells.value !== null && store.embedding.value !== null;
  return (
    <div class="vw-embedding">
      <Notices store={store} />
      {failure && <ErrorCard error={failure} />}
      {hasPicture && <Plot {...props} />}
      {!hasPicture && !failure && !store.problems.value.length && (
        <div class="vw-waiting" role="status">
          <p>{reasonWithoutKernel(store) ?? "Waiting for the kernel…"}</p>
          {store.kernel.value !== "gone" && <p class="vw-muted">If nothing appears, run this cell again.</p>}
          <StatusCard store={store} dynamics={dynamics} />
        </div>
      )}
    </div>
  );
}
