/** In which order cells are drawn: later ones cover earlier ones. */
import { spread } from "../layers/spread";
import type { Color } from "../protocol";
import { shareAt } from "../state/color";

const BUCKETS = 256;
/** The bucket of what is not drawn. */
export const NOWHERE = 0xffff;
/** Of more cells than this, so many that follow each other are drawn together: their data share a line of the cache. */
const MANY = 200_000;
const RUN = 16;

/**
 * Indices of the cells that have coordinates: first those without a colour; then spread evenly for categories, or by
 * rising value, so that rare high values are seen.
 */
export function drawOrder(
  positions: Float32Array,
  color: Color | null,
  hidden: (cell: number) => boolean = () => false,
  dims = 2,
): Uint32Array {
  const n = positions.length / dims;
  const levelOf = levels(color);
  const cells = spread(n, n > MANY ? RUN : 1);
  // A cell has all coordinates or none.
  const isDrawn = (cell: number) => !Number.isNaN(positions[dims * cell]) && !hidden(cell);
  const buckets = cells.map((cell) => (isDrawn(cell) ? levelOf(cell) + 1 : NOWHERE));
  return ascending(cells, buckets, BUCKETS + 1);
}

/** Cells by rising bucket, of so many; in one bucket they stay as they are, and those with a higher number are left out. */
export function ascending(cells: Uint32Array, buckets: Uint32Array, nBuckets: number): Uint32Array {
  const starts = new Uint32Array(nBuckets + 1);
  for (const bucket of buckets) if (bucket < nBuckets) starts[bucket + 1] = (starts[bucket + 1] as number) + 1;
  for (let b = 1; b <= nBuckets; b++) starts[b] = (starts[b] as number) + (starts[b - 1] as number);
  const order = new Uint32Array(starts[nBuckets] as number);
  for (let i = 0; i < cells.length; i++) {
    const bucket = buckets[i] as number;
    if (bucket >= nBuckets) continue;
    const at = starts[bucket] as number;
    starts[bucket] = at + 1;
    order[at] = cells[i] as number;
  }
  return order;
}

/** The level of a cell: -1 without a colour, else 0 to BUCKETS - 1. */
function levels(color: Color | null): (i: number) => number {
  if (color === null) return () => 0;
  if (color.type === "categorical") {
    const { codes } = color.arrays;
    return (i) => ((codes[i] ?? -1) < 0 ? -1 : 0);
  }
  return (i) => {
    const share = shareAt(color, i);
    return Number.isNaN(share) ? -1 : Math.min(Math.max(Math.floor(share * BUCKETS), 0), BUCKETS - 1);
  };
}
