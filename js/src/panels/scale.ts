import type { Failure } from "../protocol";

/** The slider of the softmax scale: logarithmic, from a hundredth to a hundred times the value in its middle. */

export const SLIDER = { min: -2, max: 2, step: 0.01 } as const;

/** Where the thumb is; a value out of range puts it at the end. */
export function toSlider(scale: number, middle: number): number {
  const position = Math.log10(scale / middle);
  return Number.isNaN(position) ? 0 : Math.min(Math.max(position, SLIDER.min), SLIDER.max);
}

/** The value under the thumb, in four digits so that it can be read and typed; exactly the middle in the middle. */
export function fromSlider(position: number, middle: number): number {
  return Math.abs(position) < SLIDER.step / 2 ? middle : Number((middle * 10 ** position).toPrecision(4));
}

/** The scale to be edited: with more digits than to be read; 'auto' before the automatic one is known. */
export function formatScale(scale: number | null): string {
  return scale === null ? "auto" : String(Number(scale.toPrecision(6)));
}

/** Why the scale cannot be moved, if so. */
export function whyFixed(scale: number | null, failures: readonly Pick<Failure, "stage">[]): string | null {
  if (failures.some(({ stage }) => stage === "similarity")) {
    return "No effect: the similarities could not be computed.";
  }
  return scale === null ? "Not known before the similarities are computed." : null;
}

/** A typed scale, or null if it is none. */
export function parseScale(text: string): number | null {
  const value = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && Number.isFinite(value) && value > 0 ? value : null;
}
