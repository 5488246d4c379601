import { setMaxListeners } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { matters, titleOf } from "../../js/src/state/in-use";
import { createWidgetState } from "../../js/src/state/model";
import { offersOf, parameterOf, titleOfOffer } from "../../js/src/table";
import { FakeModel } from "./fake-model";

let end: AbortController;

beforeEach(() => {
  end = new AbortController();
  setMaxListeners(0, end.signal);
});

afterEach(() => end.abort());

function shown(traits: Record<string, unknown> = {}) {
  const model = new FakeModel(traits);
  const { store } = createWidgetState(model.asModel, end.signal);
  for (const name of ["options", "cells", "embedding", "color-categorical", "notices"]) model.receiveFixture(name);
  const of = (name: string) => {
    const found = parameterOf(store.options.value, name);
    if (!found) throw new Error(`There is no ${name}.`);
    return found;
  };
  return { model, store, of };
}

describe("a parameter", () => {
  it("matters with some values of others only", () => {
    const { store, of } = shown({ field: "arrows" });
    expect([of("density"), of("arrow_length")].map((one) => matters(one, store))).toEqual([false, true]);
    store.set("field", "stream");
    expect(matters(of("density"), store)).toBe(true);
    store.set("field", "particles");
    expect(matters(of("density"), store)).toBe(false);
  });

  it("may depend on the kind of the colours", () => {
    const { model, store, of } = shown();
    expect(matters(of("palette"), store)).toBe(true);
    model.receiveFixture("color-continuous");
    expect(matters(of("palette"), store)).toBe(false);
  });

  it("is called by what it does", () => {
    const { store, of } = shown();
    const titles = ["grid", "stream", "particles"].map((field) => {
      store.set("field", field);
      return titleOf(of("arrow_length"), store);
    });
    expect(titles).toEqual(["arrow length", "line width", "speed"]);
  });

  it("has its values in words", () => {
    const { store } = shown();
    const options = store.options.value;
    expect(offersOf(options, "mode").map(({ numbers }) => numbers)).toEqual([[], ["seed"], ["n_samples", "seed"]]);
    expect(titleOfOffer(options, "mode", "monte_carlo")).toBe("Monte Carlo");
    expect(titleOfOffer(options, "mode", "gone")).toBe("gone");
    expect(offersOf(null, "mode")).toEqual([]);
    expect(parameterOf(options, "gone")).toBeUndefined();
  });
});
