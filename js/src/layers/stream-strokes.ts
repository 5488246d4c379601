/** From streamlines to strokes of one width and one opacity each. */
import type { ResultOf } from "../protocol";

/** In CSS pixels: of a line where the average arrow has length 0, and what each unit of length adds. */
const THINNEST = 0.7;
const GAIN = 2.6;
const WIDTH_STEP = 0.2;
const OPACITY_STEP = 0.1;

/** Vertices `from` to `to`, both included. */
export interface Stroke {
  from: number;
  to: number;
  width: number;
  opacity: number;
}

export interface Streams {
  /** x, y (and z) of each vertex. */
  points: Float32Array;
  dims: number;
  strokes: Stroke[];
  /** Where arrow heads are: a vertex, that it points away from the one before. */
  heads: (Stroke & { at: number })[];
}

export function streamsOf(
  { arrays: { points, starts, speeds } }: ResultOf<"stream">,
  opacityAt: (places: ArrayLike<number>, first: number) => number,
  strength: number,
): Streams {
  const dims = speeds.length ? points.length / speeds.length : 2;
  const strokes: Stroke[] = [];
  const heads: Streams["heads"] = [];
  const look = (vertex: number) => {
    const width = THINNEST + GAIN * strength * (speeds[vertex] as number);
    const opacity = opacityAt(points, dims * vertex);
    return { width: rounded(width, WIDTH_STEP), opacity: Math.min(rounded(opacity, OPACITY_STEP), 1) };
  };
  for (let line = 0; line + 1 < starts.length; line++) {
    const first = starts[line] as number;
    const end = starts[line + 1] as number;
    let stroke: Stroke | null = null;
    for (let vertex = first; vertex + 1 < end; vertex++) {
      const { width, opacity } = look(vertex);
      if (stroke && stroke.width === width && stroke.opacity === opacity) stroke.to = vertex + 1;
      else {
        stroke = { from: vertex, to: vertex + 1, width, opacity };
        strokes.push(stroke);
      }
    }
    const at = (first + end) >> 1;
    if (at > first && at < end) heads.push({ at, from: at - 1, to: at, ...look(at) });
  }
  return { points, dims, strokes, heads };
}

/** Half the width and the length of an arrow head on a line of that width. */
export function headSize(width: number): { half: number; length: number } {
  return { half: 1.6 + 0.9 * width, length: 4.2 + 1.7 * width };
}

function rounded(value: number, step: number): number {
  return Math.max(Math.round(value / step), 1) * step;
}
