import type { Groups } from "../../protocol";
import type { FlowEdge } from "../../state/flow";

/** What both pictures of the flow are given. */
export interface PictureProps {
  groups: Groups;
  edges: readonly FlowEdge[];
  /** Pixels there are. */
  width: number;
  /** The flow that is looked at. */
  active: FlowEdge | null;
  source: number | null;
  onEnter(edge: FlowEdge, event: PointerEvent): void;
  onPick(cluster: number): void;
}

/** Whether two are the same flow, at different moments maybe. */
export function isSame(a: FlowEdge | null, b: FlowEdge | null): boolean {
  return a !== null && b !== null && a.step === b.step && a.source === b.source && a.target === b.target;
}

/** The next flow up (-1) or down (1), or else to the left (-1) or right (1), of those with a row and a column. */
export function neighbour(
  edges: readonly FlowEdge[],
  from: FlowEdge | null,
  placeOf: (edge: FlowEdge) => readonly [number, number],
  down: number,
  right: number,
): FlowEdge | undefined {
  if (from === null) return edges[0];
  const [row, column] = placeOf(from);
  const steps = edges
    .map((edge) => ({ edge, at: placeOf(edge) }))
    .filter(({ at: [r, c] }) => (right ? r === row && Math.sign(c - column) === right : Math.sign(r - row) === down))
    .map(({ edge, at: [r, c] }) => ({ edge, far: Math.abs(r - row) * 1000 + Math.abs(c - column) }));
  return steps.sort((a, b) => a.far - b.far)[0]?.edge;
}
