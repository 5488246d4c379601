import { describe, expect, it } from "vitest";
import { arrowsOf } from "../../js/src/layers/arrow-geometry";
import { opacityAt, opacityOf, opacityOfCell } from "../../js/src/layers/belief";
import { sphereOf } from "../../js/src/layers/extent";
import { sample } from "../../js/src/layers/lattice";
import { Particles } from "../../js/src/layers/particles";
import { streamsOf } from "../../js/src/layers/stream-strokes";
import type { ResultOf } from "../../js/src/protocol";
import { headCorners } from "../../js/src/scene/streams";
import { result } from "./fixtures";

const f32 = (...values: number[]) => Float32Array.from(values);
const NAN = Number.NaN;

describe("values on a lattice", () => {
  const lattice = { start: [10, 20], spacing: 2, shape: [2, 3] };
  const read = (values: Float32Array, x: number, y: number) => {
    const out = new Float64Array(1);
    return sample(lattice, values, 1, [x, y], 0, out) ? out[0] : null;
  };

  it("are linear between the points, the last axis running fastest", () => {
    const plane = f32(0, 1, 2, 10, 11, 12); // 10 i + j
    expect(read(plane, 10, 20)).toBeCloseTo(0);
    expect(read(plane, 12, 24)).toBeCloseTo(12);
    expect(read(plane, 11, 22.5)).toBeCloseTo(6.25);
  });

  it("are none outside", () => {
    expect(read(f32(1, 1, 1, 1, 1, 1), 9.9, 20)).toBeNull();
    expect(read(f32(1, 1, 1, 1, 1, 1), 11, 24.1)).toBeNull();
    expect(read(f32(1, 1, 1, 1, 1, 1), NAN, 21)).toBeNull();
  });

  it("are those of the corners that have one", () => {
    expect(read(f32(3, NAN, NAN, NAN, NAN, NAN), 11.9, 21.9)).toBeCloseTo(3);
    expect(read(f32(NAN, NAN, NAN, NAN, NAN, 5), 10.5, 20.5)).toBeNull();
  });

  it("have three dimensions, too, or a single point", () => {
    const out = new Float64Array(2);
    const cube = { start: [0, 0, 0], spacing: 1, shape: [2, 2, 2] };
    const values = Float32Array.from({ length: 16 }, (_, i) => (i % 2 ? -1 : 1) * (i >> 1));
    expect(sample(cube, values, 2, [9, 0.5, 0.25, 1], 1, out)).toBe(true);
    expect([...out]).toEqual([3.5, -3.5]);
    expect(sample({ start: [1, 1], spacing: 1, shape: [1, 1] }, f32(7, 8), 2, [1, 1], 0, out)).toBe(true);
    expect([...out]).toEqual([7, 8]);
  });
});

describe("belief", () => {
  it("makes opaque, and never quite invisible", () => {
    expect(opacityOf(1)).toBe(1);
    expect(opacityOf(0)).toBeGreaterThan(0.05);
    expect(opacityOf(0)).toBeLessThan(0.2);
    expect(opacityOf(NAN)).toBe(opacityOf(0));
  });

  it("is the smaller of fidelity and support", () => {
    const example = result("diagnostics");
    const opacity = opacityOfCell({
      ...example,
      arrays: { ...example.arrays, fidelity: f32(0.2, 0.9, NAN), support: f32(0.8, 0.5, 1) },
    });
    expect([opacity(0), opacity(1), opacity(2)]).toEqual([0.2, 0.5, 0].map((b) => expect.closeTo(opacityOf(b), 5)));
  });

  it("is full where it is not known", () => {
    expect(opacityAt(null)([5, 5])).toBe(1);
    expect(opacityOfCell(null)(3)).toBe(1);
  });

  it("is averaged on the grid, and least where no cells are", () => {
    const at = opacityAt(result("belief")); // 0.9, 0.5 / NaN, 0.1
    expect(at([0, 0])).toBeCloseTo(opacityOf(0.9));
    expect(at([0, 0.5])).toBeCloseTo(opacityOf(0.7));
    expect(at([9, 9])).toBeCloseTo(opacityOf(0));
  });
});

describe("streamlines", () => {
  const lines = (speeds: number[], starts: number[]): ResultOf<"stream"> => ({
    ...result("stream"),
    arrays: {
      points: Float32Array.from(speeds.flatMap((_, i) => [i, 0])),
      starts: Int32Array.from(starts),
      speeds: Float32Array.from(speeds),
    },
  });

  it("are strokes of one width, none of which joins two lines", () => {
    const { strokes, heads } = streamsOf(lines([0.5, 0.5, 0.5, 0.1, 0.1, 0.9, 0.9], [0, 5, 7]), () => 1, 1);
    expect(strokes.map(({ from, to }) => [from, to])).toEqual([
      [0, 3],
      [3, 4],
      [5, 6],
    ]);
    const [strong, weak, strongest] = strokes.map(({ width }) => width) as [number, number, number];
    expect(strongest).toBeGreaterThan(strong);
    expect(strong).toBeGreaterThan(weak);
    expect(heads.map(({ at }) => at)).toEqual([2, 6]);
  });

  it("are faint where belief is small", () => {
    const { strokes } = streamsOf(lines([0.5, 0.5, 0.5, 0.5], [0, 4]), (at, i) => ((at[i] ?? 0) < 2 ? 1 : 0.3), 1);
    expect(strokes.map(({ opacity }) => opacity)).toEqual([1, expect.closeTo(0.3)]);
  });

  it("are none of nothing", () => {
    expect(streamsOf(lines([], [0]), () => 1, 1)).toMatchObject({ strokes: [], heads: [] });
  });

  it("have heads that point along them", () => {
    const [tip, one, other] = headCorners([0, 0], [10, 0], 1, 0) as [number, number][];
    expect(tip?.[0]).toBeGreaterThan(10);
    expect(tip?.[1]).toBeCloseTo(0);
    expect(one?.[1]).toBeCloseTo(-(other?.[1] as number));
    expect(one?.[0]).toBeLessThan(10);
  });
});

describe("particles", () => {
  const random = () => {
    let state = 1;
    return () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
  };
  /** Everything moves to the right, twice as fast in the upper row; no cells on the left. */
  const field = (): ResultOf<"particles"> => {
    const vectors: number[] = [];
    const mass: number[] = [];
    for (let i = 0; i < 20; i++)
      for (let j = 0; j < 2; j++) {
        vectors.push(0.1 + 0.1 * j, 0);
        mass.push(i < 5 ? 0 : 1 + 2 * j);
      }
    return {
      ...result("particles"),
      start: [0, 0],
      spacing: 1,
      shape: [20, 2],
      min_mass: 0.1,
      arrays: { vectors: Float32Array.from(vectors), mass: Float32Array.from(mass) },
    };
  };
  const xs = (values: Float64Array) => Array.from({ length: values.length / 2 }, (_, i) => values[2 * i] as number);
  const ys = (values: Float64Array) => Array.from({ length: values.length / 2 }, (_, i) => values[2 * i + 1] as number);

  it("are born where cells are, by their mass", () => {
    const { to, count } = new Particles(field(), random());
    expect(count).toBeGreaterThan(80);
    expect(Math.min(...xs(to))).toBeGreaterThan(4);
    const upper = ys(to).filter((y) => y > 0.5).length / count;
    expect(upper).toBeGreaterThan(0.6);
    expect(upper).toBeLessThan(0.9);
  });

  it("move along the field, as fast as it is", () => {
    const particles = new Particles(field(), random());
    particles.step(0.01, 1);
    const steps = xs(particles.to).map((x, i) => x - (xs(particles.from)[i] as number));
    const alive = steps.map((step, i) => ({ step, y: ys(particles.from)[i] as number })).filter(({ step }) => step > 0);
    expect(alive.length).toBeGreaterThan(25);
    const slow = alive.filter(({ y }) => y < 0.2).map(({ step }) => step);
    const fast = alive.filter(({ y }) => y > 0.8).map(({ step }) => step);
    expect(Math.min(...fast)).toBeGreaterThan(Math.max(...slow));
    const far = new Particles(field(), random());
    far.step(0.01, 3);
    expect((far.to[0] as number) - (far.from[0] as number)).toBeCloseTo(3 * (steps[0] as number));
  });

  it("are born again at the end of their lives and of the cells, and only where somebody looks", () => {
    const particles = new Particles(field(), random());
    particles.look(([x]) => (x as number) > 12);
    for (let i = 0; i < 200; i++) particles.step(0.05, 1);
    expect(Math.min(...xs(particles.to))).toBeGreaterThan(11);
    expect(Math.max(...xs(particles.to))).toBeLessThan(21);
  });
});

describe("in space", () => {
  it("cells are within a sphere about their middle", () => {
    const sphere = sphereOf(f32(0, 0, 0, 2, 4, 4, NAN, NAN, NAN));
    expect(sphere).toEqual({ center: [1, 2, 2], radius: 3 });
    expect(sphereOf(f32(NAN, NAN, NAN))).toBeNull();
    expect(sphereOf(f32(1, 1, 1))?.radius).toBe(0);
  });

  it("arrows have three coordinates", () => {
    const cells = f32(0, 0, 0, 3, 4, 12);
    const vectors = f32(0.5, 0, 0, 0, 0, 1);
    const arrows = arrowsOf({ ...result("projection"), arrays: { vectors } }, cells, 1, () => 1, 3);
    expect(arrows.count).toBe(2);
    const lengths = [0, 1].map((i) => Math.hypot(...arrows.steps.subarray(3 * i, 3 * i + 3)));
    expect((lengths[1] as number) / (lengths[0] as number)).toBeCloseTo(2);
  });
});
