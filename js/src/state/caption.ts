/**
 * What a picture shows, in words and as numbers: of the result that is drawn, which may be older than what the controls
 * say.
 */
import type { Params } from "../protocol";
import { describe } from "../text";
import type { Store } from "./store";

/** What goes into the file of a picture. */
export interface About {
  caption: string;
  /** The values by the names that they have in Python. */
  settings: Readonly<Record<string, unknown>>;
}

/** Of the picture on the embedding. */
export function aboutPicture(store: Store): About {
  const { vmin, vmax, palette, arrow_length, point_size, opacity, honest } = store.traits;
  const color = store.color.value;
  const walks = store.player.shown.value ? store.walks.value : null;
  // Without arrows, the chain is seen by its walks alone.
  const params = store.shown.value?.params ?? walks?.params;
  const settings: Record<string, unknown> = {
    n_cells: store.cells.value?.n_cells,
    basis: store.embedding.value?.basis,
    ...params,
    components: store.embedding.value?.components,
    field: store.traits.field.value,
    color: color?.key ?? "",
    layer: color?.type === "continuous" ? color.layer : null,
    vmin: vmin.value,
    vmax: vmax.value,
    palette: palette.value,
    arrow_length: arrow_length.value,
    point_size: point_size.value,
    opacity: opacity.value,
    honest: honest.value,
  };
  if (walks) {
    const { start_ixs, n_walks, n_steps } = walks;
    // The walks' seed is the kernel's, too, where that needs one.
    Object.assign(settings, { n_sims: n_walks, max_iter: n_steps, start_ixs, seed: store.traits.seed.value });
  }
  return { caption: captionOf(store.embedding.value?.basis ?? "", params, store), settings };
}

/** Of the flow between clusters; null while there is none. */
export function aboutFlow(store: Store): About | null {
  const result = store.flow.result.value;
  if (!result) return null;
  const { params, cluster_key, time_key } = result;
  const { cluster, min_flow } = store.traits;
  const what = time_key ? `flow from ${cluster.value} over ${time_key}` : `flow between ${cluster_key}`;
  const settings = { ...params, cluster_key, time_key, cluster: cluster.value, min_flow: min_flow.value };
  return { caption: captionOf(what, params, store), settings };
}

function captionOf(what: string, params: Params | undefined, store: Store): string {
  return params ? `${what}: ${describe(params, store.options.value)}` : what;
}
