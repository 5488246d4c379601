/** The lines below the picture in what is exported. */
import type { KeyLine } from "./key-lines";
import { type Label, ROW, wrapped } from "./legend-shapes";
import { outline, type Shape } from "./pen";

/** Between a sample and its text. */
const GAP = 6;

export interface KeyShapes {
  /** Below the top. */
  height: number;
  shapes: Shape[];
  labels: Label[];
}

/** From a place down, as wide as that. */
export function keyOf(lines: readonly KeyLine[], [left, top]: [number, number], width: number, ink: string): KeyShapes {
  const shapes: Shape[] = [];
  const labels: Label[] = [];
  let y = top;
  for (const { sample, text } of lines) {
    const middle = y + ROW / 2;
    for (const { places, width, opacity } of sample?.strokes ?? []) {
      const moved = places.map(([x, y]) => [left + x, middle + y]);
      shapes.push({ d: outline(moved, false), stroke: ink, width, opacity });
    }
    const indent = sample ? Math.ceil(sample.length) + GAP : 0;
    for (const part of wrapped(text, width - indent)) {
      labels.push({ x: left + indent, y: y + ROW / 2 + 4, text: part });
      y += ROW;
    }
  }
  return { height: y - top, shapes, labels };
}
