/** What parameters mean for each other, with the values that are in use. */
import type { Parameter } from "../protocol";
import type { Store } from "./store";
import type { Traits } from "./traits";

/** Whether a parameter has an effect with the present ones. */
export function matters({ when }: Parameter, store: Store): boolean {
  return Object.entries(when).every(([name, values]) => values.includes(inUse(store, name)));
}

/** What its control is called with the present parameters. */
export function titleOf({ title, titles }: Parameter, store: Store): string {
  const others = Object.entries(titles).map(([name, byValue]) => byValue[inUse(store, name)]);
  return others.find(Boolean) ?? title;
}

/** The value of a parameter that is computed with or drawn; of "colors", of what kind they are. */
function inUse(store: Store, name: string): string {
  switch (name) {
    case "mode":
      return store.mode.value.mode;
    case "field": {
      const { value } = store.traits.field;
      return value === "particles" && store.calm.value ? "stream" : value; // lines are then drawn
    }
    case "colors":
      return store.color.value?.type ?? "";
  }
  return String(store.traits[name as keyof Traits]?.value);
}
