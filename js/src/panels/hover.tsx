/** The cell under the pointer: a ring in every display; its name, cluster and colour where the pointer is. */
import type { Cells, Clusters, Color } from "../protocol";
import type { View } from "../scene/scene";
import { valueAt } from "../state/color";
import type { Store } from "../state/store";
import { digitsBetween, formatNumber } from "../text";

export function Hover({ store, view, hasPointer }: { store: Store; view: View; hasPointer: boolean }) {
  const cell = store.hovered.value;
  const positions = store.embedding.value?.arrays.positions;
  if (cell === null || !positions) return null;
  const dims = store.embedding.value?.components.length ?? 2;
  const [x, y] = view.project(positions, dims * cell);
  const outside = !(x >= 0 && x <= view.size.width && y >= 0 && y <= view.size.height);
  if (outside) return null;
  const color = store.color.value;
  const clusters = store.clusters.value;
  const leftwards = x > view.size.width / 2;
  return (
    <>
      <div class="vw-ring" style={{ left: `${x}px`, top: `${y}px` }} />
      {hasPointer && (
        <div
          class="vw-tooltip"
          role="tooltip"
          data-leftwards={leftwards}
          style={{ left: `${x}px`, top: `${y}px`, maxWidth: `${Math.max(x, view.size.width - x) - 24}px` }}
        >
          <strong>{store.cellName(cell)}</strong>
          {clusters && <Value name={clusters.key} value={clusterOf(clusters, store.cells.value, cell)} />}
          {color && color.key !== clusters?.key && <Value name={color.key} value={textAt(color, cell)} />}
        </div>
      )}
    </>
  );
}

function Value({ name, value }: { name: string; value: string }) {
  return (
    <span>
      {name}: {value}
    </span>
  );
}

function clusterOf(clusters: Clusters, cells: Cells | null, cell: number): string {
  return clusters.names[cells?.arrays.codes[cell] ?? -1] ?? "missing";
}

function textAt(color: Color, cell: number): string {
  if (color.type === "categorical") return color.categories[color.arrays.codes[cell] ?? -1]?.name ?? "missing";
  const value = valueAt(color, cell);
  return Number.isNaN(value) ? "missing" : formatNumber(value, digitsBetween(color.vmin, color.vmax));
}
