/** Counts of walks in words and rows. */
import type { Walks } from "../state/store";
import type { CellRule } from "../state/traits";
import { formatCount, formatShare } from "../text";
import { type Column, columnOf, describeRule } from "./cell-rule";

export interface Row {
  name: string;
  color: string;
  count: number;
  /** Of all walks, or of those that have arrived; between `low` and `high` with 95 % confidence. */
  share: number;
  low: number;
  high: number;
}

/** One row for each cluster that has cells, in their order. */
export function rowsAt(walks: Walks, step: number): Row[] {
  const { clusters, arrays } = walks;
  const width = clusters?.names.length ?? 0;
  const total = arrays.totals[step] ?? 0;
  return (clusters?.used ?? []).map((i) => {
    const at = step * width + i;
    const count = arrays.counts[at] ?? 0;
    return {
      name: clusters?.names[i] ?? "",
      color: clusters?.colors[i] ?? "",
      count,
      share: total ? count / total : 0,
      low: arrays.low[at] ?? 0,
      high: arrays.high[at] ?? 1,
    };
  });
}

/** Where walks from somewhere end, in one sentence: about these walks, though others may have been asked for since. */
export function sentence(walks: Walks, cellName: (cell: number) => string, columns: readonly Column[]): string {
  const rule = walks.start_ixs as CellRule;
  const from = describeRule(
    rule,
    cellName,
    columns.find(({ name }) => name === columnOf(rule)),
  );
  const total = walks.arrays.totals[walks.n_steps] ?? 0;
  const best = rowsAt(walks, walks.n_steps).sort((a, b) => b.count - a.count)[0];
  const n = formatCount(walks.n_walks);
  const back = walks.params.backward ? "backward " : "";
  if (walks.stopped && !total)
    return `None of ${n} ${back}walks from ${from} has arrived after ${walks.n_steps} steps.`;
  if (!best?.count) return `${n} ${back}walks from ${from}, ${walks.n_steps} steps.`;
  const where = `${formatShare(best.share)} (${formatShare(best.low)} to ${formatShare(best.high)})`;
  if (!walks.stopped)
    return `${where} of ${n} ${back}walks from ${from} are in ${best.name} after ${walks.n_steps} steps.`;
  const open = walks.n_walks - total;
  const rest = open ? ` ${formatCount(open)} of ${n} have not arrived after ${walks.n_steps} steps.` : "";
  return `${where} of the ${back}walks from ${from} that arrive end in ${best.name}.${rest}`;
}
