/** The synced traits as signals. */
import type { AnyModel } from "@anywidget/types";
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

export interface Traits {
  softmax_scale: number;
  auto_scale: boolean;
  scheme: string;
  backward: boolean;
  backward_mode: string;
  basis: string;
  color: string;
  field: string;
}

export type TraitSignals = { readonly [K in keyof Traits]: ReadonlySignal<Traits[K]> };

const NAMES: (keyof Traits)[] = [
  "softmax_scale",
  "auto_scale",
  "scheme",
  "backward",
  "backward_mode",
  "basis",
  "color",
  "field",
];

export interface SyncedTraits {
  signals: TraitSignals;
  /** Change a trait here and in Python. The host keeps one update in flight, so this may be called while dragging. */
  set<K extends keyof Traits>(name: K, value: Traits[K]): void;
}

export function createTraits(model: AnyModel, until: AbortSignal): SyncedTraits {
  const signals = Object.fromEntries(
    NAMES.map((name) => {
      const value = signal(model.get(name));
      const follow = () => {
        value.value = model.get(name);
      };
      model.on(`change:${name}`, follow);
      until.addEventListener("abort", () => model.off(`change:${name}`, follow));
      return [name, value];
    }),
  ) as unknown as TraitSignals;

  return {
    signals,
    set(name, value) {
      model.set(name, value);
      model.save_changes();
      // Not every host reports a change back to the one who made it.
      (signals[name] as Signal<typeof value>).value = value;
    },
  };
}
