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
