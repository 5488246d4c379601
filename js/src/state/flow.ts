/** The flow between clusters, as Python tells it. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Dynamics } from "../dynamics/dynamics";
import type { Groups, ResultOf } from "../protocol";
import { agree } from "./staleness";
import type { TraitSignals } from "./traits";

/** Flow from one cluster to another in one step; `low` and `high` are NaN until they are known. */
export interface FlowEdge {
  step: number;
  source: number;
  target: number;
  flow: number;
  expected: number;
  z: number;
  low: number;
  high: number;
}

export interface FlowState {
  /** Clusters and times; null while there are none. */
  groups: ReadonlySignal<Groups | null>;
  /** The newest result; null while there is none for the clusters and times. */
  result: ReadonlySignal<ResultOf<"flow"> | null>;
  edges: ReadonlySignal<readonly FlowEdge[]>;
}

export function createFlow(dynamics: Dynamics, traits: TraitSignals, until: AbortSignal) {
  const groups = signal<Groups | null>(null);
  const flow = signal<ResultOf<"flow"> | null>(null);
  const interval = signal<ResultOf<"flow_null"> | null>(null);
  const stops = [
    dynamics.subscribe("flow", (result) => {
      flow.value = result;
    }),
    dynamics.subscribe("flow_null", (result) => {
      interval.value = result;
    }),
  ];
  until.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });

  const present = computed(() =>
    groups.value?.cluster_key === traits.cluster_key.value && groups.value.time_key === traits.time_key.value
      ? groups.value
      : null,
  );
  const result = computed(() => (flow.value && present.value && isOf(flow.value, present.value) ? flow.value : null));
  const edges = computed(() => (result.value ? edgesOf(result.value, interval.value) : []));
  const state: FlowState = { groups: present, result, edges };

  return {
    state,
    /** What was said of other data. */
    forget(): void {
      groups.value = flow.value = interval.value = null;
    },
    receive(message: Groups): void {
      groups.value = message;
    },
  };
}

type Keys = Pick<Groups, "cluster_key" | "time_key">;

function isOf(result: Keys, groups: Keys): boolean {
  return result.cluster_key === groups.cluster_key && result.time_key === groups.time_key;
}

/** The edges as objects, with the interval if it belongs to the same flow. */
export function edgesOf(result: ResultOf<"flow">, interval: ResultOf<"flow_null"> | null): FlowEdge[] {
  const { edges, flow, expected, z } = result.arrays;
  const same = interval !== null && agree(interval, result);
  const at = (values: Float32Array | undefined, i: number) => values?.[i] ?? Number.NaN;
  return Array.from(flow, (value, i) => ({
    step: edges[3 * i] ?? 0,
    source: edges[3 * i + 1] ?? 0,
    target: edges[3 * i + 2] ?? 0,
    flow: value,
    expected: at(expected, i),
    z: at(z, i),
    low: same ? at(interval.arrays.low, i) : Number.NaN,
    high: same ? at(interval.arrays.high, i) : Number.NaN,
  }));
}
