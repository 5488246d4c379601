import { useState } from "preact/hooks";
import { type Column, formatCell, HELP, type Row, sortedRows } from "./words";

/** The numbers; a click on a column's name sorts by it, up, down, and as they were. */
export function FlowTable({ rows, columns }: { rows: readonly Row[]; columns: readonly Column[] }) {
  const [order, setOrder] = useState<{ by: Column; descending: boolean } | null>(null);
  const click = (by: Column) =>
    setOrder(order?.by !== by ? { by, descending: false } : order.descending ? null : { by, descending: true });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a long table is scrolled with the keyboard
    <div class="vw-table-frame" tabIndex={0}>
      <table class="vw-table">
        <caption class="vw-hidden">Flow between clusters</caption>
        <thead>
          <tr>
            {columns.map((column) => {
              const sorted = order?.by === column ? (order.descending ? "descending" : "ascending") : "none";
              return (
                <th
                  key={column}
                  scope="col"
                  aria-sort={sorted}
                  data-number={column !== "source" && column !== "target"}
                >
                  <button type="button" title={`${HELP[column]}. Sort by it.`} onClick={() => click(column)}>
                    {column}
                    <span aria-hidden="true">{{ ascending: " ▲", descending: " ▼", none: "" }[sorted]}</span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {sortedRows(rows, order?.by ?? null, order?.descending ?? false).map((row) => (
            <tr key={`${row.time}-${row.source}-${row.target}`}>
              {columns.map((column) => (
                <td key={column} data-number={typeof row[column] === "number"}>
                  {formatCell(column, row[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
