import { setMaxListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createWidgetState } from "../../js/src/state/model";
import { FakeModel } from "./fake-model";
import { fixture } from "./fixtures";

let end: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  end = new AbortController();
  setMaxListeners(0, end.signal);
});

afterEach(() => {
  end.abort();
  vi.useRealTimers();
});

/** A widget that shows the first reading. */
function ready() {
  const model = new FakeModel({});
  const state = { model, ...createWidgetState(model.asModel, end.signal) };
  tell(state.model, 1);
  for (const name of ["result-grid", "result-flow", "result-walks"]) model.receiveFixture(name);
  return state;
}

/** Everything that Python says of a reading. */
function tell(model: FakeModel, number: number, but: readonly string[] = []): void {
  model.receiveFixture("reading", { number, changed: "" });
  for (const name of ["options", "cells", "embedding", "color-categorical", "groups", "notices"]) {
    if (!but.includes(name)) model.receiveFixture(name);
  }
}

describe("other data", () => {
  it("take the place of the old as a whole, with the last message about them", () => {
    const { model, store } = ready();
    const before = store.cells.value;
    model.receiveFixture("reading", { number: 2, changed: "" });
    model.receiveFixture("cells", { n_cells: 9 });
    expect([store.cells.value, store.reading.value?.number]).toEqual([before, 1]);
    for (const name of ["embedding", "color-categorical", "notices"]) model.receiveFixture(name);
    expect([store.cells.value?.n_cells, store.reading.value?.number]).toEqual([9, 2]);
  });

  it("leave nothing of the old", () => {
    const { model, store } = ready();
    expect([store.shown.value, store.walks.value].includes(null)).toBe(false);
    store.hovered.value = 3;
    store.highlight.value = [1];
    tell(model, 2, ["embedding", "groups"]);
    expect([store.shown.value, store.walks.value, store.embedding.value]).toEqual([null, null, null]);
    expect([store.flow.result.value, store.hovered.value, store.highlight.value]).toEqual([null, null, null]);
  });

  it("are looked at from where the old ones were, unless they are elsewhere", () => {
    const { model, store } = ready();
    store.setCamera({ target: [1, 2], zoom: 3 });
    tell(model, 2);
    expect(store.camera.value).not.toBeNull();
    model.receiveFixture("reading", { number: 3, changed: "" });
    const elsewhere = fixture("embedding");
    elsewhere.buffers[0]?.setFloat32(0, 123, true);
    model.receive(elsewhere);
    model.receiveFixture("notices");
    expect(store.camera.value).toBeNull();
  });

  it("of the same reading are only a word about what has changed", () => {
    const { model, store } = ready();
    const shown = store.shown.value;
    model.receiveFixture("reading", { number: 1, changed: "The data have changed." });
    expect([store.reading.value?.changed, store.shown.value]).toEqual(["The data have changed.", shown]);
    store.refresh();
    expect(model.sent.at(-1)).toMatchObject({ kind: "refresh" });
  });

  it("show categories again that were hidden while they meant something else", () => {
    const { model, store } = ready();
    store.hidden.value = new Set([0]);
    tell(model, 2);
    expect(store.hidden.value.size).toBe(1);
    model.receiveFixture("color-categorical", {
      categories: [
        { name: "other", color: "#000000", count: 1 },
        { name: "names", color: "#000000", count: 1 },
      ],
    });
    expect(store.hidden.value.size).toBe(0);
  });

  it("are what selected cells are of", () => {
    const { model, store } = ready();
    store.select(new Int32Array([1]));
    expect(model.sent.at(-1)).toMatchObject({ kind: "select", reading: 1 });
  });
});

describe("problems", () => {
  it("stay until there is such a message, or are dismissed", () => {
    const { model, store } = ready();
    model.receiveFixture("problem");
    model.receiveFixture("problem", { part: "choices" });
    expect(store.problems.value.map(({ part }) => part)).toEqual(["color", "choices"]);
    model.receiveFixture("color-categorical");
    expect(store.problems.value.map(({ part }) => part)).toEqual(["choices"]);
    for (const problem of store.problems.value) store.dismissProblem(problem);
    expect(store.problems.value).toEqual([]);
  });

  it("with the last message show what there is", () => {
    const { model, store } = ready();
    tell(model, 2, ["notices"]);
    model.receiveFixture("problem", { part: "notices" });
    expect(store.reading.value?.number).toBe(2);
    expect(store.problems.value.map(({ part }) => part)).toEqual(["notices"]);
  });

  it("answer a search", async () => {
    const { model, store } = ready();
    const found = store.search("a", 3);
    model.receiveFixture("problem", { part: "search", id: model.sent.at(-1)?.id });
    expect((await found).genes).toEqual([]);
  });
});
