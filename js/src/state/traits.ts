/** The synced traits as signals. */
import type { AnyModel } from "@anywidget/types";
import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { NAMES, type Traits } from "./parameters";

export type { CellRule, Limit, Traits } from "./parameters";

export type TraitSignals = { readonly [K in keyof Traits]: ReadonlySignal<Traits[K]> };

export interface SyncedTraits {
  signals: TraitSignals;
  /**
   * Change traits here and in Python, in one update: Python sees no state between them. The host keeps one update in flight,
   * so this may be called while dragging. Python answers with the id, in a status.
   */
  setTogether(values: Partial<Traits>, id: string): void;
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

  function setTogether(values: Partial<Traits>, id: string): void {
    const entries = Object.entries(values) as [keyof Traits, Traits[keyof Traits]][];
    batch(() => {
      for (const [name, value] of entries) {
        model.set(name, value);
        // Not every host reports a change back to the one who made it.
        (signals[name] as Signal<typeof value>).value = value;
      }
    });
    model.set("_change", id);
    model.save_changes();
  }

  return { signals, setTogether };
}
