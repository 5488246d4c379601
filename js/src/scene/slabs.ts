/** Space cut into slabs, so that cells and arrows hide each other in files, too, which know nothing of depth. */
import type { Camera } from "../state/camera";
import type { Size } from "./camera";
import { farthestFirst } from "./space";

export interface Slab {
  cells: Uint32Array;
  /** They lie on the cells of their slab. */
  arrows: Uint32Array;
}

/** Slabs from the farthest to the nearest. As on the screen, an arrow is as far away as its foot. */
export function slabsInSpace(
  cells: Uint32Array,
  positions: Float32Array,
  feet: Float32Array,
  count: number,
  camera: Camera,
  size: Size,
): Slab[] {
  const nCells = positions.length / 3;
  const places = new Float32Array(positions.length + feet.length);
  places.set(positions);
  places.set(feet, positions.length);
  const all = new Uint32Array(cells.length + feet.length / 3);
  all.set(cells);
  for (let i = 0; i < feet.length / 3; i++) all[cells.length + i] = nCells + i;
  return slabsOf(farthestFirst(all, places, camera, size), nCells, count);
}

/** Cut an order of cells and, numbered after them, arrows into so many pieces of about the same length. */
export function slabsOf(order: Uint32Array, nCells: number, count: number): Slab[] {
  return Array.from({ length: count }, (_, i) => {
    const [from, to] = [i, i + 1].map((k) => Math.round((k * order.length) / count));
    const piece = order.subarray(from, to);
    return {
      cells: piece.filter((one) => one < nCells),
      arrows: piece.filter((one) => one >= nCells).map((one) => one - nCells),
    };
  });
}
