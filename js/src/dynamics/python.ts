import type { Failure, Result, ResultOf, Stage } from "../protocol";
import type { Wire } from "../wire";
import { type Dynamics, Superseded } from "./dynamics";

interface Waiting {
  id: string;
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** The stages as Python computes them. `receive` and `fail` are to be given the messages that concern it. */
export interface PythonDynamics extends Dynamics {
  receive(result: Result): void;
  fail(failure: Failure): void;
}

export function createPythonDynamics(wire: Wire): PythonDynamics {
  const waiting = new Map<Stage, Waiting>();
  const wanted = new Map<Stage, number>();
  const listeners = new Map<Stage, Set<(result: Result) => void>>();

  /** Take who waits for the answer with this id, if it is still the newest of its stage. */
  function take(id: string | null): Waiting | undefined {
    for (const [stage, one] of waiting) {
      if (one.id !== id) continue;
      waiting.delete(stage);
      return one;
    }
    return undefined;
  }

  return {
    compute<S extends Stage>(stage: S) {
      waiting.get(stage)?.reject(new Superseded(`"${stage}" was asked for again.`));
      return new Promise<ResultOf<S>>((resolve, reject) => {
        const id = wire.send({ kind: "want", stage });
        waiting.set(stage, { id, resolve: resolve as Waiting["resolve"], reject });
      });
    },
    subscribe(stage, callback) {
      const listener = callback as (result: Result) => void;
      const others = listeners.get(stage) ?? new Set();
      listeners.set(stage, others.add(listener));
      return () => others.delete(listener);
    },
    want(stage) {
      const others = wanted.get(stage) ?? 0;
      wanted.set(stage, others + 1);
      if (!others) wire.send({ kind: "want", stage });
      let stopped = false;
      return () => {
        if (stopped) return;
        stopped = true;
        const rest = (wanted.get(stage) ?? 1) - 1;
        wanted.set(stage, rest);
        if (!rest) wire.send({ kind: "release", stage });
      };
    },
    cancel() {
      wire.send({ kind: "cancel" });
    },
    resume() {
      wire.send({ kind: "resume" });
    },
    receive(result) {
      for (const listener of listeners.get(result.stage) ?? []) listener(result);
      take(result.id)?.resolve(result);
    },
    fail(failure) {
      take(failure.id)?.reject(new Error(failure.message));
    },
  };
}
