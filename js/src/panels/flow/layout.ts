/** Where bands, veins and squares are: arithmetic without a picture. Bands and their order are those of `plot_single_flow`. */

/** Between bands; a band with all cells of a time is 2 high. */
export const GAP = 0.2;
const POINTS = 24;

/** Beyond this many standard deviations, a flow is more than the graph alone explains. */
export const Z_LIMIT = 3;
const FAINTEST = 0.18;

/** Opacity of a flow: faint where it is what the graph gives without direction. */
export function confidence(z: number): number {
  return Number.isNaN(z) ? FAINTEST : FAINTEST + (1 - FAINTEST) * Math.min(Math.abs(z) / Z_LIMIT, 1);
}

/** Clusters below and above the source, from the bottom up: those that receive most are next to it. */
export function arrange(received: readonly number[], source: number, shown: readonly number[]): [number[], number[]] {
  const targets = shown.filter((c) => c !== source).sort((a, b) => (received[b] ?? 0) - (received[a] ?? 0));
  const below = targets.filter((_, i) => i % 2 === 0).reverse();
  return [below, targets.filter((_, i) => i % 2 === 1)];
}

/** Heights of the bands' middles, from 0 up, so that they never touch; `shares` of each band over time. */
export function stack(shares: readonly (readonly number[])[]): number[] {
  const heights = [0];
  for (let k = 1; k < shares.length; k++) {
    const widest = Math.max(...(shares[k] ?? []).map((share, t) => share + (shares[k - 1]?.[t] ?? 0)));
    heights.push((heights[k - 1] ?? 0) + widest + GAP);
  }
  return heights;
}

/** A smooth function through points that rises and falls only where they do (Steffen 1990). */
export function monotone(x: readonly number[], y: readonly number[]): (at: number) => number {
  const n = x.length;
  const width = (i: number) => (x[i + 1] ?? 0) - (x[i] ?? 0);
  const slope = (i: number) => ((y[i + 1] ?? 0) - (y[i] ?? 0)) / width(i);
  const inner = (i: number) => {
    const [a, b] = [slope(i - 1), slope(i)];
    const mean = (a * width(i) + b * width(i - 1)) / (width(i - 1) + width(i));
    return (Math.sign(a) + Math.sign(b)) * Math.min(Math.abs(a), Math.abs(b), 0.5 * Math.abs(mean));
  };
  const tangents = x.map((_, i) => (i > 0 && i < n - 1 ? inner(i) : 0));
  const end = (i: number, next: number, s: number) => {
    tangents[i] = n > 2 ? (3 * s - (tangents[next] ?? 0)) / 2 : s;
  };
  end(0, 1, slope(0));
  end(n - 1, n - 2, slope(n - 2));
  return (at) => {
    let i = 0;
    while (i < n - 2 && at > (x[i + 1] ?? 0)) i++;
    const h = width(i);
    const t = Math.min(Math.max((at - (x[i] ?? 0)) / h, 0), 1);
    const [y0, y1, m0, m1] = [y[i] ?? 0, y[i + 1] ?? 0, tangents[i] ?? 0, tangents[i + 1] ?? 0];
    return (
      (1 + 2 * t) * (1 - t) ** 2 * y0 + t * (1 - t) ** 2 * h * m0 + t * t * (3 - 2 * t) * y1 - t * t * (1 - t) * h * m1
    );
  };
}

/** Height of the upper (1) or lower (-1) edge of a band at a time. */
export type Edge = (time: number, side: 1 | -1) => number;

export type Point = readonly [number, number];

/** Outline of a vein, from a stretch of one band's edge to a stretch of another's. */
export function vein(
  from: Edge,
  to: Edge,
  side: 1 | -1,
  leaves: number,
  arrives: number,
  width: number,
): readonly Point[] {
  const way = Array.from({ length: POINTS }, (_, i) => i / (POINTS - 1));
  const opposite = side === 1 ? -1 : 1;
  const start = way.map((t): Point => [leaves + t * width, from(leaves + t * width, side)]);
  const end = way.map((t): Point => [arrives + t * width, to(arrives + t * width, opposite)]);
  const between = ([x0, y0]: Point, [x1, y1]: Point) =>
    way.map((t): Point => [x0 + t * (x1 - x0), y0 + rise(t) * (y1 - y0)]);
  const left = between(start[0] as Point, end[0] as Point);
  const right = between(start[POINTS - 1] as Point, end[POINTS - 1] as Point);
  return [...start, ...right, ...end.toReversed(), ...left.toReversed()];
}

/** An S from 0 to 1. */
function rise(t: number): number {
  const logistic = (u: number) => 1 / (1 + Math.exp(-(u - 0.5) / 0.2));
  return (logistic(t) - logistic(0)) / (logistic(1) - logistic(0));
}
