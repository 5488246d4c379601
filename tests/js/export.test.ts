import { describe, expect, it } from "vitest";
import { arrowShapes, escaped, streamShapes } from "../../js/src/scene/export";

const project = (at: ArrayLike<number>, i: number): [number, number] => [at[i] as number, at[i + 1] as number];
const numbers = (d: string) => [...d.matchAll(/-?\d+(\.\d+)?/g)].map(([number]) => Number(number));

describe("what is exported", () => {
  it("has every arrow that is drawn, halo and ink, as faint as on the screen", () => {
    const arrows = {
      count: 3,
      dims: 2,
      feet: Float32Array.from([0, 0, 50, 50, 9, 9]),
      steps: Float32Array.from([20, 0, 0, 30, 0, 0]),
      opacities: Float32Array.from([1, 0.25, 1]),
      spacing: 1,
    };
    const stroke = { width: 2, head: 6, haloWidth: 1 };
    const shapes = arrowShapes(arrows, 3, stroke, project, "light");
    expect(shapes.map(({ opacity }) => opacity)).toEqual([1, 1, 0.25, 0.25]); // the third has no length
    const [halo, ink] = shapes.map(({ d }) => numbers(d)) as [number[], number[]];
    expect(Math.max(...ink.filter((_, i) => i % 2 === 0))).toBe(20);
    expect(Math.max(...halo.filter((_, i) => i % 2 === 0))).toBeGreaterThan(20);
    expect(arrowShapes(arrows, 1, stroke, project, "light")).toHaveLength(2);
  });

  it("has lines as lines, through all their vertices", () => {
    const streams = {
      points: Float32Array.from([0, 0, 10, 5, 20, 10]),
      dims: 2,
      strokes: [{ from: 0, to: 2, width: 2, opacity: 0.5 }],
      heads: [{ at: 2, from: 1, to: 2, width: 2, opacity: 0.5 }],
    };
    const shapes = streamShapes(streams, project, "dark");
    const lines = shapes.filter(({ stroke }) => stroke);
    expect(lines).toHaveLength(2);
    expect(numbers(lines[1]?.d as string)).toEqual([0, 0, 10, 5, 20, 10]);
    expect(lines[0]?.width).toBeGreaterThan(lines[1]?.width as number);
    expect(shapes.filter(({ fill }) => fill)).toHaveLength(2);
  });

  it("says names as they are, and never as markup", () => {
    expect(escaped(`<script>&"'\u0000\u0007 μ 細胞`)).toBe("&lt;script&gt;&amp;&quot;&#39; μ 細胞");
  });
});
