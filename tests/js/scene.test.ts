import { describe, expect, it } from "vitest";
import { extentOf } from "../../js/src/layers/extent";
import { spread } from "../../js/src/layers/spread";
import type { Color, ContinuousColor } from "../../js/src/protocol";
import { fitCamera, pan, placesOf, planeProjector, zoomBy } from "../../js/src/scene/camera";
import { cellColors, MISSING } from "../../js/src/scene/colors";
import { fitted, framed } from "../../js/src/scene/fit";
import { drawOrder } from "../../js/src/scene/order";
import { pointRadius } from "../../js/src/scene/point-size";
import { message } from "./fixtures";

const f32 = (...values: number[]) => Float32Array.from(values);
const NAN = Number.NaN;
const color = (name: string) => message(name, "color") as Color;
const size = { width: 600, height: 400 };

describe("the camera", () => {
  const camera = { target: [1, 2], zoom: 3 } as const;

  it("has the target in the middle, y upwards, and one scale for both axes", () => {
    expect(planeProjector(camera, size)([1, 2], 0)).toEqual([300, 200]);
    expect(planeProjector(camera, size)([2, 3], 0)).toEqual([308, 192]);
  });

  it("fits all cells with a margin", () => {
    const extent = extentOf(f32(-1, 0, 3, 1, NAN, NAN));
    if (!extent) throw new Error("no extent");
    const home = fitCamera(extent, size, { left: 24, right: 40, top: 10, bottom: 30 }, 0);
    expect(planeProjector(home, size)([1, 0.5], 0)).toEqual([24 + (600 - 64) / 2, 10 + (400 - 40) / 2]);
    expect(planeProjector(home, size)([-1, 0], 0)[0]).toBeCloseTo(24);
    expect(planeProjector(home, size)([3, 0], 0)[0]).toBeCloseTo(560);
  });

  it("knows the places of some cells", () => {
    expect([...placesOf([2, 0], f32(0, 1, 2, 3, 4, 5), 2)]).toEqual([4, 5, 0, 1]);
    expect([...placesOf(Int32Array.from([1]), f32(0, 1, 2, 3, 4, 5), 3)]).toEqual([3, 4, 5]);
  });

  it.each([
    ["one cell", f32(2, 3)],
    ["a horizontal line", f32(0, 1, 5, 1)],
    ["a vertical line", f32(1, 0, 1, 5)],
  ])("fits %s", (_, positions) => {
    const extent = extentOf(positions);
    if (!extent) throw new Error("no extent");
    expect(Number.isFinite(fitCamera(extent, size, { left: 24, right: 24, top: 24, bottom: 24 }, 0).zoom)).toBe(true);
  });

  it("has nothing to fit without coordinates", () => {
    expect(extentOf(f32(NAN, NAN))).toBeNull();
    expect(extentOf(f32())).toBeNull();
  });

  it("pans by pixels, y downwards", () => {
    expect(planeProjector(pan(camera, 40, 10), size)([1, 2], 0)).toEqual([260, 190]);
  });

  it("zooms within limits", () => {
    const limits = { min: 2, max: 3.5 };
    expect(zoomBy(camera, 2, limits).zoom).toBe(3.5);
    expect(zoomBy(camera, 0.5, limits).zoom).toBe(2);
    expect(zoomBy(camera, 2 ** 0.25, limits).zoom).toBeCloseTo(3.25);
  });
});

describe.each([2, 3])("fitting in %i dimensions", (dims) => {
  /** The first cell is where the third is; the last has no place. */
  const unit = [[0, 0, 0], [1, 0.5, 0.2], [0, 0, 0], [0.5, 0.25, 0.1], [NAN, NAN, NAN]]; // biome-ignore format: places

  it.each([0.05, 20])("a range of %f", (range) => {
    const positions = f32(...unit.flatMap((place) => place.slice(0, dims).map((value) => range * value)));
    const home = framed(positions, dims, size);
    if (!home) throw new Error("no cell has a place");
    const view = {
      camera: { ...home, zoom: home.zoom + 1.5 },
      limits: { min: home.zoom - 2, max: home.zoom + 9 },
      size,
    };
    const fit = (...cells: number[]) => fitted(view, cells, positions, dims);

    for (const cells of [[0], [0, 2], [0, 4]]) {
      expect(fit(...cells)).toEqual({ ...view.camera, target: [...positions.slice(0, dims)] });
    }
    expect(fit(0, 1)?.zoom).toBeCloseTo(home.zoom, 4);
    expect(fit(0, 3)?.zoom).toBeCloseTo(home.zoom + 1, 4);
    expect(fit(4)).toBeNull();
  });
});

describe("points", () => {
  it("are larger when there are few, and when zoomed in, within reason", () => {
    expect(pointRadius(300, size, 0)).toBeGreaterThan(pointRadius(30_000, size, 0));
    expect(pointRadius(3000, size, 2)).toBeGreaterThan(pointRadius(3000, size, 0));
    for (const n of [0, 1, 1e7]) {
      for (const zoom of [-9, 0, 9]) expect(pointRadius(n, size, zoom)).toSatisfy((r: number) => r > 0.5 && r < 20);
    }
  });
});

describe("colours of cells", () => {
  const rgb = (colors: Uint8ClampedArray, cell: number) => [...colors.slice(4 * cell, 4 * cell + 3)];

  it("are those of the categories, grey where there is none", () => {
    const colors = cellColors(color("color-categorical"), 3, "light");
    expect([0, 1, 2].map((cell) => rgb(colors, cell))).toEqual([[0x1f, 0x77, 0xb4], [0xff, 0x7f, 0x0e], MISSING.light]);
  });

  it("are viridis from the lowest to the highest value", () => {
    const colors = cellColors(color("color-continuous"), 3, "light");
    expect([0, 1, 2].map((cell) => rgb(colors, cell))).toEqual([[0x44, 0x01, 0x54], [0xfd, 0xe7, 0x25], MISSING.light]);
  });

  it("are seen on dark, also the lowest", () => {
    const [red, green, blue] = rgb(cellColors(color("color-continuous"), 3, "dark"), 0) as [number, number, number];
    expect(0.2126 * red + 0.7152 * green + 0.0722 * blue).toBeGreaterThan(70);
    expect([red, green, blue]).not.toEqual(MISSING.dark);
  });

  it("end at the limits, and are those of the ends beyond; limits that are one have two sides", () => {
    const ofCell = (vmin: number, vmax: number) => {
      const limited = { ...(color("color-continuous") as ContinuousColor), vmin, vmax };
      const colors = cellColors(limited, 3, "light");
      return [rgb(colors, 0), rgb(colors, 1)];
    };
    const [first, last] = [
      [0x44, 0x01, 0x54],
      [0xfd, 0xe7, 0x25],
    ];
    expect(ofCell(1, 2)).toEqual([first, last]);
    expect(ofCell(0, 0)).toEqual([first, last]);
    expect(ofCell(9, 10)).toEqual([first, first]);
    expect(ofCell(0, 9)[1]).toEqual([0x21, 0x91, 0x8c]);
  });

  it("tell values apart that are far from 0", () => {
    const far = { ...color("color-continuous"), offset: 1e9, vmin: 1e9, vmax: 1e9 + 4.5 };
    const colors = cellColors(far, 3, "light");
    expect([0, 1, 2].map((cell) => rgb(colors, cell))).toEqual([[0x44, 0x01, 0x54], [0xfd, 0xe7, 0x25], MISSING.light]);
    expect([...drawOrder(f32(0, 0, 1, 1, 2, 2), far)]).toEqual([2, 0, 1]);
  });

  it("are there for a constant value, and for more cells than values", () => {
    const constant = { ...color("color-continuous"), vmin: 4.5, vmax: 4.5 };
    expect(rgb(cellColors(constant, 5, "light"), 1)).toEqual([0x44, 0x01, 0x54]);
    expect(rgb(cellColors(constant, 5, "light"), 4)).toEqual(MISSING.light);
    expect(rgb(cellColors(null, 1, "light"), 0)).toEqual(MISSING.light);
  });
});

describe("the order of drawing", () => {
  it.each([0, 1, 2, 3, 10, 144, 1000])("spreads %i cells, each once", (n) => {
    expect([...spread(n)].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  it("has a fair sample at its beginning", () => {
    const inFirstTenth = [...spread(10_000).subarray(0, 1000)].filter((cell) => cell < 1000);
    expect(inFirstTenth.length).toBeGreaterThan(90);
    expect(inFirstTenth.length).toBeLessThan(110);
  });

  it("puts cells without a value below the others, and leaves out those without a place", () => {
    const positions = f32(0, 0, 1, 1, 2, 2);
    const order = [...drawOrder(positions, color("color-categorical"))];
    expect(order[0]).toBe(2);
    expect(order).toHaveLength(3);
    expect([...drawOrder(f32(0, 0, NAN, NAN, 2, 2), null)].sort()).toEqual([0, 2]);
  });

  it("puts high values on top", () => {
    expect([...drawOrder(f32(0, 0, 1, 1, 2, 2), color("color-continuous"))]).toEqual([2, 0, 1]);
  });
});

it.each([0, 1, 15, 16, 1000])("runs of cells are spread whole, each cell once, of %i", (n) => {
  const order = spread(n, 16);
  expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
  if (n > 100) {
    expect(order[1]).toBe((order[0] as number) + 1);
    const firstTenth = [...order.subarray(0, n / 10)];
    expect(Math.max(...firstTenth) - Math.min(...firstTenth)).toBeGreaterThan(0.7 * n);
  }
});
