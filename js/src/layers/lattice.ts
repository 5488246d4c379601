/** Values on a regular lattice, read anywhere between its points. */
export interface Lattice {
  start: readonly number[];
  spacing: number;
  shape: readonly number[];
}

/**
 * Multilinear interpolation of `width` values per point at the place whose coordinates begin at an index, written to `out`;
 * corners whose first value is NaN do not count. False outside of the lattice, or where no corner counts.
 */
export function sample(
  { start, spacing, shape }: Lattice,
  values: Float32Array,
  width: number,
  places: ArrayLike<number>,
  first: number,
  out: Float64Array,
): boolean {
  const n = shape.length;
  let total = 0;
  out.fill(0, 0, width);
  for (let corner = 0; corner < 1 << n; corner++) {
    let index = 0;
    let weight = 1;
    for (let c = 0; c < n; c++) {
      const points = shape[c] as number;
      const at = ((places[first + c] as number) - (start[c] as number)) / spacing;
      if (!(at >= -1e-6 && at <= points - 1 + 1e-6)) return false;
      const low = Math.min(Math.max(Math.floor(at), 0), Math.max(points - 2, 0));
      const up = (corner >> c) & 1;
      weight *= up ? at - low : 1 - (at - low);
      index = index * points + Math.min(low + up, points - 1);
    }
    if (weight <= 0 || Number.isNaN(values[index * width])) continue;
    total += weight;
    for (let k = 0; k < width; k++) out[k] = (out[k] as number) + weight * (values[index * width + k] as number);
  }
  if (total <= 0) return false;
  for (let k = 0; k < width; k++) out[k] = (out[k] as number) / total;
  return true;
}
