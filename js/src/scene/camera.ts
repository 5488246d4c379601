/** The geometry of looking at an embedding: one unit is as long upwards as sideways, y grows upwards. */
import { type Extent, longestSide } from "../layers/extent";
import type { Camera } from "../state/camera";

export interface Size {
  width: number;
  height: number;
}

/** Where the place whose coordinates begin at an index is on the screen, in pixels from the upper left. */
export type Projector = (coordinates: ArrayLike<number>, at: number) => [number, number];

/** How far one may zoom out of and into the first view, in powers of two. */
export const ZOOM_OUT = 2;
export const ZOOM_IN = 9;

/** The coordinates of some cells. */
export function placesOf(cells: ArrayLike<number>, positions: Float32Array, dims: number): Float32Array {
  return Float32Array.from(
    { length: dims * cells.length },
    (_, i) => positions[dims * (cells[Math.floor(i / dims)] as number) + (i % dims)] as number,
  );
}

/** Pixels to keep free at the borders. */
export interface Padding {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** See everything; a single place in the middle, with the zoom that is given. */
export function fitCamera({ min, max }: Extent, size: Size, padding: Padding, zoomOfPoint: number): Camera {
  const { left, right, top, bottom } = padding;
  const longest = longestSide({ min, max });
  const across = Math.max(size.width - left - right, 1) / (max[0] - min[0] || longest);
  const up = Math.max(size.height - top - bottom, 1) / (max[1] - min[1] || longest);
  const target = [(min[0] + max[0]) / 2, (min[1] + max[1]) / 2] as const;
  if (!longest) return { target, zoom: zoomOfPoint };
  return pan({ target, zoom: Math.log2(Math.min(across, up)) }, (right - left) / 2, (bottom - top) / 2);
}

/** Move by pixels of the screen, y downwards. */
export function pan(camera: Camera, dx: number, dy: number): Camera {
  const scale = 2 ** camera.zoom;
  return { ...camera, target: [camera.target[0] + dx / scale, camera.target[1] - dy / scale] };
}

/** Zoom about the middle. */
export function zoomBy(camera: Camera, factor: number, limits: { min: number; max: number }): Camera {
  return { ...camera, zoom: Math.min(Math.max(camera.zoom + Math.log2(factor), limits.min), limits.max) };
}

/** Of places on a plane. */
export function planeProjector(camera: Camera, size: Size): Projector {
  const scale = 2 ** camera.zoom;
  const [left, top] = [size.width / 2 - camera.target[0] * scale, size.height / 2 + camera.target[1] * scale];
  return (coordinates, at) => [
    left + (coordinates[at] as number) * scale,
    top - (coordinates[at + 1] as number) * scale,
  ];
}
