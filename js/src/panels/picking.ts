import type { Store } from "../state/store";

/** Give the cell that is clicked to the trait that waits for one. */
export function usePicking(store: Store): { active: boolean; pick: () => void } {
  const trait = store.picking.value;
  return {
    active: trait !== null,
    pick: () => {
      const cell = store.hovered.value;
      if (trait === null || cell === null) return;
      store.picking.value = null;
      store.set(trait, [cell]);
    },
  };
}
