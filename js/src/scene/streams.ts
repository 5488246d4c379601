/** Streamlines over the cells, with Canvas 2-D: on the CPU this is faster than WebGL in software. */
import { computed, effect, type ReadonlySignal } from "@preact/signals";
import { opacityAt } from "../layers/belief";
import { headSize, type Streams, streamsOf } from "../layers/stream-strokes";
import type { Store } from "../state/store";
import type { ThemeName } from "../theme/theme";
import { INK } from "./ink";
import type { View } from "./scene";

export const HALO = 1.1;

export function createStreams(
  canvas: HTMLCanvasElement,
  store: Store,
  view: ReadonlySignal<View | null>,
  theme: ReadonlySignal<ThemeName>,
): () => void {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return () => {};
  const streams = computed(() => {
    const shown = store.shown.value;
    if (shown?.stage !== "stream") return null;
    return streamsOf(shown, opacityAt(store.belief.value), store.traits.arrow_length.value);
  });
  return effect(() => {
    if (!view.value || !streams.value) return;
    const { width, height } = view.value.size;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    context.scale(ratio, ratio);
    drawStreams(context, streams.value, view.value, theme.value);
  });
}

export function drawStreams(
  context: CanvasRenderingContext2D,
  { points, dims, strokes, heads }: Streams,
  { project }: View,
  theme: ThemeName,
): void {
  const { ink, halo } = INK[theme];
  const trace = (from: number, to: number) => {
    context.beginPath();
    for (let vertex = from; vertex <= to; vertex++) {
      const [x, y] = project(points, dims * vertex);
      if (vertex === from) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
  };
  context.lineJoin = "round";
  for (const [color, extra] of [
    [halo, 2 * HALO],
    [ink, 0],
  ] as const) {
    for (const { from, to, width, opacity } of strokes) {
      context.strokeStyle = `rgb(${color.join(" ")} / ${opacity})`;
      context.lineWidth = width + extra;
      trace(from, to);
      context.stroke();
    }
    for (const { from, to, width, opacity } of heads) {
      context.fillStyle = `rgb(${color.join(" ")} / ${opacity})`;
      const corners = headCorners(project(points, dims * from), project(points, dims * to), width, extra / 2);
      context.beginPath();
      for (const [x, y] of corners) context.lineTo(x, y);
      context.fill();
    }
  }
}

/** A triangle at the end of a step, wider by a margin on every side. */
export function headCorners(
  [x0, y0]: readonly [number, number],
  [x, y]: readonly [number, number],
  width: number,
  margin: number,
): [number, number][] {
  const length = Math.hypot(x - x0, y - y0) || 1;
  const [ux, uy] = [(x - x0) / length, (y - y0) / length];
  const head = headSize(width);
  const [half, front, back] = [head.half + 1.5 * margin, 0.6 * head.length + 2 * margin, 0.4 * head.length + margin];
  return [
    [x + ux * front, y + uy * front],
    [x - ux * back - uy * half, y - uy * back + ux * half],
    [x - ux * back + uy * half, y - uy * back - ux * half],
  ];
}
