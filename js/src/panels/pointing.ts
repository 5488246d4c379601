/** The pointer over the picture: the cell that it means, which a click gives to the trait that waits for one. */
import { useRef, useState } from "preact/hooks";
import type { Scene } from "../scene/scene";
import type { Point } from "../scene/selection";
import type { Store } from "../state/store";

/** A pointer that went farther between press and click moved the picture, in CSS pixels. */
const CLICK_REACH = 4;

export interface Pointing {
  hasPointer: boolean;
  onPointerEnter(): void;
  onPointerLeave(): void;
  onPointerMove(event: PointerEvent): void;
  onPointerDown(event: PointerEvent): void;
  onClick(event: MouseEvent): void;
}

export function usePointing(store: Store, scene: Scene | null): Pointing {
  const [hasPointer, setHasPointer] = useState(false);
  const pressed = useRef<Point | null>(null);

  function point(event: MouseEvent): void {
    store.hovered.value = scene?.cellAt(...placeOf(event)) ?? null;
  }

  return {
    hasPointer,
    onPointerEnter: () => setHasPointer(true),
    onPointerLeave() {
      setHasPointer(false);
      store.hovered.value = null;
    },
    onPointerMove(event) {
      if (!event.buttons) point(event);
    },
    onPointerDown(event) {
      pressed.current = placeOf(event);
    },
    onClick(event) {
      const [x, y] = placeOf(event);
      const [x0, y0] = pressed.current ?? [x, y];
      if (Math.hypot(x - x0, y - y0) > CLICK_REACH) return;
      point(event); // a finger does not hover
      const trait = store.picking.value;
      const cell = store.hovered.value;
      if (trait === null || cell === null) return;
      store.picking.value = null;
      store.set(trait, [cell]);
    },
  };
}

/** Where an event happened in the element that listens, in CSS pixels from the upper left inside of its border. */
export function placeOf(event: MouseEvent): Point {
  const element = event.currentTarget as Element;
  const { left, top } = element.getBoundingClientRect();
  return [event.clientX - left - element.clientLeft, event.clientY - top - element.clientTop];
}
