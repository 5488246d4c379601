/** Which cell the pointer means. Asking the picture for it would draw all cells once more at every move. */
import type { Projector } from "./camera";
import type { Point } from "./selection";

/** How far beyond its edge a cell still takes the pointer, in CSS pixels. */
const REACH = 3;

/** Of the cells that are drawn, first to last: the uppermost whose circle holds a place, else the nearest within reach. */
export function cellUnder(
  [x, y]: Point,
  positions: Float32Array,
  dims: number,
  project: Projector,
  order: Uint32Array,
  radius: number,
): number | null {
  let [found, nearest]: [number | null, number] = [null, (radius + REACH) ** 2];
  for (let i = order.length - 1; i >= 0; i--) {
    const cell = order[i] as number;
    const [cellX, cellY] = project(positions, dims * cell);
    const square = (cellX - x) ** 2 + (cellY - y) ** 2;
    if (square <= radius ** 2) return cell;
    if (square <= nearest) [found, nearest] = [cell, square];
  }
  return found;
}
