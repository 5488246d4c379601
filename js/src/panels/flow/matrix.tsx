/**
 * All clusters at once: a square for each flow, source by row and target by column. Unlike a chord or a Sankey diagram, forty
 * clusters read as five do: each pair keeps its place, and a flow and its way back lie across the diagonal.
 */
import type { Groups } from "../../protocol";
import type { FlowEdge } from "../../state/flow";
import { confidence } from "./layout";
import type { PictureProps } from "./picture";

const SMALLEST = 13;
const LARGEST = 46;
const LETTER = 7.4; // width in pixels, of bold text at a size of 12
const LONGEST = 17; // letters of a name
const TILTED = 17; // smallest squares under names that lean; above smaller ones they stand upright

export function Matrix({ groups, edges, width, active, source, onEnter, onPick }: PictureProps) {
  const shown = groups.clusters.map((_, c) => c).filter((c) => groups.clusters[c]?.count);
  const place = new Map(shown.map((c, i) => [c, i]));
  const gutter = 26 + LETTER * Math.min(LONGEST, Math.max(...shown.map((c) => groups.clusters[c]?.name.length ?? 0)));
  const room = gutter - 16;
  const leaning = (width - gutter - room * Math.SQRT1_2) / shown.length;
  const tilt = leaning >= TILTED ? 45 : 90;
  const overhang = tilt === 45 ? room * Math.SQRT1_2 : 8;
  const head = tilt === 45 ? 20 + room * Math.SQRT1_2 : 14 + room;
  const side = Math.max(SMALLEST, Math.min(LARGEST, (width - gutter - overhang) / shown.length));
  const size = side * shown.length;
  const largest = Math.max(
    1e-9,
    ...edges.filter((e) => e.source !== e.target).map((e) => Math.max(e.flow, e.expected)),
  );
  const length = (share: number) => 0.86 * side * Math.sqrt(Math.min(share / largest, 1));
  const fontSize = Math.min(12, side - 1);
  const at = (c: number) => side * ((place.get(c) ?? 0) + 0.5);
  const lit = (c: number) => active !== null && (active.source === c || active.target === c);

  return (
    <svg
      class="vw-flow-picture"
      width={gutter + size + overhang}
      height={head + size + 4}
      font-size={fontSize}
      role="img"
      aria-label={`Flow between ${shown.length} clusters; the table has the numbers.`}
    >
      <g transform={`translate(${gutter} ${head})`}>
        {shown.map((c) => (
          <g key={c}>
            <Name
              groups={groups}
              cluster={c}
              bold={lit(c) || c === source}
              transform={`translate(-8 ${at(c)})`}
              anchor="end"
              onClick={() => onPick(c)}
            />
            <Name
              groups={groups}
              cluster={c}
              bold={lit(c)}
              transform={`translate(${at(c)} -8) rotate(${-tilt})`}
              anchor="start"
              onClick={() => onPick(c)}
            />
          </g>
        ))}
        <path d={gridLines(shown.length, side)} stroke="currentColor" stroke-opacity="0.12" fill="none" />
        {source !== null && place.has(source) && (
          <rect x="0" y={at(source) - side / 2} width={size} height={side} fill="currentColor" fill-opacity="0.06" />
        )}
        {edges.map((edge) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: the keyboard goes through the cells of the whole picture
          <g
            key={`${edge.source}-${edge.target}`}
            data-edge={`${edge.source}-${edge.target}`}
            transform={`translate(${at(edge.target)} ${at(edge.source)})`}
            onPointerEnter={(event) => onEnter(edge, event)}
            onClick={() => onPick(edge.source)}
          >
            <rect x={-side / 2} y={-side / 2} width={side} height={side} fill="transparent" />
            {edge.source === edge.target ? (
              <Stays edge={edge} side={side} />
            ) : (
              <Square edge={edge} groups={groups} length={length} />
            )}
            {active?.source === edge.source && active.target === edge.target && (
              <rect
                data-screen=""
                x={-side / 2}
                y={-side / 2}
                width={side}
                height={side}
                fill="none"
                stroke="currentColor"
                stroke-width="1.5"
              />
            )}
          </g>
        ))}
      </g>
    </svg>
  );
}

function Square(props: { edge: FlowEdge; groups: Groups; length: (share: number) => number }) {
  const { edge, groups, length } = props;
  const [flow, expected] = [length(edge.flow), length(edge.expected)];
  return (
    <>
      <rect
        x={-flow / 2}
        y={-flow / 2}
        width={flow}
        height={flow}
        fill={groups.clusters[edge.target]?.color}
        fill-opacity={confidence(edge.z)}
      />
      <rect
        x={-expected / 2}
        y={-expected / 2}
        width={expected}
        height={expected}
        fill="none"
        stroke="currentColor"
        stroke-opacity="0.55"
      />
    </>
  );
}

/** What stays would outdo all else: it is a number. */
function Stays({ edge, side }: { edge: FlowEdge; side: number }) {
  return (
    <>
      <rect
        x={-side / 2 + 1}
        y={-side / 2 + 1}
        width={side - 2}
        height={side - 2}
        fill="currentColor"
        fill-opacity={0.04 + 0.1 * edge.flow}
      />
      {side >= 26 && (
        <text text-anchor="middle" dy="0.35em" font-size="11" fill="currentColor" fill-opacity="0.7">
          {Math.round(100 * edge.flow)}%
        </text>
      )}
    </>
  );
}

function Name(props: {
  groups: Groups;
  cluster: number;
  bold: boolean;
  transform: string;
  anchor: "start" | "end";
  onClick: () => void;
}) {
  const { groups, cluster, bold, transform, anchor, onClick } = props;
  const { name = "", color = "" } = groups.clusters[cluster] ?? {};
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the source is chosen in the list above, too
    <g transform={transform} onClick={onClick} class="vw-flow-name">
      <title>{`${name}: make it the source, and the start of walks`}</title>
      <circle r="4" fill={color} cx={anchor === "end" ? -2 : 2} />
      <text
        x={anchor === "end" ? -10 : 10}
        dy="0.35em"
        text-anchor={anchor}
        fill="currentColor"
        font-weight={bold ? 700 : 400}
      >
        {name.length > LONGEST ? `${name.slice(0, LONGEST - 1)}…` : name}
      </text>
    </g>
  );
}

function gridLines(n: number, side: number): string {
  const ends = Array.from({ length: n + 1 }, (_, i) => i * side);
  return ends.map((at) => `M0 ${at}H${n * side}M${at} 0V${n * side}`).join("");
}
