/** The parameters of `velowidget/pipeline/traits.py`; written by `python js/parameters.py`. */

/** Cells by categories or a range of a column, or by name or number; null for all, or for none. */
export type CellRule = Record<string, readonly (string | number)[]> | readonly (string | number)[] | null;

/** The velocity genes (null), a name, the best of a column, or genes by name (or one boolean for each). */
export type GeneSubset = null | string | Record<string, number> | readonly (string | boolean)[];

/** A number, a percentile such as "p99", or null for the automatic limit. */
export type Limit = number | string | null;

export interface Traits {
  softmax_scale: number | null;
  auto_scale: boolean;
  scheme: string;
  mode: string;
  n_samples: number;
  backward: boolean;
  backward_mode: string;
  vkey: string;
  xkey: string;
  gene_subset: GeneSubset;
  conn_key: string;
  n_neighbors: number | null;
  symmetrize: boolean;
  connectivity_weight: number;
  threshold: number;
  degenerate: string;
  basis: string;
  components: number[];
  color: string;
  layer: string | null;
  vmin: Limit;
  vmax: Limit;
  palette: string;
  field: string;
  smooth: number;
  density: number;
  arrow_length: number;
  max_arrows: number;
  point_size: number;
  opacity: number;
  honest: boolean;
  cluster_key: string;
  time_key: string;
  cluster: string;
  min_flow: number;
  start_ixs: CellRule;
  stop_ixs: CellRule;
  n_sims: number;
  max_iter: number;
  successive_hits: number;
  seed: number;
  step: number;
}

export const DEFAULTS: Traits = {
  softmax_scale: null,
  auto_scale: true,
  scheme: "correlation",
  mode: "deterministic",
  n_samples: 1000,
  backward: false,
  backward_mode: "transpose",
  vkey: "velocity",
  xkey: "Ms",
  gene_subset: null,
  conn_key: "connectivities",
  n_neighbors: null,
  symmetrize: false,
  connectivity_weight: 0,
  threshold: 0,
  degenerate: "error",
  basis: "",
  components: [],
  color: "",
  layer: null,
  vmin: null,
  vmax: null,
  palette: "auto",
  field: "grid",
  smooth: 0.8,
  density: 1,
  arrow_length: 1,
  max_arrows: 2500,
  point_size: 1,
  opacity: 0.9,
  honest: true,
  cluster_key: "",
  time_key: "",
  cluster: "",
  min_flow: 0,
  start_ixs: null,
  stop_ixs: null,
  n_sims: 200,
  max_iter: 100,
  successive_hits: 0,
  seed: 0,
  step: 0,
};

export const NAMES = Object.keys(DEFAULTS) as (keyof Traits)[];
