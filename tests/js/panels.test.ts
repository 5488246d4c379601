import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { colorOptions, lettersOf, typedColor } from "../../js/src/panels/color-options";
import { staysHere } from "../../js/src/panels/keys";
import { hasNoEmbedding, whyNoArrows, whyNoPicture } from "../../js/src/panels/off";
import { formatScale, fromSlider, parseScale, SLIDER, toSlider, whyFixed } from "../../js/src/panels/scale";
import { shortNames } from "../../js/src/panels/short-names";
import type { ContinuousColor } from "../../js/src/protocol";
import { beyond, limitsOf, parseLimit } from "../../js/src/state/limits";
import { innerTicks } from "../../js/src/state/ticks";
import { describe as describeParams, digitsBetween, formatCount, formatNumber } from "../../js/src/text";
import { message } from "./fixtures";

describe("the softmax scale's slider", () => {
  it("cannot be moved before the scale is known, and where there are no similarities", () => {
    expect(whyFixed(12.5, [])).toBeNull();
    expect(whyFixed(12.5, [{ stage: "walks" }, { stage: "T" }, { stage: "parameters" }])).toBeNull();
    expect(whyFixed(null, [])).toContain("Not known before");
    expect(whyFixed(null, [{ stage: "similarity" }])).toContain("could not be computed");
    expect(whyFixed(12.5, [{ stage: "walks" }, { stage: "similarity" }])).toContain("could not be computed");
  });

  it("has the automatic value in its middle, exactly, and reaches a hundred times either way", () => {
    expect(toSlider(12.439806293, 12.439806293)).toBe(0);
    expect(fromSlider(0, 12.439806293)).toBe(12.439806293);
    expect(fromSlider(SLIDER.min, 12.5)).toBeCloseTo(0.125);
    expect(fromSlider(SLIDER.max, 12.5)).toBeCloseTo(1250);
  });

  it("gives back the position of every value it sets", () => {
    for (let step = -200; step <= 200; step++) {
      const position = step * SLIDER.step;
      expect(toSlider(fromSlider(position, 12.439806293), 12.439806293)).toBeCloseTo(position, 3);
    }
  });

  it("stops at its ends for values beyond them", () => {
    expect([1e9, 1e-9, 0].map((value) => toSlider(value, 12.5))).toEqual([SLIDER.max, SLIDER.min, SLIDER.min]);
    expect(toSlider(Number.NaN, 12.5)).toBe(0);
  });

  it("is edited with the digits that it has", () => {
    expect([99_999, 12.439806293, 0.00123, null].map(formatScale)).toEqual(["99999", "12.4398", "0.00123", "auto"]);
  });

  it("takes typed numbers above 0 only", () => {
    expect(["12.5", " 3 ", "1e-3", "2,5"].map(parseScale)).toEqual([12.5, 3, 0.001, 2.5]);
    expect(["", " ", "0", "-1", "abc", "Infinity", "1 000"].map(parseScale)).toEqual(Array(7).fill(null));
  });
});

/** The example's options, with other values to choose from. */
function offering(name: string, keys: readonly string[]) {
  const options = message("options", "options");
  const offers = keys.map((key) => ({ key, title: key, help: "", reason: null, numbers: [] }));
  const parameters = options.parameters.map((one) =>
    one.name === name ? { ...one, control: { ...one.control, offers } } : one,
  );
  return { ...options, parameters };
}

describe("what is said of the picture", () => {
  const state = (stages: (string | null)[], has: { embedding: boolean; shown: boolean }, bases = ["umap"]) => ({
    options: signal(offering("basis", bases)),
    failures: signal(stages.map((stage) => ({ stage }))),
    embedding: signal(has.embedding ? {} : null),
    shown: signal(has.shown ? {} : null),
  });

  it("has no effect on arrows that cannot be computed, whatever it is that fails before them", () => {
    const has = { embedding: true, shown: false };
    for (const stage of ["similarity", "T", "projection"]) {
      expect(whyNoArrows(state([stage], has))).toContain("could not be computed");
      expect(whyNoPicture(state([stage], has))).toBeNull();
      expect(whyNoArrows(state([stage], { ...has, shown: true }))).toBeNull();
    }
    expect(whyNoArrows(state([], has))).toBeNull();
  });

  it("may be what makes them fail, or has nothing to do with it", () => {
    for (const stage of ["lattice", "particles", "grid", "stream", "parameters", "null", "walks", "flow", null]) {
      expect(whyNoArrows(state([stage], { embedding: true, shown: false }))).toBeNull();
    }
  });

  it("has no effect where there is no embedding and why is known; until then it may come", () => {
    const has = { embedding: false, shown: false };
    expect(whyNoPicture(state(["lattice"], has))).toContain("nothing to draw on");
    expect(whyNoArrows(state(["lattice"], has))).toContain("nothing to draw on");
    for (const stages of [[], ["walks"], ["flow"]]) expect(whyNoPicture(state(stages, has))).toBeNull();
    expect(whyNoPicture(state([], has, []))).toContain("nothing to draw on");
    expect([state([], has, []), state([], has)].map(hasNoEmbedding)).toEqual([true, false]);
  });
});

describe("words", () => {
  it("are numbers for people", () => {
    const numbers = [12.439806, 0.00012346, 1_234_567, 0, 1e-9, Number.NaN];
    expect(numbers.map((number) => formatNumber(number))).toEqual([
      "12.44",
      "0.0001235",
      "1.235e+6",
      "0",
      "1e-9",
      "NaN",
    ]);
    expect(formatCount(30_000)).toBe("30,000");
  });

  it("have as many digits as it takes to tell them apart", () => {
    const between = (low: number, high: number, value: number) => formatNumber(value, digitsBetween(low, high));
    expect(between(0, 4.5, 1.23456)).toBe("1.235");
    expect(between(1e9, 1e9 + 5, 1e9 + 2.5)).toBe("1000000002.5");
    expect(between(-1e9 - 5, -1e9, -1e9)).toBe("−1000000000");
    expect(between(10_000, 10_010, 10_003)).toBe("10003");
    expect(between(1e20, 1e20 + 1e12, 1e20 + 1e11)).toBe("1.000000001e+20");
    expect(between(7, 7, 7)).toBe("7");
  });

  it("say what is shown", () => {
    const { params } = message("result-grid", "result");
    const options = message("options", "options");
    expect(describeParams(params, options)).toBe("correlation, deterministic, forward, softmax scale 12.5 (auto)");
    const backward = { ...params, scheme: "example.angle", backward: true, auto_scale: false };
    expect(describeParams(backward, options)).toBe("angle, deterministic, backward (transpose), softmax scale 12.5");
    const drawn = message("result-walks", "result").params;
    expect(describeParams(drawn, options)).toBe(
      "correlation, Monte Carlo, 500 samples, seed 3, forward, softmax scale 12.5 (auto)",
    );
    expect(describeParams({ ...params, scheme: "gone" }, options)).toContain("gone, deterministic");
  });
});

describe("what can be chosen as colour", () => {
  const options = { ...message("options", "options"), columns: ["clusters", "gene:odd"] };
  const found = { ...message("matches", "matches"), genes: ["Ins1", "clusters", "obs:x"] };

  it("needs a prefix only where a plain name would mean something else", () => {
    const values = colorOptions("", options, found).map(({ value }) => value);
    expect(values).toEqual([
      "clusters",
      "obs:gene:odd",
      "fidelity",
      "support",
      "entropy",
      "Ins1",
      "gene:clusters",
      "gene:obs:x",
    ]);
  });

  it("are the columns with the letters, whatever their case, and with a prefix", () => {
    expect(colorOptions("CLU", options, null).map(({ name }) => name)).toEqual(["clusters"]);
    expect(colorOptions("obs:clu", options, null).map(({ name }) => name)).toEqual(["clusters"]);
    expect(colorOptions("x", null, null)).toEqual([]);
  });

  it("can be typed, exactly or nearly, and is Python's to judge otherwise", () => {
    const offered = colorOptions("", options, found);
    expect(typedColor(" ins1 ", offered)).toBe("Ins1");
    expect(typedColor("gene:clusters", offered)).toBe("gene:clusters");
    expect(typedColor("clusters", offered)).toBe("clusters");
    expect(typedColor("Gcg", offered)).toBe("Gcg");
  });
});

describe("a gene in a layer", () => {
  const options = message("options", "options");
  const found = { ...message("matches", "matches"), genes: ["Gcg"] };

  it("is searched and chosen with its layer", () => {
    expect(lettersOf("Ms:Gc", options)).toBe("Gc");
    expect(lettersOf("gene:Gc", options)).toBe("Gc");
    expect(lettersOf("chr1:100", options)).toBe("chr1:100");
    expect(colorOptions("Ms:Gc", options, found)).toEqual([{ source: "gene", name: "Gcg", value: "Ms:Gcg" }]);
    expect(typedColor("ms:gcg", colorOptions("ms:gcg", options, null))).toBe("ms:gcg");
  });
});

describe("limits of colours", () => {
  const color = message("color-continuous", "color") as ContinuousColor;
  const of = (...values: number[]): ContinuousColor => ({
    ...color,
    vmin: 0,
    vmax: 9,
    arrays: { values: Float32Array.from(values) },
  });

  it("are typed as numbers, percentiles or nothing", () => {
    expect(["", " auto ", "3", "-1,5", "\u22122", "P99", "1e3", "abc"].map(parseLimit)).toEqual([
      null,
      null,
      3,
      -1.5,
      -2,
      "p99",
      1000,
      "abc",
    ]);
  });

  it("are percentiles of the values that are known, as NumPy has them", () => {
    const values = of(3, Number.NaN, 1, 2, 10);
    expect(limitsOf(values, "p0", "p100")).toEqual({ vmin: 1, vmax: 10 });
    expect(limitsOf(values, "p25", "p50")).toEqual({ vmin: 1.75, vmax: 2.5 });
    expect(limitsOf({ ...values, offset: 100 }, "p0", "p50")).toEqual({ vmin: 101, vmax: 102.5 });
    expect(limitsOf(values, "p101", "pp")).toEqual({ vmin: 0, vmax: 9 });
    expect(limitsOf(of(Number.NaN), "p1", "p99")).toEqual({ vmin: 0, vmax: 9 });
  });

  it("give way to the one that is given", () => {
    expect(limitsOf(of(1, 2), 20, null)).toEqual({ vmin: 20, vmax: 20 });
    expect(limitsOf(of(1, 2), null, -3)).toEqual({ vmin: -3, vmax: -3 });
    expect(limitsOf(of(1, 2), "p100", 1.5)).toEqual({ vmin: 1.5, vmax: 1.5 });
  });

  it("leave out cells, which are counted, but not for a last digit", () => {
    expect(beyond({ ...of(0.1, 5, 500, Number.NaN), vmin: 0.1, vmax: 5 })).toEqual({
      below: 0,
      above: 1,
      lowest: expect.closeTo(0.1),
      highest: 500,
    });
    expect(beyond({ ...of(-7, 5), vmin: 0, vmax: 5 })).toMatchObject({ below: 1, above: 0, lowest: -7 });
    expect(beyond({ ...of(0, 0, 2), vmin: 0, vmax: 0 })).toMatchObject({ below: 0, above: 1 });
    expect(beyond({ ...of(-2, 0, 2), offset: 1e9, vmin: 1e9 - 1, vmax: 1e9 + 2 })).toMatchObject({
      below: 1,
      above: 0,
    });
  });
});

describe("long names", () => {
  const start = "CD4-positive, alpha-beta memory T cell of the peripheral blood";

  it("lose their middle", () => {
    expect(shortNames(["short"])).toEqual(["short"]);
    const [name] = shortNames([`${start}, of a donor`]);
    expect(name).toHaveLength(60);
    expect(name).toMatch(/^CD4-positive, alpha-beta memo.*…d, of a donor$|^CD4.*…/);
    expect(name?.endsWith("of a donor")).toBe(true);
  });

  it("are whole where two would look alike", () => {
    const names = ["one", "two"].map(
      (middle) => `${start} ${middle} ${"that ends like every other of them".repeat(2)}`,
    );
    expect(shortNames(names)).toEqual(names);
    expect(shortNames(["x".repeat(9999), "x".repeat(9999)])[0]?.length).toBeLessThanOrEqual(400);
  });
});

describe("keys", () => {
  const key = (name: string, ...held: ("ctrlKey" | "metaKey" | "altKey" | "shiftKey")[]) => ({
    key: name,
    ...Object.fromEntries(
      (["ctrlKey", "metaKey", "altKey", "shiftKey"] as const).map((modifier) => [modifier, held.includes(modifier)]),
    ),
  });

  it("that would act on notebook cells stay in the widget", () => {
    for (const name of ["a", "d", "ArrowUp", "Enter", "Escape"]) expect(staysHere(key(name) as never)).toBe(true);
    expect(staysHere(key("A", "shiftKey") as never)).toBe(true);
  });

  it("that save, run and so on do not", () => {
    expect(staysHere(key("s", "ctrlKey") as never)).toBe(false);
    expect(staysHere(key("s", "metaKey") as never)).toBe(false);
    expect(staysHere(key("Enter", "shiftKey") as never)).toBe(false);
  });
});

describe("the numbers under a bar", () => {
  const under = (vmin: number, vmax: number) =>
    innerTicks(vmin, vmax, [formatNumber(vmin), formatNumber(vmax)], 148).map(({ text }) => text);

  it("are all that fit", () => {
    expect(under(0, 1)).toEqual(["0.2", "0.4", "0.6", "0.8"]);
    expect(under(3, 3)).toEqual([]);
  });

  it.each([
    [-3.197, 2.846],
    [1e-10, 7.3e-10],
    [-1_234_567, 1_000_000],
    [0, 0.000123],
    [0.01, 99.99],
  ])("do not touch each other, nor those of the ends, from %d to %d", (vmin, vmax) => {
    const ends = [formatNumber(vmin), formatNumber(vmax)] as const;
    const inner = innerTicks(vmin, vmax, ends, 148);
    const spans = [
      [0, 6 * ends[0].length],
      ...inner.map(({ text, at }) => [148 * at - 3 * text.length, 148 * at + 3 * text.length]),
      [148 - 6 * ends[1].length, 148],
    ] as [number, number][];
    for (const [i, [start]] of spans.slice(1).entries())
      expect(start).toBeGreaterThan((spans[i] as [number, number])[1]);
  });

  it("have the digits that tell them apart", () => {
    const ends = ["1e9", "1e9"] as const;
    expect(new Set(innerTicks(1e9, 1e9 + 4, ends, 400).map(({ text }) => text)).size).toBe(3);
  });
});
