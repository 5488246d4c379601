import { computed, signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { guarded } from "../../js/src/panels/guarded";
import { createTraits } from "../../js/src/state/traits";
import { FakeModel } from "./fake-model";

describe("what a plugin's panel is given of the store", () => {
  it("keeps what its listeners throw from whoever changes a signal", () => {
    const model = new FakeModel();
    const { signals, setTogether } = createTraits(model.asModel, new AbortController().signal);
    const thrown: unknown[] = [];
    const heard: unknown[] = [];
    guarded({ traits: signals }, (error) => thrown.push(error)).traits.scheme.subscribe((scheme) => {
      heard.push(scheme);
      if (scheme === "cosine") throw new Error("on purpose");
    });
    setTogether({ scheme: "cosine" }, "page-1");
    expect(thrown).toEqual([new Error("on purpose")]);
    expect(model.saves).toBe(1); // Python is told
    setTogether({ scheme: "dot_product" }, "page-1");
    expect(heard.slice(1)).toEqual(["cosine", "dot_product"]);
  });

  it("tells of what they throw later on, too", async () => {
    const thrown: unknown[] = [];
    guarded({ step: signal(1) }, (error) => thrown.push(error)).step.subscribe(async () => {
      await Promise.resolve();
      throw new Error("later");
    });
    await new Promise((resolve) => setTimeout(resolve));
    expect(thrown).toEqual([new Error("later")]);
  });

  it("is otherwise the same", () => {
    const paused = signal(false);
    const cells = new Int32Array([1]);
    const store = {
      paused,
      still: computed(() => paused.value),
      player: { step: signal(3) },
      cells: signal(cells),
      f: () => 7,
    };
    const seen = guarded(store, () => undefined);
    seen.paused.value = true;
    expect([paused.value, seen.still.value, seen.player.step.peek(), seen.f()]).toEqual([true, true, 3, 7]);
    expect(seen.cells.value).toBe(cells);
    const heard: number[] = [];
    const stop = seen.player.step.subscribe((step) => heard.push(step));
    stop();
    store.player.step.value = 4;
    expect(heard).toEqual([3]);
  });
});
