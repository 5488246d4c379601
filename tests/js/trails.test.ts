import { describe, expect, it } from "vitest";
import { Trails } from "../../js/src/layers/trails";

const INK = [24, 25, 27] as const;
function blank(width: number, height: number): Trails {
  const trails = new Trails(width, height);
  trails.clear(INK);
  return trails;
}
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
    const trails = blank(20, 18);
    trails.line(...line, 3, 1);
    const differences = all(trails).map((opacity, i) => opacity / 255 - covered(i % 20, Math.floor(i / 20), line, 3));
    expect(Math.max(...differences.map(Math.abs))).toBeLessThan(0.17);
    expect(Math.abs(differences.reduce((sum, one) => sum + one, 0))).toBeLessThan(1);
  });

  it("have the ink's colour, also once they are cleared for another", () => {
    const trails = blank(2, 1);
    trails.line(0, 0.5, 2, 0.5, 2, 1);
    expect([...trails.pixels]).toEqual([...INK, 255, ...INK, 255]);
    trails.clear([230, 231, 232]);
    expect([...trails.pixels]).toEqual([230, 231, 232, 0, 230, 231, 232, 0]);
  });

  it("stay as faint as they are, however often they are drawn", () => {
    const trails = blank(10, 10);
    for (let i = 0; i < 50; i++) trails.line(2, 5, 8, 5.1 + i / 50, 1.3, 0.2);
    expect(Math.max(...all(trails))).toBe(51);
    trails.line(2, 5, 8, 5, 1.3, 0.1);
    expect(Math.max(...all(trails))).toBe(51);
  });

  /** Seconds until no more than so much is left of an opaque line. */
  function lasts(left: number, hertz: number): number {
    const trails = blank(1, 1);
    trails.line(0, 0.5, 1, 0.5, 2, 1);
    let frames = 0;
    while (Math.max(...all(trails)) > left) {
      trails.fade(1 / hertz);
      frames++;
    }
    return frames / hertz;
  }

  it.each([30, 60, 75, 120, 144, 240])(
    "fade in about the same time at %i frames a second, until nothing is left",
    (hertz) => {
      const exactly = Math.log(10) / Math.log(1 / 0.02);
      expect(lasts(25.5, hertz)).toBeGreaterThan(0.85 * exactly);
      expect(lasts(25.5, hertz)).toBeLessThan(exactly + 1 / hertz);
      expect(lasts(0, hertz)).toBeLessThan(1.5);
    },
  );

  it("end at the edges", () => {
    const trails = blank(10, 6);
    for (const [x, y] of [[-20, 3], [30, 3], [5, -20], [5, 30], [Number.NaN, 3]] as const) trails.line(x, y, x + 2, y + 1, 2, 1); // biome-ignore format: places
    expect(Math.max(...all(trails))).toBe(0);
    trails.line(7, 3, 40, 3, 2, 1);
    expect(opacities(trails).map((row) => row[9])).toEqual([0, 0, 255, 255, 0, 0]);
    expect(opacities(trails).map((row) => row[0])).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
