import type { AnyModel } from "@anywidget/types";
import { batch } from "@preact/signals";
import type { Dynamics } from "../dynamics/dynamics";
import { createPythonDynamics } from "../dynamics/python";
import { createWire } from "../wire";
import { createPlugins, type Plugins } from "./plugins";
import { createStore, type Store } from "./store";

/** Everything that belongs to one widget, however many displays it has. */
export interface WidgetState {
  store: Store;
  dynamics: Dynamics;
  plugins: Plugins;
  /** Ask Python to tell everything it has. */
  hello(): void;
  /** Tell Python that there is one display more, or one less. */
  display(change: 1 | -1): void;
}

export function createWidgetState(model: AnyModel, until: AbortSignal): WidgetState {
  const wire = createWire(model, until, (message) => {
    batch(() => {
      if (message.kind === "answer") plugins.receive(message);
      else store.receive(message);
      if (message.kind === "result") dynamics.receive(message);
    });
    if (message.kind === "options") plugins.forget();
    if (message.kind === "error") dynamics.fail(message);
  });
  const dynamics = createPythonDynamics(wire);
  const plugins = createPlugins(wire, until);
  const store = createStore(model, wire, dynamics, until);
  let displays = 0;
  return {
    store: store.store,
    dynamics,
    plugins,
    hello: () => void wire.send({ kind: "hello" }),
    display(change) {
      displays += change;
      wire.send({ kind: "shown", displays });
    },
  };
}
