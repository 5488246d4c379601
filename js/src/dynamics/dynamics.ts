import type { ResultOf, Stage } from "../protocol";

/** Where the pictures come from: something that computes stages for the present parameters. */
export interface Dynamics {
  /** Compute a stage once; the newest call for a stage wins, older promises reject with `Superseded`. */
  compute<S extends Stage>(stage: S): Promise<ResultOf<S>>;
  /** Hear of every result of a stage, asked for or not. Returns how to stop. */
  subscribe<S extends Stage>(stage: S, callback: (result: ResultOf<S>) => void): () => void;
  /** Keep a stage computed while somebody shows it. Returns how to stop. */
  want(stage: Stage): () => void;
  /** Stop the running job; nothing more is computed until something changes. */
  cancel(): void;
  /** Go on after that, or try again what has failed. */
  resume(): void;
}

export class Superseded extends Error {
  override name = "Superseded";
}
