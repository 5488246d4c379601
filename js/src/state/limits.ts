/** From which value to which the colours of numbers go. The automatic limits are Python's. */
import type { ReadonlySignal } from "@preact/signals";
import type { ContinuousColor } from "../protocol";
import type { Limit } from "./parameters";

export interface Limits {
  vmin: number;
  vmax: number;
}

/** Cells beyond the limits, which have the colours of the ends, and the values of the farthest. */
export interface Beyond {
  below: number;
  above: number;
  lowest: number;
  highest: number;
}

const PERCENTILE = /^p(\d{1,3}(?:\.\d{1,9})?)$/;

/** Sorting takes long, and dragging asks often. */
const sorted = new WeakMap<Float32Array, Float32Array>();

/** As Python's `read_limits`: an automatic limit gives way to one that is given. */
export function limitsOf(color: ContinuousColor, vmin: Limit, vmax: Limit): Limits {
  const low = numberOf(color, vmin) ?? color.vmin;
  const high = numberOf(color, vmax) ?? color.vmax;
  if (low <= high) return { vmin: low, vmax: high };
  const both = vmax === null ? low : high;
  return { vmin: both, vmax: both };
}

export function beyond({ offset, vmin, vmax, arrays }: ContinuousColor): Beyond {
  const known = ordered(arrays.values);
  let below = 0;
  while (below < known.length && isLess(known[below] as number, vmin - offset)) below++;
  let above = 0;
  while (above < known.length && isLess(vmax - offset, known[known.length - 1 - above] as number)) above++;
  return { below, above, lowest: offset + (known[0] ?? 0), highest: offset + (known.at(-1) ?? 0) };
}

/** What was typed as a limit: null for nothing; text that is neither number nor percentile stays, for Python to refuse. */
export function parseLimit(typed: string): Limit {
  const text = typed.trim().replace(",", ".").replace("\u2212", "-");
  if (text === "" || text === "auto") return null;
  const number = Number(text);
  return Number.isFinite(number) ? number : text.toLowerCase();
}

/** What is left of the limits with another colour, as in Python: percentiles; numbers mean nothing there. */
export function keptLimits({ vmin, vmax }: Record<keyof Limits, ReadonlySignal<Limit>>): { vmin: Limit; vmax: Limit } {
  const kept = (limit: Limit) => (typeof limit === "string" ? limit : null);
  return { vmin: kept(vmin.value), vmax: kept(vmax.value) };
}

function numberOf(color: ContinuousColor, limit: Limit): number | null {
  if (typeof limit === "number") return limit;
  const share = limit === null ? Number.NaN : Number(PERCENTILE.exec(limit)?.[1] ?? Number.NaN) / 100;
  const known = ordered(color.arrays.values);
  if (!(share <= 1) || !known.length) return null;
  const at = share * (known.length - 1);
  const [before, after] = [known[Math.floor(at)] as number, known[Math.ceil(at)] as number];
  return color.offset + before + (after - before) * (at % 1);
}

function ordered(values: Float32Array): Float32Array {
  let known = sorted.get(values);
  if (!known) {
    known = values.filter((value) => !Number.isNaN(value)).sort();
    sorted.set(values, known);
  }
  return known;
}

/** Values come in half the digits that limits have. */
function isLess(one: number, other: number): boolean {
  return other - one > 1e-6 * Math.max(Math.abs(one), Math.abs(other));
}
