/** Cameras that see some cells as large as there is room for. */

import { extentOf } from "../layers/extent";
import type { Camera } from "../state/camera";
import { fitCamera, type Padding, placesOf, type Size, zoomBy } from "./camera";
import { fitSpace } from "./space";

/** In CSS pixels; at the right is the bar of tools. */
const PADDING: Padding = { left: 24, right: 46, top: 24, bottom: 24 };

/** See all of these places, from the first direction; where they are a single one, with this zoom. */
export function framed(positions: Float32Array, dims: number, size: Size, zoomOfPoint = 0): Camera | null {
  if (dims === 3) return fitSpace(positions, size, zoomOfPoint);
  const extent = extentOf(positions);
  return extent && fitCamera(extent, size, PADDING, zoomOfPoint);
}

/** From where it looks, let a camera see all of these cells; null if none has a place. */
export function fitted(
  { camera, limits, size }: { camera: Camera; limits: { min: number; max: number }; size: Size },
  cells: ArrayLike<number>,
  positions: Float32Array,
  dims: number,
): Camera | null {
  const all = framed(placesOf(cells, positions, dims), dims, size, camera.zoom);
  return all && zoomBy({ ...camera, target: all.target, zoom: all.zoom }, 1, limits);
}
