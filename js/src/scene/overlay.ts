/** What is drawn over the cells with Canvas 2-D: streamlines and particles. On the CPU this is faster than WebGL in software. */
import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import { opacityAt } from "../layers/belief";
import { Particles } from "../layers/particles";
import { headSize, type Streams, streamsOf } from "../layers/stream-strokes";
import type { Store } from "../state/store";
import type { ThemeName } from "./colors";
import { INK } from "./ink";
import type { View } from "./scene";

export const HALO = 1.1;
const PARTICLE_WIDTH = 1.3;
/** What is left of a trail after a second. */
const TRAIL = 0.02;
const LONGEST_FRAME = 0.05;
const LEVELS = 5;

export function createOverlay(
  canvas: HTMLCanvasElement,
  store: Store,
  view: ReadonlySignal<View | null>,
  theme: ReadonlySignal<ThemeName>,
): () => void {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return () => {};
  const opacity = computed(() => opacityAt(store.belief.value));
  const strength = store.traits.arrow_length;
  const streams = computed(() => {
    const shown = store.shown.value;
    return shown?.stage === "stream" ? streamsOf(shown, opacity.value, strength.value) : null;
  });
  const particles = computed(() => {
    const shown = store.shown.value;
    return shown?.stage === "particles" ? new Particles(shown, Math.random) : null;
  });

  /** Empty, in CSS pixels. */
  function clear({ width, height }: View["size"]): CanvasRenderingContext2D {
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    (context as CanvasRenderingContext2D).setTransform(ratio, 0, 0, ratio, 0, 0);
    return context as CanvasRenderingContext2D;
  }

  const stopStreams = effect(() => {
    if (!view.value) return;
    void particles.value; // others begin, or none are left
    const surface = clear(view.value.size);
    if (streams.value) drawStreams(surface, streams.value, view.value, theme.value);
  });

  const visible = watchVisible(canvas);
  const stopParticles = effect(() => {
    const moving = particles.value;
    if (!moving || !view.value || store.paused.value || !visible.signal.value) return;
    const { size, project } = view.value;
    moving.look((place) => {
      const [x, y] = project(place, 0);
      return x >= 0 && y >= 0 && x <= size.width && y <= size.height;
    });
    const ink = INK[theme.value].ink.join(" ");
    const fades = opacity.value;
    let last = performance.now();
    let frame = requestAnimationFrame(function draw(now) {
      const seconds = Math.min((now - last) / 1000, LONGEST_FRAME);
      last = now;
      moving.step(
        seconds,
        untracked(() => strength.value),
      );
      fade(context, size, TRAIL ** seconds);
      drawParticles(context, moving, project, fades, ink);
      frame = requestAnimationFrame(draw);
    });
    return () => cancelAnimationFrame(frame);
  });

  return () => {
    stopStreams();
    stopParticles();
    visible.stop();
  };
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

function fade(context: CanvasRenderingContext2D, { width, height }: View["size"], share: number): void {
  context.globalCompositeOperation = "destination-in";
  context.fillStyle = `rgb(0 0 0 / ${share})`;
  context.fillRect(0, 0, width, height);
  context.globalCompositeOperation = "source-over";
}

function drawParticles(
  context: CanvasRenderingContext2D,
  { dims, count, from, to }: Particles,
  project: View["project"],
  opacity: (place: ArrayLike<number>) => number,
  ink: string,
): void {
  const paths = Array.from({ length: LEVELS + 1 }, () => new Path2D());
  for (let i = 0; i < count; i++) {
    const at = i * dims;
    const path = paths[Math.round(LEVELS * opacity(to.subarray(at, at + dims)))] as Path2D;
    const [x0, y0] = project(from, at);
    const [x, y] = project(to, at);
    path.moveTo(x0, y0);
    path.lineTo(x, y);
  }
  context.lineWidth = PARTICLE_WIDTH;
  context.lineCap = "round";
  paths.forEach((path, level) => {
    context.strokeStyle = `rgb(${ink} / ${level / LEVELS})`;
    context.stroke(path);
  });
}

/** Whether any of an element can be seen: nothing moves where nobody looks. */
function watchVisible(element: Element): { signal: ReadonlySignal<boolean>; stop(): void } {
  const visible = signal(true);
  const observer = new IntersectionObserver((entries) => {
    visible.value = entries.at(-1)?.isIntersecting ?? true;
  });
  observer.observe(element);
  return { signal: visible, stop: () => observer.disconnect() };
}
