/** In which clusters walks are, or have arrived: a chart that is a table. */
import type { Walks } from "../state/store";
import { formatCount, formatShare } from "../text";
import { type Row, rowsAt } from "./arrivals";

export function Tally({ walks, step }: { walks: Walks; step: number }) {
  const { clusters, stopped, n_walks } = walks;
  if (!clusters) return <p class="vw-muted">Walks are counted by cluster, and these cells have no clusters.</p>;
  const rows = rowsAt(walks, step);
  const total = walks.arrays.totals[step] ?? 0;
  return (
    <div class="vw-tally-place">
      <table class="vw-tally">
        <caption>
          {stopped
            ? `Arrived by step ${step}: ${formatCount(total)} of ${formatCount(n_walks)} walks`
            : `Where ${formatCount(n_walks)} walks are after step ${step}`}
        </caption>
        <thead>
          <tr>
            <th scope="col">{clusters.key}</th>
            <th scope="col" title="Share, with its 95 % confidence interval (Wilson)">
              share, 95 % interval
            </th>
            <th scope="col">walks</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Line key={row.name} row={row} total={total} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ row, total }: { row: Row; total: number }) {
  const percent = (value: number) => `${100 * (total ? value : 0)}%`;
  const interval = total ? `${formatShare(row.low)} to ${formatShare(row.high)}` : "no walk yet";
  return (
    <tr data-empty={row.count === 0}>
      <th scope="row" title={row.name}>
        <span class="vw-swatch" style={{ background: row.color }} />
        <span class="vw-tally-name">{row.name}</span>
      </th>
      <td>
        <div class="vw-tally-row" title={interval}>
          <div class="vw-tally-track">
            <div class="vw-tally-bar" style={{ width: percent(row.share), background: row.color }} />
            <div
              class="vw-tally-interval"
              style={{ left: percent(row.low), width: `calc(${percent(row.high)} - ${percent(row.low)})` }}
            />
          </div>
          <span class="vw-tally-share">{total ? formatShare(row.share) : "–"}</span>
          <span class="vw-hidden">, {interval}</span>
        </div>
      </td>
      <td class="vw-tally-count">{formatCount(row.count)}</td>
    </tr>
  );
}
