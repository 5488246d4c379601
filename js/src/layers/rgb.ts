export type Rgb = readonly [number, number, number];

/** d3 gives "#rrggbb" here, and so does Python. */
export function parseHex(hex: string): Rgb {
  const bits = Number.parseInt(hex.slice(1, 7), 16) || 0;
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}

export function rgb([r, g, b]: Rgb): string {
  return `rgb(${r},${g},${b})`;
}
