/** Colours of cells. */
import { interpolateViridis } from "d3-scale-chromatic";
import { parseHex, type Rgb } from "../layers/rgb";
import type { Color } from "../protocol";
import { shareAt } from "../state/color";
import type { ThemeName } from "../theme/theme";

const STEPS = 256;
const FAINT = 26; // opacity, of 255

/** Cells without a value: seen on the background, but behind every colour that means something. */
export const MISSING: Record<ThemeName, Rgb> = { light: [190, 190, 190], dark: [92, 92, 92] };

/** Opacity of cells that are not selected while others are, of 255. */
const UNSELECTED = 46;

/** Where viridis begins: its darkest colours cannot be seen on dark. */
const FIRST: Record<ThemeName, number> = { light: 0, dark: 0.25 };

/** Of numbers, from 0 to 1. */
export function viridis(share: number, theme: ThemeName): Rgb {
  return parseHex(interpolateViridis(FIRST[theme] + (1 - FIRST[theme]) * share));
}

/** Red, green, blue and opacity of each cell. */
export function cellColors(
  color: Color | null,
  n: number,
  theme: ThemeName,
  selection: Int32Array = new Int32Array(),
): Uint8ClampedArray {
  const missing = MISSING[theme];
  const rgb = rgbOf(color, theme);
  const out = new Uint8ClampedArray(4 * n);
  for (let i = 0; i < n; i++) {
    const [red, green, blue] = rgb(i) ?? missing;
    out[4 * i] = red;
    out[4 * i + 1] = green;
    out[4 * i + 2] = blue;
    out[4 * i + 3] = selection.length ? UNSELECTED : 255;
  }
  for (const i of selection) out[4 * i + 3] = 255;
  return out;
}

/** The same colours, with all cells faint that are in none of these clusters. */
export function withHighlight(colors: Uint8ClampedArray, codes: Int32Array, lit: readonly number[]): Uint8ClampedArray {
  const out = colors.slice();
  for (let i = 0; i < codes.length; i++) if (!lit.includes(codes[i] ?? -1)) out[4 * i + 3] = FAINT;
  return out;
}

function rgbOf(color: Color | null, theme: ThemeName): (i: number) => Rgb | undefined {
  if (color === null) return () => undefined;
  if (color.type === "categorical") {
    const { codes } = color.arrays;
    const palette = color.categories.map((category) => parseHex(category.color));
    return (i) => palette[codes[i] ?? -1];
  }
  const table = Array.from({ length: STEPS }, (_, i) => viridis(i / (STEPS - 1), theme));
  return (i) => table[Math.min(Math.max(Math.round(shareAt(color, i) * (STEPS - 1)), 0), STEPS - 1)];
}
