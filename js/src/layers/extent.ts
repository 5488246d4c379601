/** How far positions reach. */
export interface Extent {
  min: readonly [number, number];
  max: readonly [number, number];
}

/** Smallest box around the points that have coordinates; null if none has. */
export function extentOf(positions: Float32Array): Extent | null {
  let [left, bottom, right, top] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < positions.length; i += 2) {
    const x = positions[i] as number;
    const y = positions[i + 1] as number;
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < bottom) bottom = y;
    if (y > top) top = y;
  }
  return left > right ? null : { min: [left, bottom], max: [right, top] };
}

/** Length of the extent's longest side; 0 if all points coincide. */
export function longestSide({ min, max }: Extent): number {
  return Math.max(max[0] - min[0], max[1] - min[1]);
}

/** A sphere around all cells; null if none has coordinates. */
export function sphereOf(positions: Float32Array): { center: [number, number, number]; radius: number } | null {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < positions.length; i++) {
    const value = positions[i] as number;
    if (Number.isNaN(value)) continue;
    if (value < (low[i % 3] as number)) low[i % 3] = value;
    if (value > (high[i % 3] as number)) high[i % 3] = value;
  }
  const middle = (c: number) => ((low[c] as number) + (high[c] as number)) / 2;
  const half = (c: number) => ((high[c] as number) - (low[c] as number)) / 2;
  if (!(half(0) >= 0)) return null;
  return { center: [middle(0), middle(1), middle(2)], radius: Math.hypot(half(0), half(1), half(2)) };
}
