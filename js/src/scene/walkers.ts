/**
 * Walkers on their way, drawn with Canvas 2-D over the cells: only they move, so the cells are not drawn again for a frame.
 */
import { interpolatePlasma } from "d3-scale-chromatic";
import type { ColorBy } from "../state/player";
import type { Store, Walks } from "../state/store";
import type { ThemeName } from "../theme/theme";
import type { Pen } from "./pen";
import type { View } from "./scene";

const HEAD_RADIUS = 3;
const TRAIL_WIDTH = 1.6;
const OUTLINE: Record<ThemeName, { moving: string; arrived: string; missing: string }> = {
  light: { moving: "rgb(255 255 255 / 90%)", arrived: "#18181b", missing: "#777" },
  dark: { moving: "rgb(16 16 18 / 90%)", arrived: "#fafafa", missing: "#aaa" },
};

/** Walks of one colour; null where the colour is that of the step. */
interface Group {
  color: string | null;
  members: number[];
}

/** What does not change from frame to frame. */
export interface Crowd {
  walks: Walks;
  /** Last step of each walk. */
  lasts: Int32Array;
  groups: readonly Group[];
}

export interface Frame {
  crowd: Crowd;
  positions: Float32Array;
  /** Coordinates of a cell. */
  dims: number;
  project: View["project"];
  /** In steps. */
  time: number;
  trail: number;
  theme: ThemeName;
}

/** Walks by the cluster that they start or end in; by step, and without clusters, all are one group. */
export function crowdOf(walks: Walks, codes: Int32Array | undefined, by: ColorBy, theme: ThemeName): Crowd {
  const { paths } = walks.arrays;
  const width = walks.n_steps + 1;
  const lasts = Int32Array.from({ length: walks.n_walks }, (_, walk) => {
    let step = walks.n_steps;
    while (step > 0 && (paths[walk * width + step] ?? -1) < 0) step--;
    return step;
  });
  const groups = new Map<number, Group>();
  lasts.forEach((last, walk) => {
    const cell = paths[walk * width + (by === "start" ? 0 : last)] ?? -1;
    const code = by === "step" ? -1 : (codes?.[cell] ?? -1);
    const color = by === "step" ? null : (walks.clusters?.colors[code] ?? OUTLINE[theme].missing);
    const group = groups.get(code) ?? { color, members: [] };
    group.members.push(walk);
    groups.set(code, group);
  });
  return { walks, lasts, groups: [...groups.values()] };
}

/** The walkers of a store as they are now; null while there are none to be seen. */
export function frameOf(store: Store, crowd: Crowd | null, { project }: View, theme: ThemeName): Frame | null {
  const embedding = store.embedding.value;
  if (!crowd || !embedding) return null;
  const { time, trail } = store.player;
  return {
    crowd,
    positions: embedding.arrays.positions,
    dims: embedding.components.length,
    project,
    // With reduced motion walkers jump from cell to cell.
    time: store.calm.value ? Math.floor(time.value) : time.value,
    trail: trail.value,
    theme,
  };
}

/** The walks of a store, sorted by colour. */
export function crowdNow(store: Store, theme: ThemeName): Crowd | null {
  const walks = store.player.shown.value ? store.walks.value : null;
  return walks && crowdOf(walks, store.cells.value?.arrays.codes, store.player.colorBy.value, theme);
}

/** Where a walk is, on the screen: between the cells of two steps, or at its last. */
export function placeAt(frame: Frame, walk: number, time: number): [number, number] {
  const step = Math.floor(time);
  const [x, y] = cellPlace(frame, walk, step);
  if (time === step) return [x, y];
  const [toX, toY] = cellPlace(frame, walk, step + 1);
  return [x + (time - step) * (toX - x), y + (time - step) * (toY - y)];
}

/** Place of the cell that a walk is in after a step; of its last cell if it has ended. */
function cellPlace({ crowd, positions, dims, project }: Frame, walk: number, step: number): [number, number] {
  const { walks, lasts } = crowd;
  const cell = walks.arrays.paths[walk * (walks.n_steps + 1) + Math.min(step, lasts[walk] ?? 0)] ?? -1;
  return project(positions, dims * cell);
}

/** The pieces of the way from `trail` steps ago until now, oldest first: from and to which time, and how old, 0 to 1. */
export function piecesOf(time: number, trail: number): { from: number; to: number; age: number }[] {
  const pieces: { from: number; to: number; age: number }[] = [];
  const begin = Math.max(0, time - trail);
  for (let from = begin; from < time; ) {
    const to = Math.min(Math.floor(from) + 1, time);
    pieces.push({ from, to, age: Math.min((time - to) / Math.max(trail, 1), 1) });
    from = to;
  }
  return pieces;
}

export function drawWalkers(context: Pen, frame: Frame): void {
  context.lineCap = "round";
  drawTrails(context, frame);
  drawHeads(context, frame);
}

function drawTrails(context: Pen, frame: Frame): void {
  const { crowd, time, trail } = frame;
  context.lineWidth = TRAIL_WIDTH;
  const pieces = piecesOf(time, trail);
  for (const { color, members } of crowd.groups) {
    for (const { from, to, age } of pieces) {
      context.globalAlpha = 0.8 * (1 - age);
      context.strokeStyle = color ?? colorOfStep(to, crowd.walks.n_steps);
      context.beginPath();
      for (const walk of members) {
        if (from >= (crowd.lasts[walk] ?? 0)) continue;
        const [x, y] = placeAt(frame, walk, from);
        const [toX, toY] = placeAt(frame, walk, to);
        context.moveTo(x, y);
        context.lineTo(toX, toY);
      }
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

/** Walkers that have arrived in their stop set have a line around them. */
function drawHeads(context: Pen, frame: Frame): void {
  const { crowd, time, theme } = frame;
  const { walks, lasts } = crowd;
  for (const { color, members } of crowd.groups) {
    context.fillStyle = color ?? colorOfStep(time, walks.n_steps);
    for (const arrived of [false, true]) {
      context.beginPath();
      for (const walk of members) {
        const last = lasts[walk] ?? 0;
        if ((last < walks.n_steps && time >= last) !== arrived) continue;
        const [x, y] = placeAt(frame, walk, time);
        if (Number.isNaN(x)) continue;
        context.moveTo(x + HEAD_RADIUS, y);
        context.arc(x, y, HEAD_RADIUS, 0, 2 * Math.PI);
      }
      context.lineWidth = arrived ? 1.4 : 2;
      context.strokeStyle = OUTLINE[theme][arrived ? "arrived" : "moving"];
      context.stroke();
      context.fill();
    }
  }
}

/** From blue over red to orange: dark enough on white, light enough on black. */
function colorOfStep(step: number, nSteps: number): string {
  return interpolatePlasma(0.15 + 0.7 * (step / Math.max(nSteps, 1)));
}
