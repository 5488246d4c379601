/** Which cells a shape on the screen holds, and what that makes of a selection. */
import type { Projector } from "./camera";

export type Point = readonly [number, number];
export type SelectionMode = "replace" | "add" | "subtract";

/** The cells inside of a polygon of screen pixels that are drawn. */
export function cellsWithin(
  polygon: readonly Point[],
  positions: Float32Array,
  dims: number,
  project: Projector,
  isDrawn: (cell: number) => boolean,
): Int32Array {
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found: number[] = [];
  for (let cell = 0; cell < positions.length / dims; cell++) {
    const [x, y] = project(positions, cell * dims);
    // False for cells without coordinates.
    if (x >= left && x <= right && y >= top && y <= bottom && isInside(polygon, x, y) && isDrawn(cell))
      found.push(cell);
  }
  return Int32Array.from(found);
}

/** By how often a ray to the right crosses the outline. */
function isInside(polygon: readonly Point[], x: number, y: number): boolean {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i] as Point;
    const [xj, yj] = polygon[j] as Point;
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

/** Both ascending, and so is the result. */
export function combine(before: Int32Array, cells: Int32Array, mode: SelectionMode): Int32Array {
  if (mode === "replace") return cells;
  const out = new Int32Array(before.length + cells.length);
  let [count, i, j] = [0, 0, 0];
  while (i < before.length || j < cells.length) {
    const [a, b] = [before[i] ?? Infinity, cells[j] ?? Infinity];
    if (a <= b) i++;
    if (b <= a) j++;
    if (mode === "add" || a < b) out[count++] = Math.min(a, b);
  }
  return out.slice(0, count);
}

/** With Shift, add; with Alt, subtract. */
export function modeOf({ shiftKey, altKey }: { shiftKey: boolean; altKey: boolean }): SelectionMode {
  if (altKey) return "subtract";
  return shiftKey ? "add" : "replace";
}
