import { setMaxListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Superseded } from "../../js/src/dynamics/dynamics";
import { createWidgetState } from "../../js/src/state/model";
import { FakeModel } from "./fake-model";
import { hashes, result } from "./fixtures";

let end: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  end = new AbortController();
  // Every trait of every widget has its listener; Node takes more than ten for a leak.
  setMaxListeners(0, end.signal);
});

afterEach(() => {
  end.abort();
  vi.useRealTimers();
});

function widget(traits: Record<string, unknown> = {}) {
  const model = new FakeModel(traits);
  return { model, ...createWidgetState(model.asModel, end.signal) };
}

/** A widget with cells and a grid of generation 7, as it is after the first computation. */
function ready() {
  const state = widget();
  for (const name of ["options", "cells", "embedding", "color-categorical", "result-grid"]) {
    state.model.receiveFixture(name);
  }
  state.model.receiveFixture("status", { generation: 7, state: "ready", progress: null, hashes: hashes(7) });
  return state;
}

describe("traits", () => {
  it("are sent at once, and known here without an echo", () => {
    const { model, store } = widget();
    store.set("scheme", "cosine");
    expect([model.get("scheme"), model.saves, store.traits.scheme.value]).toEqual(["cosine", 1, "cosine"]);
  });

  it("that belong together go in one update", () => {
    const { model, store } = widget();
    store.setTogether({ backward: true, backward_mode: "negate" });
    expect([model.get("backward"), model.get("backward_mode"), model.saves]).toEqual([true, "negate", 1]);
  });

  it("follow Python", () => {
    const { model, store } = widget();
    model.set("softmax_scale", 3);
    expect(store.traits.softmax_scale.value).toBe(3);
  });
});

describe("walks", () => {
  it("have their clusters in the colours of the palette", () => {
    const { model, store } = ready();
    model.receiveFixture("result-walks");
    const colors = () => store.walks.value?.clusters?.colors;
    expect(colors()).toEqual([]);
    model.receiveFixture("clusters");
    expect(colors()).toEqual(["#e69f00", "#56b4e9"]);
    model.receiveFixture("clusters", { colors: ["#111111", "#222222"] });
    expect(colors()).toEqual(["#111111", "#222222"]);
    model.receiveFixture("clusters", { key: "stage" });
    expect(colors()).toEqual([]);
  });
});

describe("a stage that is wanted", () => {
  it("is asked for once, and released by the last who wanted it", () => {
    const { model, dynamics } = ready();
    const kinds = () => model.sent.map(({ kind, stage }) => [kind, stage]);
    model.sent.length = 0;
    const [stop, stopOther] = [dynamics.want("grid"), dynamics.want("grid")];
    stop();
    stop();
    expect(kinds()).toEqual([["want", "grid"]]);
    stopOther();
    expect(kinds()).toEqual([
      ["want", "grid"],
      ["release", "grid"],
    ]);
  });
});

describe("open panels", () => {
  it("are kept beside what else the private trait holds", () => {
    const { model, store } = widget({ _ui: { camera: null } });
    store.setOpen("flow", true);
    store.setOpen("walks", true);
    store.setOpen("flow", false);
    expect(store.open.value).toEqual(["walks"]);
    expect(model.get("_ui")).toEqual({ camera: null, open: ["walks"] });
  });

  it("follow other displays, and whatever the trait holds", () => {
    const { model, store } = widget();
    model.set("_ui", { open: ["flow"] });
    expect(store.open.value).toEqual(["flow"]);
    model.set("_ui", { open: 3 });
    expect(store.open.value).toEqual([]);
  });
});

describe("colours", () => {
  it("go when Python says that there are none", () => {
    const { model, store } = ready();
    expect(store.color.value?.key).toBe("clusters");
    model.receiveFixture("color-none");
    expect(store.color.value).toBeNull();
  });

  it("of a column that was sent before are there at once, until Python says it again", () => {
    const { model, store } = ready();
    const asked = (color: string, layer: string | null = null) => ({ key: "stage", asked: { color, layer } });
    model.receiveFixture("color-categorical", asked("stage"));
    const first = store.color.value;
    model.receiveFixture("color-continuous", asked("gene:stage"));
    const gene = store.color.value;
    model.receiveFixture("color-continuous", { ...asked("gene:stage", "Ms"), layer: "Ms" });
    store.hidden.value = new Set([1]);
    store.set("color", "stage");
    expect(store.color.value).toBe(first);
    expect(store.hidden.value.size).toBe(0);
    store.set("color", "gene:stage");
    expect(store.color.value).toBe(gene);
    store.set("layer", "Ms");
    expect(store.color.value).toMatchObject({ source: "gene", layer: "Ms" });
    model.receiveFixture("color-continuous", { ...asked("gene:stage", "Ms"), missing: 3 });
    expect(store.color.value?.missing).toBe(3);
  });

  it("follow the limits at once, and keep the automatic ones", () => {
    const { model, store } = ready();
    model.receiveFixture("color-continuous");
    store.set("vmax", 2);
    expect(store.color.value).toMatchObject({ vmin: 0, vmax: 2 });
    expect(store.automaticLimits.value).toMatchObject({ vmin: 0, vmax: 4.5 });
    store.set("vmax", "p50");
    expect(store.color.value).toMatchObject({ vmin: 0, vmax: 2.25 });
    store.setTogether({ vmin: null, vmax: null });
    expect(store.color.value).toMatchObject({ vmin: 0, vmax: 4.5 });
    model.receiveFixture("color-categorical");
    expect(store.automaticLimits.value).toBeNull();
  });

  it("that may have changed are not taken from memory", () => {
    const { model, store } = ready();
    model.receiveFixture("color-continuous", { key: "support", source: "diagnostics" });
    model.receiveFixture("color-continuous", { key: "stage", source: "gene" });
    model.receiveFixture("options", { columns: ["stage"] });
    const last = store.color.value;
    for (const asked of ["support", "stage", "unheard of"]) {
      store.set("color", asked);
      expect(store.color.value).toBe(last);
    }
    store.set("palette", "another");
    model.receiveFixture("color-categorical", { key: "other" });
    store.set("color", "clusters");
    expect(store.color.value?.key).toBe("other");
  });
});

describe("the automatic scale", () => {
  it("is null until Python knows it, and again when it no longer does", () => {
    const { model, store } = ready();
    expect(store.automaticScale.value).toBeNull();
    model.receiveFixture("automatic");
    expect(store.automaticScale.value).toBe(12.5);
    model.receiveFixture("automatic", { scale: null });
    expect(store.automaticScale.value).toBeNull();
  });
});

describe("the camera", () => {
  it("is saved once it rests", () => {
    const { model, store } = widget({ _ui: { other: 1 } });
    store.setCamera({ target: [1, 2], zoom: 3 });
    vi.advanceTimersByTime(200);
    store.setCamera({ target: [1, 2], zoom: 4 });
    vi.advanceTimersByTime(200);
    expect(model.saves).toBe(0);
    vi.advanceTimersByTime(100);
    expect(model.get("_ui")).toEqual({ other: 1, camera: { target: [1, 2], zoom: 4 } });
  });

  it("is restored, unless what was saved is no camera", () => {
    const camera = { target: [1, 2], zoom: 3 };
    expect(widget({ _ui: { camera } }).store.camera.value).toEqual(camera);
    expect(widget({ _ui: { camera: { target: ["x"] } } }).store.camera.value).toBeNull();
  });

  it("shows everything again on another embedding, but not on the same", () => {
    const { model, store } = ready();
    store.setCamera({ target: [1, 2], zoom: 3 });
    model.receiveFixture("embedding");
    expect(store.camera.value).not.toBeNull();
    model.receiveFixture("embedding", { basis: "pca" });
    expect(store.camera.value).toBeNull();
  });
});

describe("the field", () => {
  it("is never drawn on another embedding", () => {
    const { model, store } = ready();
    expect(store.shown.value?.stage).toBe("grid");
    model.receiveFixture("embedding", { basis: "pca" });
    expect(store.shown.value).toBeNull();
  });

  it("is the one that was chosen", () => {
    const { model, store } = ready();
    store.set("field", "arrows");
    expect(store.shown.value).toBeNull();
    model.receiveFixture("result-projection");
    expect(store.shown.value?.stage).toBe("projection");
    store.set("field", "none");
    expect(store.shown.value).toBeNull();
  });

  it("is not old while only something else is computed", () => {
    const { model, store } = ready();
    model.receiveFixture("status", { hashes: { ...hashes(7), projection: "projection-8" } });
    vi.advanceTimersByTime(200);
    expect([store.stale.value, store.working.value]).toEqual([false, true]);
  });

  it("fades by its own numbers, and says so while it has only those of other parameters", () => {
    const { model, store } = ready();
    model.receiveFixture("result-belief");
    vi.advanceTimersByTime(200);
    expect([store.belief.value !== null, store.fadingStale.value]).toEqual([true, false]);
    model.receiveFixture("result-grid", { generation: 8, hashes: hashes(8) });
    vi.advanceTimersByTime(149);
    expect(store.fadingStale.value).toBe(false); // not worth a flicker
    vi.advanceTimersByTime(1);
    expect(store.fadingStale.value).toBe(true);
    model.receiveFixture("result-belief", { generation: 8, hashes: hashes(8) });
    expect(store.fadingStale.value).toBe(false);
    const smoother = { lattice: "lattice-9", particles: "particles-9", grid: "grid-9" };
    model.receiveFixture("result-grid", { generation: 9, hashes: { ...hashes(8), ...smoother } });
    vi.advanceTimersByTime(150);
    expect(store.fadingStale.value).toBe(true);
  });

  it("fades by numbers of cells whatever the grid is", () => {
    const { model, store } = ready();
    store.set("field", "arrows");
    const ofCells = result("projection").hashes;
    model.receiveFixture("result-projection");
    model.receiveFixture("result-diagnostics", { hashes: { ...hashes(8), ...ofCells } });
    vi.advanceTimersByTime(200);
    expect([store.diagnostics.value !== null, store.fadingStale.value]).toEqual([true, false]);
    model.receiveFixture("result-diagnostics", { hashes: hashes(8) });
    vi.advanceTimersByTime(200);
    expect(store.fadingStale.value).toBe(true);
  });

  it("is old while something newer is computed, but only if that takes its time", () => {
    const { model, store } = ready();
    model.receiveFixture("status");
    expect([store.stale.value, store.working.value]).toEqual([false, false]);
    vi.advanceTimersByTime(149);
    expect([store.stale.value, store.working.value]).toEqual([false, false]);
    vi.advanceTimersByTime(1);
    expect([store.stale.value, store.working.value]).toEqual([true, true]);
    model.receiveFixture("result-grid", { generation: 8, hashes: hashes(8) });
    expect([store.stale.value, store.working.value]).toEqual([false, true]);
    model.receiveFixture("status", { state: "ready" });
    expect([store.stale.value, store.working.value]).toEqual([false, false]);
  });

  it("is right when it overtakes the status that knows of it", () => {
    const { model, store } = ready();
    model.receiveFixture("result-grid", { generation: 8, hashes: hashes(8) });
    vi.advanceTimersByTime(200);
    expect(store.stale.value).toBe(false);
  });

  it("is right again when the parameters are those that it shows", () => {
    const { model, store } = ready();
    model.receiveFixture("status");
    model.receiveFixture("status", { generation: 9, hashes: hashes(7) });
    vi.advanceTimersByTime(200);
    expect(store.stale.value).toBe(false);
  });

  it("is old after a cancel, and when a parameter has changed here, until Python answers", () => {
    const { model, store } = ready();
    model.receiveFixture("status", { state: "cancelled" });
    vi.advanceTimersByTime(200);
    expect(store.stale.value).toBe(true);
    const settled = { generation: 7, state: "ready", hashes: hashes(7) };
    model.receiveFixture("status", settled);
    expect(store.stale.value).toBe(false);
    store.set("scheme", "cosine");
    vi.advanceTimersByTime(200);
    expect(store.stale.value).toBe(true);
    for (const id of [null, "another page-1"]) model.receiveFixture("status", { ...settled, id });
    expect(store.stale.value).toBe(true); // said before Python knew of the change, or to another page
    model.receiveFixture("status", { ...settled, id: model.get("_change") });
    expect(store.stale.value).toBe(false); // it was refused
  });

  it("waits for the answer to the last of several changes, which stands for all before it", () => {
    const { model, store } = ready();
    const settled = { generation: 7, state: "ready", hashes: hashes(7) };
    store.set("scheme", "cosine");
    const first = model.get("_change");
    store.set("backward", true);
    store.set("scheme", "correlation");
    model.receiveFixture("status", { ...settled, id: first });
    vi.advanceTimersByTime(200);
    expect(store.stale.value).toBe(true);
    model.receiveFixture("status", { ...settled, id: model.get("_change") });
    expect(store.stale.value).toBe(false);
  });

  it.each([
    ["softmax_scale", 3, true],
    ["smooth", 2, true],
    ["components", [2, 1], true],
    ["opacity", 0.5, false],
    ["color", "stage", false],
    ["cluster_key", "stage", false],
  ] as const)("that does not depend on a trait is not old for it: %s", (name, value, expected) => {
    const { store } = ready();
    store.set(name, value as never);
    vi.advanceTimersByTime(200);
    expect(store.stale.value).toBe(expected);
  });
});

describe("the mode in use", () => {
  it("is the deterministic one backward by transpose, and has the numbers that it depends on", () => {
    const { store } = ready();
    store.setTogether({ backward: true, mode: "monte_carlo" });
    expect(store.mode.value).toEqual({ mode: "deterministic", n_samples: null, seed: null });
    store.set("backward_mode", "negate");
    expect(store.mode.value).toEqual({ mode: "monte_carlo", n_samples: 1000, seed: 0 });
  });
});

describe("errors", () => {
  it("of a stage stay while Python says that it has failed", () => {
    const { model, store } = ready();
    model.receiveFixture("error-stage", { stage: "T" });
    model.receiveFixture("error-stage", { stage: "lattice", message: "No embedding." });
    model.receiveFixture("error-stage", { stage: "lattice", message: "Still none." });
    model.receiveFixture("status", { state: "failed", failed: ["T", "lattice"] });
    expect(store.failures.value.map((failure) => failure.stage)).toEqual(["T", "lattice"]);
    expect(store.failures.value[1]?.message).toBe("Still none.");
    model.receiveFixture("status", { state: "failed", failed: ["lattice"] });
    expect(store.failures.value.map((failure) => failure.stage)).toEqual(["lattice"]);
    model.receiveFixture("status", { state: "ready", failed: [] });
    expect(store.failures.value).toEqual([]);
  });

  it("of a value can be dismissed, and go when another value is set", () => {
    const { model, store } = ready();
    model.receiveFixture("error-trait");
    model.receiveFixture("error-trait", { trait: "basis, color" });
    const [first] = store.refusals.value;
    if (!first) throw new Error("no refusal");
    store.dismissRefusal(first);
    expect(store.refusals.value.map((refusal) => refusal.trait)).toEqual(["basis, color"]);
    model.set("color", "clusters");
    expect(store.refusals.value).toHaveLength(1);
    store.set("color", "n_counts");
    expect(store.refusals.value).toHaveLength(0);
  });
});

describe("questions to Python", () => {
  /** What was asked, besides the greeting. */
  const asked = (model: FakeModel) => model.sent.filter(({ kind }) => kind !== "hello");
  const idOf = (model: FakeModel, index: number) => asked(model)[index]?.id;

  it("the newest call for a stage wins", async () => {
    const { model, dynamics } = widget();
    const [older, newer] = [dynamics.compute("grid"), dynamics.compute("grid")];
    await expect(older).rejects.toBeInstanceOf(Superseded);
    model.receiveFixture("result-grid", { id: idOf(model, 0) });
    model.receiveFixture("result-grid", { id: idOf(model, 1), generation: 9 });
    expect((await newer).generation).toBe(9);
  });

  it("an error answers a call", async () => {
    const { model, dynamics } = widget();
    const answer = dynamics.compute("projection");
    model.receiveFixture("error-stage", { id: idOf(model, 0) });
    await expect(answer).rejects.toThrow("velocity");
  });

  it("each search gets its own matches", async () => {
    const { model, store } = widget();
    const [one, two] = [store.search("a", 50), store.search("b", 50)];
    model.receiveFixture("matches", { id: idOf(model, 1), genes: ["b"] });
    model.receiveFixture("matches", { id: idOf(model, 0), genes: ["a"] });
    expect([(await one).genes, (await two).genes]).toEqual([["a"], ["b"]]);
  });

  it("a cancel is said", () => {
    const { model, dynamics } = widget();
    dynamics.cancel();
    expect(asked(model).map(({ kind }) => kind)).toEqual(["cancel"]);
  });
});

it("lets go of the model at the end", () => {
  const { model } = ready();
  end.abort();
  expect(model.listenerCount).toBe(0);
});

describe("the kernel", () => {
  const pings = (model: FakeModel) => model.sent.filter(({ kind }) => kind === "ping").length;

  it("is not asked while it answers, nor when nothing was sent", () => {
    const { model, store } = ready();
    vi.advanceTimersByTime(60_000);
    store.set("softmax_scale", 3);
    vi.advanceTimersByTime(1000);
    model.receiveFixture("status");
    vi.advanceTimersByTime(60_000);
    expect([pings(model), store.kernel.value]).toEqual([0, "here"]);
  });

  it("is there if it answers the question, before it says that it is done or after", () => {
    for (const order of [
      ["pong", "done"],
      ["done", "pong"],
    ]) {
      const { model, store } = ready();
      store.set("point_size", 2);
      vi.advanceTimersByTime(1500);
      expect(pings(model)).toBe(1);
      for (const what of order) {
        if (what === "pong") model.receiveFixture("pong");
        else model.kernelIsDone();
        vi.advanceTimersByTime(500);
      }
      vi.advanceTimersByTime(60_000);
      expect([pings(model), store.kernel.value]).toEqual([1, "here"]);
    }
  });

  it("is gone if it is done with the question and has not answered", () => {
    const { model, store } = ready();
    store.set("point_size", 2);
    vi.advanceTimersByTime(1500);
    model.kernelIsDone();
    vi.advanceTimersByTime(999);
    expect(store.kernel.value).toBe("here");
    vi.advanceTimersByTime(1);
    expect(store.kernel.value).toBe("gone");
  });

  it("is busy while it is not done, and gone if it then does not know the widget", () => {
    const { model, store } = ready();
    store.set("point_size", 2);
    vi.advanceTimersByTime(4000);
    expect(store.kernel.value).toBe("busy");
    model.receiveFixture("pong");
    expect(store.kernel.value).toBe("here");
    store.set("point_size", 3);
    vi.advanceTimersByTime(4000);
    model.kernelIsDone();
    vi.advanceTimersByTime(1000);
    expect(store.kernel.value).toBe("gone");
  });

  it("is asked again while it is busy, so that an end of it that nobody told is found", () => {
    const { model, store } = ready();
    store.set("point_size", 2);
    vi.advanceTimersByTime(4000);
    model.refusesToSend = true;
    vi.advanceTimersByTime(4999);
    expect([pings(model), store.kernel.value]).toEqual([1, "busy"]);
    vi.advanceTimersByTime(1);
    expect(store.kernel.value).toBe("gone");
  });

  it("is gone when the host says so, or refuses to send; what it says later counts", () => {
    const { model, store } = ready();
    model.loseComm();
    expect(store.kernel.value).toBe("gone");
    model.receiveFixture("pong");
    expect(store.kernel.value).toBe("here");
    model.refusesToSend = true;
    store.select(Int32Array.of(1));
    expect(store.kernel.value).toBe("gone");
    expect([...store.selection.value]).toEqual([1]);
  });

  it("is not asked any more after the end", () => {
    const { model, store } = ready();
    store.set("point_size", 2);
    end.abort();
    vi.advanceTimersByTime(60_000);
    expect([pings(model), store.kernel.value]).toEqual([0, "here"]);
  });
});
