/** How opaque something is drawn that deserves so much belief. */
import type { ResultOf } from "../protocol";
import { sample } from "./lattice";

/** What deserves none is still there to be seen, barely. */
const FAINTEST = 0.12;

export function opacityOf(belief: number): number {
  return Number.isNaN(belief) ? FAINTEST : FAINTEST + (1 - FAINTEST) * Math.min(Math.max(belief, 0), 1);
}

/** Opacity at the place whose coordinates begin at an index; 1 everywhere where belief is not known. */
export function opacityAt(belief: ResultOf<"belief"> | null): (places: ArrayLike<number>, first?: number) => number {
  if (!belief) return () => 1;
  const out = new Float64Array(1);
  const { belief: values } = belief.arrays;
  return (places, first = 0) => opacityOf(sample(belief, values, 1, places, first, out) ? (out[0] as number) : 0);
}

/** Opacity of the arrow of a cell: by the smaller of fidelity and support. */
export function opacityOfCell(diagnostics: ResultOf<"diagnostics"> | null): (cell: number) => number {
  if (!diagnostics) return () => 1;
  const { fidelity, support } = diagnostics.arrays;
  return (cell) => opacityOf(Math.min(fidelity[cell] ?? Number.NaN, support[cell] ?? Number.NaN));
}
