/** The legend in what is exported. */

import { rgb } from "../layers/rgb";
import type { Color, ContinuousColor } from "../protocol";
import { largest } from "../state/color";
import { beyond } from "../state/limits";
import { endTexts, innerTicks } from "../state/ticks";
import { formatCount } from "../text";
import type { ThemeName } from "../theme/theme";
import { MISSING, viridis } from "./colors";
import { MEANING } from "./meaning";
import { outline, type Shape } from "./pen";

export const ROW = 18;
const BAR = { width: 148, height: 12, steps: 64 };
const SWATCH = 16;
const GAP = 12;
/** Of sentences beside the picture, and above them. */
const SENTENCE = 230;
const SPACE = 6;
/** Of so many rows a legend is as high as the picture. */
const MOST_ROWS = 40;

export interface Label {
  x: number;
  y: number;
  text: string;
  /** Where it has its middle or its end there, instead of its beginning. */
  anchor?: "middle" | "end";
}

export interface LegendShapes {
  width: number;
  /** From the top of the picture. */
  height: number;
  shapes: Shape[];
  labels: Label[];
}

interface Row {
  name: string;
  /** None of what stands for many. */
  color?: string;
  count: number;
}

/** What is shown of a colour, at the right of a picture that ends at `left`. */
export function legendOf(color: Color, hidden: ReadonlySet<number>, left: number, theme: ThemeName): LegendShapes {
  const rows = rowsOf(color, hidden, theme).map((row) => ({ ...row, count: formatCount(row.count) }));
  const widths = rows.map(({ name, count }) => SWATCH + widthOf(name) + GAP + widthOf(count));
  const meaning = color.source === "diagnostics" ? wrapped(MEANING[color.key] ?? "", SENTENCE) : [];
  const width = Math.max(BAR.width, widthOf(titleOf(color)), ...widths, ...meaning.map(widthOf));
  const title = { x: left, y: 20, text: titleOf(color) };
  const bar = color.type === "continuous" ? colorBar(color, left, theme) : { shapes: [], labels: [], height: 27 };
  const middle = (i: number) => bar.height + ROW * (i + 0.5);
  const below = bar.height + ROW * rows.length + (meaning.length && SPACE);
  return {
    width,
    height: below + ROW * meaning.length,
    shapes: [
      ...bar.shapes,
      ...rows.flatMap(({ color: fill }, i) => (fill ? [{ d: disc(left + 5, middle(i), 5), fill, opacity: 1 }] : [])),
    ],
    labels: [
      title,
      ...bar.labels,
      ...rows.flatMap(({ name, count }, i): Label[] => [
        { x: left + SWATCH, y: middle(i) + 4, text: name },
        { x: left + width, y: middle(i) + 4, text: count, anchor: "end" },
      ]),
      ...meaning.map((text, i) => ({ x: left, y: below + ROW * (i + 0.5) + 4, text })),
    ],
  };
}

function titleOf(color: Color): string {
  return color.type === "continuous" && color.layer !== null ? `${color.key} (${color.layer})` : color.key;
}

/** Categories that are shown and have cells, the largest if they are many, and cells without a value. */
function rowsOf(color: Color, hidden: ReadonlySet<number>, theme: ThemeName): Row[] {
  const categories =
    color.type === "categorical" ? color.categories.filter(({ count }, code) => count && !hidden.has(code)) : [];
  const rows: Row[] = [...largest(categories, MOST_ROWS)];
  const unlisted = categories.filter((category) => !rows.includes(category));
  if (unlisted.length) {
    const count = unlisted.reduce((sum, category) => sum + category.count, 0);
    rows.push({ name: `and ${formatCount(unlisted.length)} more`, count });
  }
  if (color.missing && !hidden.has(-1))
    rows.push({ name: "missing", color: rgb(MISSING[theme]), count: color.missing });
  return rows;
}

function colorBar(
  color: ContinuousColor,
  left: number,
  theme: ThemeName,
): Pick<LegendShapes, "shapes" | "labels" | "height"> {
  const { vmin, vmax } = color;
  const top = 30;
  const bottom = top + BAR.height;
  const outside = beyond(color);
  const shapes = Array.from({ length: BAR.steps }, (_, i) => {
    const [from, to] = [left + (BAR.width * i) / BAR.steps, left + (BAR.width * (i + 1)) / BAR.steps + 0.5];
    const fill = rgb(viridis(i / (BAR.steps - 1), theme));
    return { d: outline([[from, top], [to, top], [to, bottom], [from, bottom]], true), fill, opacity: 1 }; // biome-ignore format: a rectangle
  });
  const [first, last] = endTexts(color, outside);
  const labels: Label[] = [{ x: left, y: bottom + 14, text: first }];
  if (vmax === vmin && !outside.above) return { shapes, labels, height: bottom + 20 };
  const isLong = widthOf(first) + GAP + widthOf(last) > BAR.width;
  const y = bottom + (isLong ? 28 : 14);
  for (const { text, at } of isLong ? [] : innerTicks(vmin, vmax, [first, last], BAR.width))
    labels.push({ x: left + at * BAR.width, y, text, anchor: "middle" });
  labels.push({ x: left + BAR.width, y, text: last, anchor: "end" });
  return { shapes, labels, height: y + 6 };
}

/** In lines that are no wider, if their words are not. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length && widthOf(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Room enough for a text; how wide it is, only a page could tell. */
function widthOf(text: string): number {
  return [...text].reduce((width, character) => width + (character < "\u2e80" ? 7 : 12), 0);
}

function disc(x: number, y: number, r: number): string {
  return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
}
