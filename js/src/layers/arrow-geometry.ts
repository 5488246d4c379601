/** From vectors without a unit to arrows on the embedding. */
import type { Result, ResultOf } from "../protocol";
import { extentOf, longestSide, sphereOf } from "./extent";
import { spread } from "./spread";

/**
 * Length of a vector of length 1, in spacings of the grid. Fixed, so that stronger preferences make longer arrows; and such
 * that the longest ones, of about 1, just reach over their neighbours.
 */
export const GAIN = 1.6;
/** Shortest arrow, in spacings: shorter ones have no visible direction. */
export const SHORTEST = 0.1;
/** The grid has so many points along the longest side; arrows of cells are scaled as if they stood on it. */
const POINTS_PER_SIDE = 32;

export interface Arrows {
  count: number;
  dims: number;
  /** x, y (and z) of each foot. */
  feet: Float32Array;
  /** From foot to tip, in units of the embedding. */
  steps: Float32Array;
  opacities: Float32Array;
  /** Distance of neighbouring grid points, in units of the embedding. */
  spacing: number;
}

export type ArrowStage = "grid" | "projection";

export function isOfArrows(result: Result): result is ResultOf<ArrowStage> {
  return result.stage === "grid" || result.stage === "projection";
}

/** The arrows of a result, in an order whose every beginning is a fair sample of them. */
export function arrowsOf(
  result: ResultOf<ArrowStage>,
  positions: Float32Array,
  strength = 1,
  opacity: (i: number, foot: ArrayLike<number>) => number = () => 1,
  dims = 2,
): Arrows {
  const from = result.stage === "grid" ? result.arrays.points : positions;
  const { vectors } = result.arrays;
  const spacing = (result.stage === "grid" ? gridSpacing(from, dims) : null) ?? extentSpacing(positions, dims);
  const n = Math.min(from.length, vectors.length) / dims;
  const arrows = {
    count: 0,
    dims,
    feet: new Float32Array(dims * n),
    steps: new Float32Array(dims * n),
    opacities: new Float32Array(n),
    spacing,
  };
  const gain = GAIN * strength;
  for (const i of spread(n)) {
    const foot = from.subarray(dims * i, dims * (i + 1));
    const vector = vectors.subarray(dims * i, dims * (i + 1));
    // False for NaN, whether in a vector or in a position.
    if (!(Math.hypot(...vector) * gain >= SHORTEST && Number.isFinite(foot[0]))) continue;
    arrows.opacities[arrows.count] = opacity(i, foot);
    const at = dims * arrows.count++;
    arrows.feet.set(foot, at);
    arrows.steps.set(
      vector.map((value) => value * gain * spacing),
      at,
    );
  }
  return arrows;
}

/** Smallest difference between the x coordinates of grid points; null if they have only one. */
export function gridSpacing(points: Float32Array, dims = 2): number | null {
  const xs = Float32Array.from({ length: points.length / dims }, (_, i) => points[dims * i] as number).sort();
  const tolerance = 1e-4 * ((xs.at(-1) ?? 0) - (xs[0] ?? 0));
  let smallest = Infinity;
  for (let i = 1; i < xs.length; i++) {
    const step = (xs[i] as number) - (xs[i - 1] as number);
    if (step > tolerance && step < smallest) smallest = step;
  }
  return Number.isFinite(smallest) ? smallest : null;
}

function extentSpacing(positions: Float32Array, dims: number): number {
  return (longest(positions, dims) || 1) / POINTS_PER_SIDE;
}

function longest(positions: Float32Array, dims: number): number {
  if (dims === 3) return (2 * (sphereOf(positions)?.radius ?? 0)) / Math.sqrt(3);
  const extent = extentOf(positions);
  return extent ? longestSide(extent) : 0;
}

/** Lowest and highest x and y that are seen. */
export interface Window {
  left: number;
  right: number;
  bottom: number;
  top: number;
}

/**
 * How many of the arrows to draw, so that about `limit` of them stand in the window: all, or their first half, quarter, ...
 * Halving keeps the arrows that are drawn the same while panning.
 */
export function thinned({ count, feet }: Pick<Arrows, "count" | "feet">, window: Window, limit: number): number {
  let seen = 0;
  for (let i = 0; i < count; i++) {
    const [x, y] = [feet[2 * i] as number, feet[2 * i + 1] as number];
    if (x >= window.left && x <= window.right && y >= window.bottom && y <= window.top) seen++;
  }
  const halvings = Math.max(0, Math.ceil(Math.log2(seen / limit)));
  return Math.ceil(count / 2 ** halvings);
}

/** A round length of vectors whose arrow is easy to see beside the picture, and that arrow's length in pixels. */
export function keyLength(spacingPixels: number): { value: number; pixels: number } {
  const pixels = (value: number) => value * GAIN * spacingPixels;
  const candidates = [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001];
  const value = candidates.find((candidate) => pixels(candidate) <= 44) ?? 0.001;
  return { value, pixels: pixels(value) };
}
