import { describe, expect, it } from "vitest";
import { arrowsOf, GAIN, gridSpacing, keyLength, SHORTEST, thinned } from "../../js/src/layers/arrow-geometry";
import type { ResultOf } from "../../js/src/protocol";
import { result } from "./fixtures";

const f32 = (...values: number[]) => Float32Array.from(values);
const NAN = Number.NaN;

/** A grid result with these points and vectors. */
function grid(points: Float32Array, vectors: Float32Array): ResultOf<"grid"> {
  return { ...result("grid"), arrays: { points, vectors } };
}

const lengths = ({ steps, count }: { steps: Float32Array; count: number }) =>
  Array.from({ length: count }, (_, i) => Math.hypot(steps[2 * i] as number, steps[2 * i + 1] as number));

describe("arrows", () => {
  it("are as long as their vectors, in spacings of the grid", () => {
    const points = f32(0, 0, 2, 0, 4, 0);
    const arrows = arrowsOf(grid(points, f32(0.3, 0.4, 0.6, 0.8, 0.9, 1.2)), points);
    expect(arrows.spacing).toBe(2);
    const [one, two, three] = lengths(arrows).sort() as [number, number, number];
    expect(one).toBeCloseTo(0.5 * GAIN * 2, 5);
    expect([two / one, three / one]).toEqual([expect.closeTo(2, 5), expect.closeTo(3, 5)]);
  });

  it("are left out where a point or a vector is missing, or too short to have a direction", () => {
    const points = f32(0, 0, 1, 0, NAN, NAN, 3, 0);
    const short = (0.5 * SHORTEST) / GAIN;
    const arrows = arrowsOf(grid(points, f32(NAN, NAN, short, 0, 1, 0, 1, 0)), points);
    expect([arrows.count, ...arrows.feet.subarray(0, 2)]).toEqual([1, 3, 0]);
  });

  it("of cells stand on the cells, scaled by the extent of the embedding", () => {
    const example = result("projection");
    const arrows = arrowsOf(example, f32(0, 0, 32, 0, NAN, NAN));
    expect(arrows).toMatchObject({ count: 2, spacing: 1 });
  });

  it("are few rather than wrong when there are more cells than vectors", () => {
    const arrows = arrowsOf(result("projection"), new Float32Array(20));
    expect([arrows.count, arrows.spacing > 0]).toEqual([2, true]);
  });

  it("point where their vectors point", () => {
    const points = f32(0, 0, 1, 0);
    const { steps } = arrowsOf(grid(points, f32(0, -1, 0, -1)), points);
    expect(steps[0]).toBeCloseTo(0);
    expect(steps[1]).toBeLessThan(0);
  });
});

describe("the spacing of a grid", () => {
  it("is found with points missing and coordinates rounded", () => {
    const points: number[] = [];
    for (let i = 0; i < 10; i++) {
      for (let j = 0; j < 10; j++) if ((i + j) % 3) points.push(i * 0.7 + j * 1e-7, j * 0.9);
    }
    expect(gridSpacing(f32(...points))).toBeCloseTo(0.7, 4);
  });

  it("is unknown for one column", () => {
    expect(gridSpacing(f32(2, 3, 2, 4))).toBeNull();
    expect(gridSpacing(f32())).toBeNull();
  });
});

describe("thinning", () => {
  const feet = Float32Array.from({ length: 8000 }, (_, i) => (i % 2 ? 0.5 : i / 8000));
  const arrows = { count: 4000, feet, steps: feet, spacing: 1 };
  const window = (right: number) => ({ left: 0, right, bottom: 0, top: 1 });

  it("halves until few enough are seen", () => {
    expect(thinned(arrows, window(1), 5000)).toBe(4000);
    expect(thinned(arrows, window(1), 2500)).toBe(2000);
    expect(thinned(arrows, window(1), 900)).toBe(500);
  });

  it("draws all when zoomed in, or when nothing is seen", () => {
    expect(thinned(arrows, window(0.2), 2500)).toBe(4000);
    expect(thinned(arrows, window(-1), 2500)).toBe(4000);
  });
});

it.each([0.01, 1, 18, 500])("the key shows an arrow that fits, at %f pixels a spacing", (spacing) => {
  const { value, pixels } = keyLength(spacing);
  expect(pixels).toBeCloseTo(value * GAIN * spacing);
  expect(pixels).toBeLessThanOrEqual(44);
  if (spacing >= 1 && value < 1) expect(pixels).toBeGreaterThan(44 / 3);
});
