import { failureOf } from "./failure";
import { reasonWithoutKernel } from "./kernel";
import { ErrorCard, Notices } from "./messages";
import { hasNoEmbedding } from "./off";
import { Plot, type PlotProps } from "./plot";
import { StatusCard } from "./status";

const WAITING = { text: "Waiting for the kernel…", hint: "If nothing appears, run this cell again." };
/** Where no arrows are asked for, nothing fails that would say so. */
const WITHOUT = {
  text: "There is no embedding to draw on.",
  hint: "Make one with scanpy.tl.umap(adata), then run this cell again.",
};

export function Embedding(props: PlotProps) {
  const { store, dynamics } = props;
  const failure = failureOf("embedding", store);
  const hasPicture = store.cells.value !== null && store.embedding.value !== null;
  const waiting = hasNoEmbedding(store) ? WITHOUT : WAITING;
  return (
    <div class="vw-embedding">
      <Notices store={store} />
      {failure && <ErrorCard error={failure} />}
      {hasPicture && <Plot {...props} />}
      {!hasPicture && !failure && !store.problems.value.length && (
        <div class="vw-waiting" role="status">
          <p>{reasonWithoutKernel(store) ?? waiting.text}</p>
          {store.kernel.value !== "gone" && <p class="vw-muted">{waiting.hint}</p>}
          <StatusCard store={store} dynamics={dynamics} />
        </div>
      )}
    </div>
  );
}
