/** The synced traits as signals. */
import type { AnyModel } from "@anywidget/types";
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Limit } from "./limits";

/** Cells by categories or a range of a column, or by name or number; null for all, or for none. */
export type CellRule = Record<string, readonly (string | number)[]> | readonly (string | number)[] | null;

export interface Traits {
  /** Null while it is the automatic one, and Python has not computed that. */
  softmax_scale: number | null;
  auto_scale: boolean;
  scheme: string;
  mode: string;
  n_samples: number;
  backward: boolean;
  backward_mode: string;
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
  point_size: number;
  opacity: number;
  honest: boolean;
  cluster_key: string;
  time_key: string;
  cluster: string;
  min_flow: number;
  n_sims: number;
  max_iter: number;
  successive_hits: number;
  start_ixs: CellRule;
  stop_ixs: CellRule;
  seed: number;
  step: number;
}

export type TraitSignals = { readonly [K in keyof Traits]: ReadonlySignal<Traits[K]> };

const NAMES: (keyof Traits)[] = [
  "softmax_scale",
  "auto_scale",
  "scheme",
  "mode",
  "n_samples",
  "backward",
  "backward_mode",
  "basis",
  "components",
  "color",
  "layer",
  "vmin",
  "vmax",
  "palette",
  "field",
  "smooth",
  "density",
  "arrow_length",
  "point_size",
  "opacity",
  "honest",
  "cluster_key",
  "time_key",
  "cluster",
  "min_flow",
  "n_sims",
  "max_iter",
  "successive_hits",
  "start_ixs",
  "stop_ixs",
  "seed",
  "step",
];

export interface SyncedTraits {
  signals: TraitSignals;
  /**
   * Change traits here and in Python, in one update: Python sees no state between them. The host keeps one update in flight,
   * so this may be called while dragging.
   */
  setTogether(values: Partial<Traits>): void;
}

export function createTraits(model: AnyModel, until: AbortSignal): SyncedTraits {
  const followers = NAMES.map((name) => {
    const value = signal(model.get(name));
    const follow = () => {
      value.value = model.get(name);
    };
    model.on(`change:${name}`, follow);
    return { name, value, follow };
  });
  until.addEventListener("abort", () => {
    for (const { name, follow } of followers) model.off(`change:${name}`, follow);
  });
  const signals = Object.fromEntries(followers.map(({ name, value }) => [name, value])) as unknown as TraitSignals;

  function setTogether(values: Partial<Traits>): void {
    const entries = Object.entries(values) as [keyof Traits, Traits[keyof Traits]][];
    batch(() => {
      for (const [name, value] of entries) {
        model.set(name, value);
        // Not every host reports a change back to the one who made it.
        (signals[name] as Signal<typeof value>).value = value;
      }
    });
    model.save_changes();
  }

  return { signals, setTogether };
}
