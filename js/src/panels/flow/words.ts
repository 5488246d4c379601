/** The flow in words, tables and files. */
import type { Groups } from "../../protocol";
import type { FlowEdge } from "../../state/flow";
import { formatNumber } from "../../text";

export type Column = "time" | "source" | "target" | "flow" | "expected" | "ratio" | "low" | "high" | "z";

export const HELP: Record<Column, string> = {
  time: "The earlier time of the step",
  source: "Where the flow comes from",
  target: "Where it goes",
  flow: "Share of the source's probability that goes there in one step",
  expected: "The same if each cell went to all its neighbours alike",
  ratio: "Flow over what is expected",
  low: "Lower end of what 95 % of the flows without direction are",
  high: "Upper end of what 95 % of the flows without direction are",
  z: "Standard deviations above what is expected",
};

export type Row = Record<Exclude<Column, "source" | "target">, number> & { source: string; target: string };

export function columnsOf(groups: Groups): readonly Column[] {
  const columns = Object.keys(HELP) as Column[];
  return groups.times.length ? columns : columns.filter((column) => column !== "time");
}

export function rowOf(edge: FlowEdge, groups: Groups): Row {
  return {
    time: groups.times[edge.step] ?? Number.NaN,
    source: nameOf(groups, edge.source),
    target: nameOf(groups, edge.target),
    flow: edge.flow,
    expected: edge.expected,
    ratio: edge.flow / edge.expected,
    low: edge.low,
    high: edge.high,
    z: edge.z,
  };
}

export function nameOf(groups: Groups, cluster: number): string {
  return groups.clusters[cluster]?.name ?? "";
}

/** Sorted by a column, unknown numbers last. */
export function sortedRows(rows: readonly Row[], by: Column | null, descending: boolean): readonly Row[] {
  if (by === null) return rows;
  const sign = descending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [x, y] = [a[by], b[by]];
    if (typeof x === "string" || typeof y === "string") return sign * String(x).localeCompare(String(y));
    if (Number.isNaN(x) || Number.isNaN(y)) return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    return sign * (x - y);
  });
}

/** Three decimals for shares; fewer digits for the rest. */
export function formatCell(column: Column, value: string | number): string {
  if (typeof value === "string") return value;
  if (Number.isNaN(value)) return "…";
  if (column === "time") return formatNumber(value);
  return value.toFixed(column === "z" ? 1 : column === "ratio" ? 2 : 3);
}

// What a spreadsheet takes for the beginning of a formula, also after blanks; and numbers, which are none.
const FORMULA = /^\s*[=+\-@\t\r\n＝＋－＠]/;
const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

/** A name for a cell of a table: with a `'` before it, if a spreadsheet would run it as a formula. */
export function inert(name: string): string {
  return FORMULA.test(name) && !NUMBER.test(name) ? `'${name}` : name;
}

/** A file of separated values; names with separators, quotes or breaks are quoted, and none is a formula. */
export function toText(rows: readonly Row[], columns: readonly Column[], separator: "," | "\t"): string {
  const cell = (value: string | number) => {
    if (typeof value === "number") return Number.isNaN(value) ? "" : String(Number(value.toPrecision(7)));
    const text = inert(value);
    return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [columns.join(separator), ...rows.map((row) => columns.map((name) => cell(row[name])).join(separator))];
  return `${lines.join("\n")}\n`;
}

/** One flow as a sentence. */
export function sentence(edge: FlowEdge, groups: Groups): string {
  const row = rowOf(edge, groups);
  const step = groups.times.length
    ? `, ${formatNumber(row.time)} to ${formatNumber(groups.times[edge.step + 1] ?? 0)}`
    : "";
  const numbers = (["flow", "expected", "ratio", "z"] as const).map((name) => `${name} ${formatCell(name, row[name])}`);
  return `${row.source} to ${row.target}${step}: ${numbers.join(", ")}`;
}
