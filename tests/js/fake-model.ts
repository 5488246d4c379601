import { DEFAULTS } from "../../js/src/state/parameters";
import type { createWire } from "../../js/src/wire";
import { type Fixture, fixture } from "./fixtures";

type AnyModel = Parameters<typeof createWire>[0];
type Callback = (...values: unknown[]) => void;

/** The part of an anywidget model that the front end uses, and what it was told. */
export class FakeModel {
  readonly sent: Record<string, unknown>[] = [];
  saves = 0;
  refusesToSend = false;
  #callbacks: { iopub?: { status?(message: unknown): void } } | undefined;
  readonly #traits: Record<string, unknown>;
  readonly #listeners = new Map<string, Set<Callback>>();

  constructor(traits: Record<string, unknown> = {}) {
    this.#traits = {
      ...DEFAULTS,
      softmax_scale: 12.5,
      basis: "umap",
      color: "clusters",
      cluster_key: "clusters",
      n_sims: 4,
      max_iter: 3,
      _ui: {},
      _change: "",
      ...traits,
    };
  }

  get(name: string): unknown {
    return this.#traits[name];
  }

  set(name: string, value: unknown): void {
    this.#traits[name] = value;
    this.#emit(`change:${name}`);
  }

  save_changes(): void {
    this.saves += 1;
  }

  send(content: Record<string, unknown>, callbacks?: { iopub?: { status?(message: unknown): void } }): void {
    if (this.refusesToSend) throw new Error("Cannot send");
    this.#callbacks = callbacks;
    this.sent.push(content);
  }

  /** Jupyter says that the kernel has dealt with what was sent last. */
  kernelIsDone(): void {
    for (const execution_state of ["busy", "idle"]) this.#callbacks?.iopub?.status?.({ content: { execution_state } });
  }

  /** Jupyter says that the kernel is restarted. */
  loseComm(): void {
    this.#emit("comm_live_update");
  }

  on(name: string, callback: Callback): void {
    this.#listeners.set(name, (this.#listeners.get(name) ?? new Set()).add(callback));
  }

  off(name: string, callback: Callback): void {
    this.#listeners.get(name)?.delete(callback);
  }

  /** Python says this. */
  receive({ header, buffers }: Fixture): void {
    this.#emit("msg:custom", header, buffers);
  }

  receiveFixture(name: string, changes: Record<string, unknown> = {}): void {
    const { header, buffers } = fixture(name);
    this.receive({ header: { ...header, ...changes }, buffers });
  }

  get listenerCount(): number {
    return [...this.#listeners.values()].reduce((count, callbacks) => count + callbacks.size, 0);
  }

  get asModel(): AnyModel {
    return this as unknown as AnyModel;
  }

  #emit(name: string, ...values: unknown[]): void {
    for (const callback of [...(this.#listeners.get(name) ?? [])]) callback(...values);
  }
}
