/** The picture of the flow, with what pointer and keyboard do in it. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Groups } from "../../protocol";
import type { FlowEdge } from "../../state/flow";
import type { Store } from "../../state/store";
import { formatNumber } from "../../text";
import { FlowTable } from "./flow-table";
import { Z_LIMIT } from "./layout";
import { Matrix } from "./matrix";
import { isSame, neighbour } from "./picture";
import { Veins } from "./veins";
import { columnsOf, formatCell, rowOf, sentence } from "./words";

const REST_MS = 400;
const MARGIN = 12;

interface FigureProps {
  store: Store;
  groups: Groups;
  edges: readonly FlowEdge[];
  source: number | null;
  minFlow: number;
}

export function FlowFigure({ store, groups, edges, source, minFlow }: FigureProps) {
  const place = useRef<HTMLDivElement>(null);
  const width = useWidth(place);
  // A signal: keys that come faster than pictures go on from where the last one went.
  const at = useSignal<{ edge: FlowEdge; x: number; y: number } | null>(null);
  // With the keyboard: that the picture moves under a resting pointer means nothing then.
  const isSteered = useRef(false);
  const isPointed = (event: PointerEvent) => {
    if (event.movementX || event.movementY) isSteered.current = false;
    return !isSteered.current;
  };
  const overTime = groups.times.length > 0;
  const visible = edges.filter((edge) => edge.flow > minFlow && !(overTime && edge.source === edge.target));
  // The numbers are those of now, also while the pointer rests and the kernel changes.
  const now = () => edges.find((edge) => at.value && isSame(edge, at.value.edge)) ?? null;
  const active = now();

  /** Look at a flow from a point of the page. */
  const look = (edge: FlowEdge, x: number, y: number) => {
    const frame = place.current?.getBoundingClientRect();
    at.value = { edge, x: x - (frame?.x ?? 0), y: y - (frame?.y ?? 0) };
    store.highlight.value = [...new Set([edge.source, edge.target])];
  };
  const lookAway = () => {
    at.value = null;
    store.highlight.value = null;
  };
  const pick = (cluster: number) => {
    const name = groups.clusters[cluster]?.name ?? "";
    const { cluster_key } = groups;
    const startsThere = store.choices.value.find((column) => column.name === cluster_key)?.categories?.includes(name);
    const again = name === store.traits.cluster.value;
    if (!again) {
      store.setTogether({ cluster: name, ...(startsThere && { start_ixs: { [cluster_key]: [name] } }) });
    } else if (!overTime) store.setTogether({ cluster: "", ...(startsThere && { start_ixs: null }) });
  };
  const go = (next: FlowEdge | undefined) => {
    if (!next) return;
    isSteered.current = true;
    const id = overTime ? `${next.step}-${next.target}` : `${next.source}-${next.target}`;
    const mark = place.current?.querySelector(`[data-edge="${id}"]`);
    mark?.scrollIntoView({ block: "nearest", inline: "nearest" });
    const box = mark?.getBoundingClientRect();
    if (box) look(next, box.x + box.width / 2, box.y + box.height / 2);
  };
  const placeOf = (edge: FlowEdge): readonly [number, number] =>
    overTime ? [edge.target, edge.step] : [edge.source, edge.target];
  const keys: Record<string, () => void> = {
    ArrowRight: () => go(neighbour(visible, now(), placeOf, 0, 1)),
    ArrowLeft: () => go(neighbour(visible, now(), placeOf, 0, -1)),
    ArrowDown: () => go(neighbour(visible, now(), placeOf, 1, 0)),
    ArrowUp: () => go(neighbour(visible, now(), placeOf, -1, 0)),
    Enter: () => {
      const edge = now();
      if (edge) pick(overTime ? edge.target : edge.source);
    },
    Escape: lookAway,
  };
  const props = {
    groups,
    edges: visible,
    width,
    active,
    source,
    onPick: pick,
    onEnter: (edge: FlowEdge, event: PointerEvent) => isPointed(event) && look(edge, event.clientX, event.clientY),
  };
  const later = useLater(edges, REST_MS);

  return (
    <div class="vw-flow-figure">
      <div class="vw-flow-frame">
        <div
          ref={place}
          class="vw-flow-canvas"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it is read with the keyboard, which its label says
          tabIndex={0}
          role="application"
          aria-label="flow: arrow keys go from one flow to the next, Enter makes a cluster the source"
          onPointerLeave={(event) => isPointed(event) && lookAway()}
          onKeyDown={(event) => {
            const act = keys[event.key];
            if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
            act();
            event.preventDefault();
          }}
        >
          {width > 0 && (overTime ? <Veins {...props} minFlow={minFlow} /> : <Matrix {...props} />)}
          {!visible.length && (
            <p class="vw-muted" role="status">
              No flow is above {formatNumber(minFlow)}.
            </p>
          )}
        </div>
        {active && at.value && <Tip edge={active} groups={groups} x={at.value.x} y={at.value.y} width={width} />}
      </div>
      <p class="vw-key">
        {overTime
          ? "A vein's width along the time axis is the flow; a band's, the share of the cells. "
          : "Filled: the flow, in the target's colour; outlined: what is expected without direction. Area is flow; the diagonal is what stays. "}
        Faint: within {Z_LIMIT} standard deviations of what the graph gives without direction.
      </p>
      <p class="vw-hidden" role="status">
        {active ? sentence(active, groups) : ""}
      </p>
      <div class="vw-hidden">
        <FlowTable rows={later.map((edge) => rowOf(edge, groups))} columns={columnsOf(groups)} />
      </div>
    </div>
  );
}

function Tip(props: { edge: FlowEdge; groups: Groups; x: number; y: number; width: number }) {
  const { edge, groups, x, y, width } = props;
  const row = rowOf(edge, groups);
  const known = !Number.isNaN(row.low);
  return (
    <div
      class="vw-tooltip vw-flow-tip"
      role="tooltip"
      data-leftwards={x > width / 2}
      style={{ left: `${x}px`, top: `${y}px`, maxWidth: `${Math.max(x, width - x) - MARGIN}px` }}
    >
      <strong>
        {row.source === row.target ? `${row.source} stays` : `${row.source} → ${row.target}`}
        {groups.times.length > 0 &&
          `, ${groups.time_key} ${formatNumber(row.time)} to ${formatNumber(groups.times[edge.step + 1] ?? 0)}`}
      </strong>
      <span>
        flow {formatCell("flow", row.flow)}, expected {formatCell("expected", row.expected)}
      </span>
      <span>
        ratio {formatCell("ratio", row.ratio)}, z {formatCell("z", row.z)}
      </span>
      <span class="vw-muted">
        without direction {known ? `${formatCell("low", row.low)} to ${formatCell("high", row.high)}` : "…"}
      </span>
    </div>
  );
}

/** A value once it has rested: readers of the screen need no frames. */
function useLater<T>(value: T, ms: number): T {
  const [later, setLater] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLater(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return later;
}

function useWidth(place: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    if (!place.current) return;
    const measure = () => setWidth(place.current?.clientWidth ?? 0);
    const observer = new ResizeObserver(measure);
    observer.observe(place.current);
    measure();
    return () => observer.disconnect();
  }, [place]);
  return width;
}
