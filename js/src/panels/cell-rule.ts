/** Rules that choose cells, as the controls see them. */
import type { Choices } from "../protocol";
import type { CellRule } from "../state/traits";
import { formatCount, formatNumber } from "../text";

export type Column = Choices["columns"][number];

/** Whether a rule lists cells; `Array.isArray` does not tell that of a readonly array. */
export function isList(rule: CellRule): rule is readonly (string | number)[] {
  return Array.isArray(rule);
}

/** The column that a rule is about; null if it lists cells, or none. */
export function columnOf(rule: CellRule): string | null {
  return rule === null || isList(rule) ? null : (Object.keys(rule)[0] ?? null);
}

/** What a column is asked for when it is chosen: its first category, or all its numbers. */
export function firstRule(column: Column): CellRule {
  const values = column.categories?.slice(0, 1) ?? column.range ?? [];
  return { [column.name]: [...values] };
}

/** The values of a rule about a column. */
export function valuesOf(rule: CellRule): readonly (string | number)[] {
  const column = columnOf(rule);
  return column === null ? [] : ((rule as Record<string, readonly (string | number)[]>)[column] ?? []);
}

/** With a category more, or less. */
export function toggled(rule: CellRule, category: string): CellRule {
  const [column, values] = [columnOf(rule), valuesOf(rule)];
  if (column === null) return rule;
  const rest = values.filter((value) => String(value) !== category);
  return { [column]: rest.length < values.length ? rest : [...values, category] };
}

/** The cells in words. */
export function describeRule(rule: CellRule, cellName: (cell: number) => string, column: Column | undefined): string {
  if (rule === null) return "all cells";
  if (isList(rule)) {
    return rule.length === 1 ? cellName(Number(rule[0])) : `${formatCount(rule.length)} chosen cells`;
  }
  const values = valuesOf(rule);
  if (column?.categories) {
    return values.length <= 3 ? values.map(String).join(", ") : `${values.length} of ${columnOf(rule)}`;
  }
  const [low, high] = values.map(Number);
  return `${columnOf(rule)} from ${formatNumber(low ?? Number.NaN)} to ${formatNumber(high ?? Number.NaN)}`;
}
