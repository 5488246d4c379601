import { describe, expect, it, vi } from "vitest";
import { createPlugins } from "../../js/src/state/plugins";
import { createWire } from "../../js/src/wire";
import { FakeModel } from "./fake-model";

function setUp() {
  const model = new FakeModel();
  const life = new AbortController();
  const wire = createWire(model.asModel, life.signal, (message) => {
    if (message.kind === "answer") plugins.receive(message);
  });
  const run = vi.fn(async (text: string) => ({ default: text === "broken" ? undefined : { mount: () => undefined } }));
  const plugins = createPlugins(wire, life.signal, run);
  /** Python answers the last message. */
  const answer = (changes: Record<string, unknown>) =>
    model.receiveFixture("answer", { id: model.sent.at(-1)?.id, ...changes });
  return { model, life, plugins, run, answer };
}

describe("JavaScript of plugins", () => {
  it("is asked for once, and run once", async () => {
    const { model, plugins, run, answer } = setUp();
    const both = [plugins.load("example.histogram"), plugins.load("example.histogram")];
    answer({ payload: { esm: "text" } });
    const [first, second] = await Promise.all(both);
    expect(first).toBe(second);
    expect(run.mock.calls).toEqual([["text"]]);
    expect(model.sent).toMatchObject([{ kind: "panel", panel: "example.histogram" }]);
  });

  it("is asked for again after a failure, or when there are other plugins", async () => {
    const { model, plugins, answer } = setUp();
    const failing = plugins.load("example.histogram");
    answer({ problem: "no such file", payload: null });
    await expect(failing).rejects.toThrow("no such file");
    const loading = plugins.load("example.histogram");
    answer({ payload: { esm: "text" } });
    await loading;
    plugins.forget();
    void plugins.load("example.histogram");
    expect(model.sent).toHaveLength(3);
  });

  it("must export a mount", async () => {
    const { plugins, answer } = setUp();
    const loading = plugins.load("example.histogram");
    answer({ payload: { esm: "broken" } });
    await expect(loading).rejects.toThrow('"example.histogram" has no default export { mount }');
  });
});

describe("the Python side of a panel", () => {
  it("is asked, and answers with JSON and arrays", async () => {
    const { model, plugins, answer } = setUp();
    const asking = plugins.request("example.histogram", "counts", { bins: 3 });
    expect(model.sent).toMatchObject([{ kind: "request", name: "counts", payload: { bins: 3 } }]);
    answer({});
    const { payload, arrays } = await asking;
    expect(payload).toEqual({ unit: "cells" });
    expect(arrays.counts).toEqual(new Float32Array([1, 2, 3.5]));
  });

  it("may fail, which rejects the one who asked and nobody else", async () => {
    const { plugins, answer } = setUp();
    const first = plugins.request("example.histogram", "counts", null);
    answer({ problem: "ValueError: no", payload: null });
    await expect(first).rejects.toThrow("ValueError: no");
    const second = plugins.request("example.histogram", "counts", null);
    answer({});
    await expect(second).resolves.toBeDefined();
  });

  it("answers nobody once the widget is gone", async () => {
    const { plugins, life } = setUp();
    const asking = plugins.request("example.histogram", "counts", null);
    life.abort();
    await expect(asking).rejects.toThrow("The widget is gone");
  });
});
