import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { aboutFlow, aboutPicture } from "../../js/src/state/caption";
import { createWidgetState } from "../../js/src/state/model";
import { FakeModel } from "./fake-model";
import { result } from "./fixtures";

let end: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  end = new AbortController();
});

afterEach(() => {
  end.abort();
  vi.useRealTimers();
});

function shown(names: string[], traits: Record<string, unknown> = {}) {
  const model = new FakeModel(traits);
  const { store } = createWidgetState(model.asModel, end.signal);
  for (const name of ["options", "cells", "embedding", ...names]) model.receiveFixture(name);
  return { model, store };
}

describe("the caption", () => {
  it("is of the picture, also when the controls already say something else", () => {
    const { model, store } = shown(["result-grid"]);
    const before = "umap: correlation, deterministic, forward, softmax scale 12.5 (auto)";
    expect(aboutPicture(store).caption).toBe(before);
    store.setTogether({
      softmax_scale: 3,
      auto_scale: false,
      backward: true,
      backward_mode: "negate",
      scheme: "cosine",
    });
    expect(aboutPicture(store).caption).toBe(before);
    expect(aboutPicture(store).settings).toMatchObject({ softmax_scale: 12.5, backward: false, scheme: "correlation" });
    const { params } = result("grid");
    const changed = { softmax_scale: 3, auto_scale: false, backward: true, backward_mode: "negate", scheme: "cosine" };
    model.receiveFixture("result-grid", { params: { ...params, ...changed } });
    expect(aboutPicture(store).caption).toBe("umap: cosine, deterministic, backward (negate), softmax scale 3");
    expect(aboutPicture(store).settings).toMatchObject(changed);
  });

  it("names a given kernel that is shown as it is, whatever the parameters are", () => {
    const { model, store } = shown(["result-grid"]);
    const fixed = {
      kernel: "PrecomputedKernel[n=5]",
      names: ["scheme"],
      reason: "The chain is that of a given kernel.",
    };
    model.receiveFixture("options", { fixed });
    const { params } = result("grid");
    model.receiveFixture("result-grid", { params: { ...params, softmax_scale: null } });
    expect(aboutPicture(store).caption).toBe("umap: PrecomputedKernel[n=5]");
    model.receiveFixture("result-grid", { params: { ...params, softmax_scale: null, backward: true } });
    expect(aboutPicture(store).caption).toBe("umap: PrecomputedKernel[n=5], backward");
  });

  it("is of the walks where there are no arrows, and of the embedding alone where there are neither", () => {
    const { store } = shown(["result-grid", "result-walks"], { field: "none" });
    expect(aboutPicture(store).caption).toBe("umap");
    const hide = store.player.show();
    expect(aboutPicture(store).caption).toContain("umap: correlation, Monte Carlo, 500 samples, seed 3");
    expect(aboutPicture(store).settings).toMatchObject({ n_sims: 4, max_iter: 3, start_ixs: { clusters: ["Alpha"] } });
    hide();
    expect(aboutPicture(store).caption).toBe("umap");
  });

  it("tells what cells are drawn as", () => {
    const { store } = shown(["result-grid", "color-categorical"], { opacity: 0.5 });
    expect(aboutPicture(store).settings).toMatchObject({
      basis: "umap",
      field: "grid",
      opacity: 0.5,
      color: "clusters",
    });
  });

  it("names the clusters and times of a flow", () => {
    const { model, store } = shown(["groups", "result-flow"]);
    expect(aboutFlow(store)?.caption).toMatch(
      /^flow between clusters: correlation, deterministic, backward \(transpose\)/,
    );
    store.setTogether({ time_key: "day", cluster: "late" });
    expect(aboutFlow(store)).toBeNull();
    for (const name of ["groups", "result-flow"]) model.receiveFixture(name, { time_key: "day" });
    expect(aboutFlow(store)?.caption).toMatch(/^flow from late over day: correlation/);
    expect(aboutFlow(store)?.settings).toMatchObject({ cluster_key: "clusters", time_key: "day", cluster: "late" });
  });
});
