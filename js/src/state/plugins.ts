/** What the panels of plugins need: their JavaScript, and the answers of their Python side. */
import type { Answer } from "../protocol";
import type { Wire } from "../wire";

/** What a panel's Python side answers. */
export interface Reply {
  payload: unknown;
  arrays: Readonly<Record<string, ArrayBufferView>>;
}

/** What a panel's JavaScript exports by default; on what it is mounted, `PanelContext` says. */
export interface Mountable {
  mount: unknown;
}

export interface Plugins {
  /** A panel's JavaScript, run once. */
  load(panel: string): Promise<Mountable>;
  /** Ask a panel's Python side. */
  request(panel: string, name: string, payload: unknown, buffers?: readonly ArrayBufferView[]): Promise<Reply>;
  /** To be given every answer. */
  receive(answer: Answer): void;
  /** Load JavaScript anew when it is next asked for: there may be other plugins now. */
  forget(): void;
}

interface Waiting {
  resolve(reply: Reply): void;
  reject(error: Error): void;
}

export function createPlugins(wire: Wire, until: AbortSignal, run = runModule): Plugins {
  const waiting = new Map<string, Waiting>();
  const loaded = new Map<string, Promise<Mountable>>();
  until.addEventListener("abort", () => {
    for (const { reject } of waiting.values()) reject(new Error("The widget is gone."));
    waiting.clear();
  });

  function answerTo(id: string): Promise<Reply> {
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  }

  async function load(panel: string): Promise<Mountable> {
    const { payload } = await answerTo(wire.send({ kind: "panel", panel }));
    const module = await run((payload as { esm: string }).esm);
    const found = module.default as Partial<Mountable> | undefined;
    if (typeof found?.mount !== "function") {
      throw new Error(`The JavaScript of "${panel}" has no default export { mount }.`);
    }
    return found as Mountable;
  }

  return {
    load(panel) {
      const before = loaded.get(panel);
      if (before) return before;
      const now = load(panel);
      loaded.set(panel, now);
      now.catch(() => loaded.delete(panel)); // it may be mended by then
      return now;
    },
    request(panel, name, payload, buffers) {
      return answerTo(wire.send({ kind: "request", panel, name, payload: payload ?? null }, buffers));
    },
    receive({ id, payload, arrays, problem }) {
      const asked = id === null ? undefined : waiting.get(id);
      if (!asked || id === null) return;
      waiting.delete(id);
      if (problem === null) asked.resolve({ payload, arrays });
      else asked.reject(new Error(problem));
    },
    forget() {
      loaded.clear();
    },
  };
}

async function runModule(text: string): Promise<{ default?: unknown }> {
  const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  try {
    return await import(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
