/** The flow out of one cluster over time: clusters as bands, flows as veins whose width along the time axis is the flow. */
import type { Groups } from "../../protocol";
import type { FlowEdge } from "../../state/flow";
import { formatNumber } from "../../text";
import { usePageId } from "../use-page-id";
import { arrange, confidence, type Edge, GAP, monotone, type Point, stack, vein } from "./layout";
import { isSame, type PictureProps } from "./picture";

const LETTER = 7.4;
const LONGEST = 20;
const AXIS = 40;
const TOP = 8;
const HEIGHT = 360;
const LEAST_GAP = 15; // pixels between bands: a line of text
const LEAST_UNIT = 60;
const LARGEST_WIDTH = 20_000; // where some times are much closer than others
const MOST_POINTS = 4000; // of a band
const ALPHA = { band: 0.8, leaves: 0.25, arrives: 0.85 };

interface Band {
  cluster: number;
  middle: number;
  edge: Edge;
}

export function Veins(props: PictureProps & { minFlow: number }) {
  const { groups, edges, width, active, source, minFlow, onEnter, onPick } = props;
  const id = usePageId();
  if (source === null) return null;
  const { times } = groups;
  const gap = Math.min(...times.slice(1).map((time, i) => time - (times[i] ?? 0)));
  const x = times.map((time) => (time - (times[0] ?? 0)) / gap);
  const own = edges.filter((edge) => edge.source === source);
  const { bands, below, above } = bandsOf(groups, own, source, x, minFlow);
  const gutter =
    24 + LETTER * Math.min(LONGEST, Math.max(...bands.map((b) => groups.clusters[b.cluster]?.name.length ?? 0)));
  const span = x[x.length - 1] ?? 1;
  const unit = Math.max(Math.min(LEAST_UNIT, LARGEST_WIDTH / span), (width - gutter - 24) / span);
  const [first, last] = [bands[0] as Band, bands[bands.length - 1] as Band];
  const bottom = Math.min(...x.map((time) => first.edge(time, -1)));
  const top = Math.max(...x.map((time) => last.edge(time, 1)));
  const scale = Math.max(LEAST_GAP / GAP, Math.min(HEIGHT / (top - bottom), 130));
  const height = (top - bottom) * scale;
  const place = ([time, y]: Point): Point => [gutter + time * unit, TOP + (top - y) * scale];
  const pieces = Math.min(Math.ceil(span) * 40, MOST_POINTS);
  const along = Array.from({ length: pieces + 1 }, (_, i) => (i / pieces) * span);
  const isLit = (c: number) => active !== null && (active.source === c || active.target === c);

  return (
    <svg
      class="vw-flow-picture"
      width={gutter + span * unit + 16}
      height={TOP + height + AXIS}
      font-size="12"
      role="img"
      aria-label={`Flow from ${groups.clusters[source]?.name} over ${groups.time_key}; the table has the numbers.`}
    >
      <path
        d={x.map((time) => `M${gutter + time * unit} ${TOP}v${height + 6}`).join("")}
        stroke="currentColor"
        stroke-opacity="0.14"
      />
      {bands.map((band) => {
        const { name = "", color = "" } = groups.clusters[band.cluster] ?? {};
        const outline = [
          ...along.map((time): Point => [time, band.edge(time, 1)]),
          ...along.toReversed().map((time): Point => [time, band.edge(time, -1)]),
        ];
        const [, y] = place([0, band.middle]);
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: the source is chosen in the list above, too
          <g key={band.cluster} class="vw-flow-name" onClick={() => onPick(band.cluster)}>
            <title>{band.cluster === source ? name : `${name}: make it the source, and the start of walks`}</title>
            <path d={pathOf(outline.map(place))} fill={color} fill-opacity={ALPHA.band} />
            <circle cx={gutter - 12} cy={y} r="4" fill={color} />
            <text
              x={gutter - 20}
              y={y}
              dy="0.35em"
              text-anchor="end"
              fill="currentColor"
              font-weight={isLit(band.cluster) || band.cluster === source ? 700 : 400}
            >
              {name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name}
            </text>
          </g>
        );
      })}
      {veinsOf(own, bands, source, below, above, x, minFlow).map(({ edge, outline }) => {
        const points = outline.map(place);
        const xs = points.map(([px]) => px);
        const [from, to] = [Math.min(...xs), Math.max(...xs)];
        const key = `${id}-${edge.step}-${edge.target}`;
        const faded = confidence(edge.z);
        const isActive = isSame(active, edge);
        const stop = (cluster: number, opacity: number) => (
          <stop
            offset={cluster === source ? 0 : 1}
            stop-color={groups.clusters[cluster]?.color}
            stop-opacity={opacity * faded}
          />
        );
        return (
          <g key={key}>
            <linearGradient id={key} gradientUnits="userSpaceOnUse" x1={from} x2={to} y1="0" y2="0">
              {stop(source, ALPHA.leaves)}
              {stop(edge.target, ALPHA.arrives)}
            </linearGradient>
            {/* biome-ignore lint/a11y/noStaticElementInteractions: the keyboard goes through the veins of the whole picture */}
            <path
              data-edge={`${edge.step}-${edge.target}`}
              d={pathOf(points)}
              fill={`url(#${key})`}
              stroke="currentColor"
              stroke-width={isActive ? 1.5 : 1}
              stroke-opacity={isActive ? 0.9 : 0.16}
              onPointerEnter={(event) => onEnter(edge, event)}
              onClick={() => onPick(edge.target)}
            />
          </g>
        );
      })}
      {x.map((time, i) => (
        <text key={time} x={gutter + time * unit} y={TOP + height + 20} text-anchor="middle" fill="currentColor">
          {formatNumber(times[i] ?? 0)}
        </text>
      ))}
      <text
        x={gutter + (span * unit) / 2}
        y={TOP + height + 37}
        text-anchor="middle"
        fill="currentColor"
        fill-opacity="0.7"
      >
        {groups.time_key}
      </text>
    </svg>
  );
}

function bandsOf(groups: Groups, own: readonly FlowEdge[], source: number, x: readonly number[], minFlow: number) {
  const n = groups.clusters.length;
  const received = groups.clusters.map((_, c) => sum(own.filter((edge) => edge.target === c).map((edge) => edge.flow)));
  const shown = groups.clusters
    .map((_, c) => c)
    .filter((c) => own.some((edge) => edge.target === c && edge.flow > minFlow));
  const [below, above] = arrange(received, source, shown);
  const order = [...below, source, ...above];
  const shares = order.map((c) => x.map((_, t) => groups.arrays.proportions[t * n + c] ?? 0));
  const middles = stack(shares);
  const bands = order.map((cluster, k): Band => {
    const half = monotone(x, shares[k] ?? []);
    const middle = middles[k] ?? 0;
    return { cluster, middle, edge: (time, side) => middle + side * half(time) };
  });
  return { bands, below, above };
}

function veinsOf(
  own: readonly FlowEdge[],
  bands: readonly Band[],
  source: number,
  below: readonly number[],
  above: readonly number[],
  x: readonly number[],
  minFlow: number,
): { edge: FlowEdge; outline: readonly Point[] }[] {
  const band = (cluster: number) => bands.find((candidate) => candidate.cluster === cluster) as Band;
  const made = [];
  for (let step = 0; step < x.length - 1; step++) {
    for (const side of [-1, 1] as const) {
      let leaves = x[step] ?? 0;
      // Those to the farthest leave first: so they do not cross.
      for (const target of side < 0 ? below : above.toReversed()) {
        const edge = own.find((candidate) => candidate.step === step && candidate.target === target);
        if (!edge || edge.flow <= minFlow) continue;
        const arrives = (x[step + 1] ?? 0) - edge.flow;
        const outline = vein(band(source).edge, band(target).edge, side, leaves, arrives, edge.flow);
        made.push({ edge, outline });
        leaves += edge.flow;
      }
    }
  }
  return made;
}

function pathOf(points: readonly Point[]): string {
  return `M${points.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}Z`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
