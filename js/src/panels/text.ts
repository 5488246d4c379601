/** Numbers and parameters in words. */
import { format } from "d3-format";
import type { Params } from "../protocol";

const plain = format(".4~r");
const scientific = format(".3~e");
const counted = format(",");

/** Four significant digits. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-4 || size >= 1e6) ? scientific(value) : plain(value);
}

export function formatCount(count: number): string {
  return counted(count);
}

export function formatWord(word: string): string {
  return word.replaceAll("_", " ");
}

export function formatDirection(backward: boolean, mode: string): string {
  return backward ? `backward (${mode})` : "forward";
}

/** What a picture shows. */
export function describe(params: Params): string {
  return [
    formatWord(params.scheme),
    ...describeMode(params),
    formatDirection(params.backward, params.backward_mode),
    `scale ${formatNumber(params.softmax_scale)}`,
  ].join(", ");
}

/** The mode with its numbers. */
function describeMode({ mode, n_samples, seed }: Params): string[] {
  const samples = n_samples === null ? [] : [`${formatCount(n_samples)} samples`];
  return [formatWord(mode), ...samples, ...(seed === null ? [] : [`seed ${seed}`])];
}

/** A share as a percentage: whole, with a digit more where that would be 0 or 100. */
export function formatShare(share: number): string {
  const percent = 100 * share;
  const nearEnd = (percent > 0 && percent < 1) || (percent > 99 && percent < 100);
  return `${nearEnd ? percent.toFixed(1) : Math.round(percent)} %`;
}
