import type { ResultOf, Stage } from "../protocol";

/** Where the pictures come from: something that computes stages for the present parameters. */
export interface Dynamics {
  /** Ask for a stage; the newest request of a stage wins, older promises reject with `Superseded`. */
  request<S extends Stage>(stage: S): Promise<ResultOf<S>>;
  /** Hear of every result of a stage, asked for or not. Returns how to stop. */
  subscribe<S extends Stage>(stage: S, callback: (result: ResultOf<S>) => void): () => void;
  /** Stop the running job. */
  cancel(): void;
}

export class Superseded extends Error {
  override name = "Superseded";
}
