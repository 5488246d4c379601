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
