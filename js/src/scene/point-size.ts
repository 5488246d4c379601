import type { Size } from "./camera";

/** Share of the picture that the cells cover in the first view, if they do not overlap. */
const COVERAGE = 0.16;
const SMALLEST = 0.8;
const LARGEST_AT_FIRST = 4;
const LARGEST = 9;

/** Radius of n cells in CSS pixels: fewer cells are larger, and all grow, more slowly than the distances, while zooming in. */
export function pointRadius(n: number, { width, height }: Size, zoomedIn: number): number {
  const first = Math.sqrt((COVERAGE * width * height) / (Math.PI * Math.max(n, 1)));
  return clamp(clamp(first, SMALLEST, LARGEST_AT_FIRST) * 2 ** (zoomedIn / 2), SMALLEST, LARGEST);
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}
