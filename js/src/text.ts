/** Numbers and parameters in words. */
import { format } from "d3-format";
import type { Options, Params } from "./protocol";
import { titleOfOffer } from "./table";

const DIGITS = 4;
const MOST_DIGITS = 15;
const counted = format(",");

/** So many significant digits; what is very small or large as a power of ten. */
export function formatNumber(value: number, digits = DIGITS): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const isLong = size !== 0 && (size < 1e-4 || size >= 10 ** Math.max(6, digits));
  return format(isLong ? `.${digits - 1}~e` : `.${digits}~r`)(value);
}

/** How many significant digits tell values between these apart, be they far from 0. */
export function digitsBetween(low: number, high: number): number {
  if (low === high) return DIGITS;
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(low), Math.abs(high)) / (high - low))) + DIGITS - 1;
  return Math.min(Math.max(digits, DIGITS), MOST_DIGITS);
}

export function formatCount(count: number): string {
  return counted(count);
}

export function formatDirection(backward: boolean, mode: string): string {
  return backward ? `backward (${mode})` : "forward";
}

/** The chain that a picture shows, in the controls' words. */
export function describe(params: Params, options: Pick<Options, "parameters" | "fixed"> | null): string {
  if (options?.fixed) return params.backward ? `${options.fixed.kernel}, backward` : options.fixed.kernel;
  return [
    titleOfOffer(options, "scheme", params.scheme),
    ...describeMode(params, options),
    formatDirection(params.backward, params.backward_mode),
    `softmax scale ${formatNumber(params.softmax_scale ?? Number.NaN)}${params.auto_scale ? " (auto)" : ""}`,
  ].join(", ");
}

/** The mode with its numbers. */
function describeMode({ mode, n_samples, seed }: Params, options: Pick<Options, "parameters"> | null): string[] {
  const samples = n_samples === null ? [] : [`${formatCount(n_samples)} samples`];
  return [titleOfOffer(options, "mode", mode), ...samples, ...(seed === null ? [] : [`seed ${seed}`])];
}

/** A share as a percentage: whole, with a digit more where that would be 0 or 100. */
export function formatShare(share: number): string {
  const percent = 100 * share;
  const nearEnd = (percent > 0 && percent < 1) || (percent > 99 && percent < 100);
  return `${nearEnd ? percent.toFixed(1) : Math.round(percent)} %`;
}
