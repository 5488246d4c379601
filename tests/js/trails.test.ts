import { describe, expect, it } from "vitest";
import { Trails } from "../../js/src/layers/trails";

const INK = [24, 25, 27] as const;
const opacities = ({ pixels, width, height }: Trails) =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => pixels[4 * (y * width + x) + 3]));
const all = (trails: Trails) => opacities(trails).flat() as number[];

type Line = readonly [number, number, number, number];

/** The share of a pixel within half a width of a line, by looking at many places in both. */
function covered(x: number, y: number, [x0, y0, x1, y1]: Line, width: number): number {
  const shares = (n: number) => Array.from({ length: n }, (_, i) => (i + 0.5) / n);
  const isInside = (px: number, py: number) =>
    shares(60).some((t) => Math.hypot(px - x0 - t * (x1 - x0), py - y0 - t * (y1 - y0)) <= width / 2);
  const places = shares(8).flatMap((dx) => shares(8).map((dy) => isInside(x + dx, y + dy)));
  return places.filter(Boolean).length / places.length;
}

describe("trails", () => {
  it.each([
    ["slanted", [4.3, 3.1, 14.8, 9.6]],
    ["steep", [6.2, 2.4, 7.7, 15.5]],
    ["backwards", [15.5, 12.1, 3.2, 10.4]],
    ["level", [3, 8.5, 16, 8.5]],
    ["upright", [9, 3, 9, 15]],
    ["a point", [9.3, 8.8, 9.3, 8.8]],
  ] as [string, Line][])("cover what the line does: %s", (_, line) => {
    const trails = new Trails(20, 18, INK);
    trails.line(...line, 3, 1);
    const differences = all(trails).map((opacity, i) => opacity / 255 - covered(i % 20, Math.floor(i / 20), line, 3));
    expect(Math.max(...differences.map(Math.abs))).toBeLessThan(0.17);
    expect(Math.abs(differences.reduce((sum, one) => sum + one, 0))).toBeLessThan(1);
  });

  it("have the ink's colour", () => {
    const trails = new Trails(2, 1, INK);
    expect([...trails.pixels]).toEqual([...INK, 0, ...INK, 0]);
  });

  it("stay as faint as they are, however often they are drawn", () => {
    const trails = new Trails(10, 10, INK);
    for (let i = 0; i < 50; i++) trails.line(2, 5, 8, 5.1 + i / 50, 1.3, 0.2);
    expect(Math.max(...all(trails))).toBe(51);
    trails.line(2, 5, 8, 5, 1.3, 0.1);
    expect(Math.max(...all(trails))).toBe(51);
  });

  it("fade by a share, until nothing is left", () => {
    const trails = new Trails(10, 10, INK);
    trails.line(2, 5, 8, 5, 3, 1);
    trails.fade(0.5);
    expect(Math.max(...all(trails))).toBe(127);
    for (let i = 0; i < 200; i++) trails.fade(0.99);
    expect(Math.max(...all(trails))).toBe(0);
  });

  it("end at the edges", () => {
    const trails = new Trails(10, 6, INK);
    for (const [x, y] of [[-20, 3], [30, 3], [5, -20], [5, 30], [Number.NaN, 3]] as const) trails.line(x, y, x + 2, y + 1, 2, 1); // biome-ignore format: places
    expect(Math.max(...all(trails))).toBe(0);
    trails.line(7, 3, 40, 3, 2, 1);
    expect(opacities(trails).map((row) => row[9])).toEqual([0, 0, 255, 255, 0, 0]);
    expect(opacities(trails).map((row) => row[0])).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
