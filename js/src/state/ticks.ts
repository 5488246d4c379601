/** The numbers under a colour bar. */
import { scaleLinear } from "d3-scale";
import { digitsBetween, formatNumber } from "../text";
import type { Beyond, Limits } from "./limits";

/** Of a digit in small print, and between two numbers, in CSS pixels. */
const DIGIT = 6.6;
const GAP = 8;
const MOST = 5;

/** The numbers at the ends of a bar, which say so where cells are beyond. */
export function endTexts({ vmin, vmax }: Limits, { below, above }: Pick<Beyond, "below" | "above">): [string, string] {
  const digits = digitsBetween(vmin, vmax);
  const [low, high] = [formatNumber(vmin, digits), formatNumber(vmax, digits)];
  return [below ? `≤ ${low}` : low, above ? `≥ ${high}` : high];
}

export interface Tick {
  text: string;
  /** Where on the bar, from 0 to 1. */
  at: number;
}

/** Round numbers between the ends of a bar so wide, as many as fit without touching each other or the ends' numbers. */
export function innerTicks(vmin: number, vmax: number, ends: readonly [string, string], width: number): Tick[] {
  if (!(vmax > vmin)) return [];
  const digits = digitsBetween(vmin, vmax);
  const [first, last] = [ends[0].length * DIGIT + GAP, width - ends[1].length * DIGIT - GAP];
  for (let count = MOST; count > 0; count--) {
    const found = scaleLinear([vmin, vmax], [0, 1])
      .ticks(count)
      .map((value) => ({ text: formatNumber(value, digits), at: (value - vmin) / (vmax - vmin) }))
      .filter(({ text, at }) => at * width - half(text) >= first && at * width + half(text) <= last);
    const isRoomy = found.every((tick, i) => {
      const before = found[i - 1];
      return !before || (tick.at - before.at) * width >= half(tick.text) + half(before.text) + GAP;
    });
    if (isRoomy) return found;
  }
  return [];
}

function half(text: string): number {
  return (text.length * DIGIT) / 2;
}
