/** Selecting cells: a lasso or a box, with the pointer or the keyboard. */
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Scene } from "../scene/scene";
import { cellsWithin, combine, modeOf, type Point, type SelectionMode } from "../scene/selection";
import { isHidden } from "../state/hidden";
import type { Store } from "../state/store";
import { placeOf } from "./pointing";

export type Tool = "move" | "lasso" | "box";

/** A lasso of fewer pixels in width and height was a click. */
const SMALLEST = 4;
const STEP = 20;

export interface Selecting {
  tool: Signal<Tool>;
  /** The outline that is being drawn, in pixels of the picture. */
  outline: Signal<readonly Point[]>;
  onPointerDownCapture(event: PointerEvent): void;
  onPointerMoveCapture(event: PointerEvent): void;
  onPointerUpCapture(event: PointerEvent): void;
  onPointerCancelCapture(event: PointerEvent): void;
  /** True if the key was for us. */
  onKey(event: KeyboardEvent): boolean;
  choose(tool: Tool): void;
}

export function useSelecting(store: Store, scene: Scene | null): Selecting {
  const tool = useSignal<Tool>("move");
  const outline = useSignal<readonly Point[]>([]);
  const drag = useSignal<{ start: Point; shape: Tool } | null>(null);

  // Another picture, another outline.
  useEffect(() => {
    outline.value = [];
    drag.value = null;
  }, [scene, outline, drag]);

  function finish(mode: SelectionMode): void {
    const view = scene?.view.value;
    const embedding = store.embedding.value;
    const polygon = outline.value;
    outline.value = [];
    drag.value = null;
    if (!view || !embedding || polygon.length < 3) return;
    const hidden = isHidden(store.color.value, store.hidden.value);
    const cells = cellsWithin(
      polygon,
      embedding.arrays.positions,
      embedding.components.length,
      view.project,
      (cell) => !hidden(cell),
    );
    store.select(combine(store.selection.value, cells, mode));
  }

  function choose(next: Tool): void {
    tool.value = next;
    outline.value = [];
    drag.value = null;
  }

  /** A box in the middle, to be moved and sized with the arrow keys. */
  function keyboardBox(): void {
    const size = scene?.view.value?.size;
    if (!size) return;
    choose("box");
    const [w, h] = [size.width / 4, size.height / 4];
    outline.value = box([w, h], [3 * w, 3 * h]);
  }

  function resize(dx: number, dy: number, grow: boolean): void {
    const [first, , third] = outline.value as [Point, Point, Point, Point];
    const end: Point = [third[0] + dx, third[1] + dy];
    outline.value = box(grow ? first : [first[0] + dx, first[1] + dy], end);
  }

  return {
    tool,
    outline,
    choose,
    onPointerDownCapture(event) {
      const shape = tool.value === "move" && event.shiftKey ? "lasso" : tool.value;
      if (shape === "move" || event.button !== 0) return;
      event.stopPropagation();
      (event.currentTarget as Element).setPointerCapture(event.pointerId);
      drag.value = { start: placeOf(event), shape };
      outline.value = [placeOf(event)];
    },
    onPointerMoveCapture(event) {
      if (!drag.value) return;
      event.stopPropagation();
      outline.value =
        drag.value.shape === "box" ? box(drag.value.start, placeOf(event)) : [...outline.value, placeOf(event)];
    },
    onPointerUpCapture(event) {
      if (!drag.value) return;
      event.stopPropagation();
      const xs = outline.value.map(([x]) => x);
      const ys = outline.value.map(([, y]) => y);
      if (Math.max(...xs) - Math.min(...xs) < SMALLEST && Math.max(...ys) - Math.min(...ys) < SMALLEST)
        outline.value = [];
      // Shift begins a lasso while moving is on, so there it is no sign of adding.
      finish(tool.value === "move" ? "add" : modeOf(event));
    },
    onPointerCancelCapture() {
      outline.value = [];
      drag.value = null;
    },
    onKey(event) {
      const arrows: Record<string, Point> = {
        ArrowLeft: [-STEP, 0],
        ArrowRight: [STEP, 0],
        ArrowUp: [0, -STEP],
        ArrowDown: [0, STEP],
      };
      const arrow = arrows[event.key];
      const isKeyboardBox = outline.value.length === 4 && !drag.value;
      if (event.key === "l") choose(tool.value === "lasso" ? "move" : "lasso");
      else if (event.key === "b") keyboardBox();
      else if (event.key === "Escape") {
        if (store.picking.value !== null) store.picking.value = null;
        else if (outline.value.length) choose(tool.value);
        else if (tool.value !== "move") choose("move");
        else if (store.selection.value.length) store.select(new Int32Array());
        else return false;
      } else if (isKeyboardBox && arrow) resize(...arrow, event.shiftKey);
      else if (isKeyboardBox && event.key === "Enter") {
        finish(modeOf(event));
        choose("move");
      } else return false;
      return true;
    },
  };
}

/** The outline of a box between two corners. */
function box([x0, y0]: Point, [x1, y1]: Point): readonly Point[] {
  return [
    [x0, y0],
    [x1, y0],
    [x1, y1],
    [x0, y1],
  ];
}

export function Outline({ outline }: { outline: Signal<readonly Point[]> }) {
  if (outline.value.length < 2) return null;
  return (
    <svg class="vw-outline" aria-hidden="true">
      <polygon points={outline.value.map((point) => point.join(",")).join(" ")} />
    </svg>
  );
}
