import { crc32 } from "node:zlib";
import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { streamsOf } from "../../js/src/layers/stream-strokes";
import type { CategoricalColor, Color, ContinuousColor } from "../../js/src/protocol";
import { arrowShapes, streamShapes, svgOf } from "../../js/src/scene/export";
import { keyLines } from "../../js/src/scene/key-lines";
import { keyOf } from "../../js/src/scene/key-shapes";
import { legendOf, wrapped } from "../../js/src/scene/legend-shapes";
import { MEANING } from "../../js/src/scene/meaning";
import { describedPng, escaped, pngChunks } from "../../js/src/scene/metadata";
import { ShapePen } from "../../js/src/scene/pen";
import { slabsInSpace, slabsOf } from "../../js/src/scene/slabs";
import { farthestFirst, ORBIT, orbitState, spaceProjector } from "../../js/src/scene/space";
import { message, result } from "./fixtures";

const project = (at: ArrayLike<number>, i: number): [number, number] => [at[i] as number, at[i + 1] as number];
const size = { width: 400, height: 300 };
const about = { caption: "umap: correlation", settings: {} };
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
    const shapes = arrowShapes(arrows, Uint32Array.of(0, 1, 2), stroke, project, "light");
    expect(shapes.map(({ opacity }) => opacity)).toEqual([0.85, 1, 0.85 * 0.25, 0.25]); // the third has no length
    const [halo, ink] = shapes.map(({ d }) => numbers(d)) as [number[], number[]];
    expect(Math.max(...ink.filter((_, i) => i % 2 === 0))).toBe(20);
    expect(Math.max(...halo.filter((_, i) => i % 2 === 0))).toBeGreaterThan(20);
    expect(arrowShapes(arrows, Uint32Array.of(1), stroke, project, "light")).toHaveLength(2);
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

  it("stays in its frame, beside the legend", () => {
    const shape = (d: string) => ({ d, fill: "red", opacity: 1 });
    const size = { width: 100, height: 80 };
    const layers = ["M0 0L500 0", "M0 1L500 1"].map((d) => ({ paint: () => {}, shapes: [shape(d)] }));
    const parts = { width: 280, height: 900, size, layers, legend: [shape("M120 9L130 9")], about };
    const svg = svgOf({ ...parts, labels: [], ink: "black" }, ["data:,far", "data:,near"], null);
    const clipped = svg.slice(svg.indexOf("<g clip-path"), svg.indexOf("</g>"));
    expect(svg).toContain('<clipPath id="picture"><rect width="100" height="80"/></clipPath>');
    expect([clipped.includes("M0 0L500 0"), clipped.includes("M120 9")]).toEqual([true, false]);
    const inOrder = ['<image width="100" height="80" href="data:,far"', "M0 0L500 0", "data:,near", "M0 1L500 1"];
    const places = inOrder.map((part) => clipped.indexOf(part));
    expect(places).toEqual([...places].sort((one, other) => one - other));
    expect(places[0]).toBeGreaterThan(0);
  });

  it("names what is missing, where it is shown", () => {
    const asked = { color: "c", layer: null };
    const envelope = { id: null, generation: null, kind: "color", key: "c", source: "obs", missing: 2, asked } as const;
    const categories = [{ name: "a", color: "#ff0000", count: 1 }];
    const codes = { codes: new Int32Array(3) };
    const named = { ...envelope, type: "categorical", categories, arrays: codes } as const;
    const values = { values: new Float32Array(3) };
    const numbers = { type: "continuous", layer: null, offset: 0, vmin: 0, vmax: 1, arrays: values } as const;
    const numeric = { ...envelope, ...numbers } as const;
    const texts = (color: typeof named | typeof numeric, hidden: number[]) =>
      legendOf(color, new Set(hidden), 0, "light").labels.map(({ text }) => text);
    expect(texts(named, [])).toEqual(["c", "a", "1", "missing", "2"]);
    expect(texts(named, [-1])).toEqual(["c", "a", "1"]);
    expect(texts(numeric, [])).toEqual(["c", "0", "0.2", "0.4", "0.6", "0.8", "1", "missing", "2"]);
    expect(texts({ ...named, missing: 0 as never }, [])).toEqual(["c", "a", "1"]);
  });

  it("names the largest of many categories, and counts the cells of the others", () => {
    const color = message("color-categorical", "color") as CategoricalColor;
    const categories = Array.from({ length: 60 }, (_, i) => ({ name: `n${i}`, color: "#00ff00", count: i + 1 }));
    const { labels, shapes } = legendOf({ ...color, categories, missing: 0 }, new Set([59]), 0, "light");
    const names = labels.slice(1).filter(({ anchor }) => !anchor);
    expect(names.map(({ text }) => text)).toEqual([
      ...Array.from({ length: 40 }, (_, i) => `n${i + 19}`),
      "and 19 more",
    ]);
    expect(labels.at(-1)?.text).toBe(String((19 * 20) / 2));
    expect(shapes).toHaveLength(40);
  });

  it("has a legend that is wide enough for names and counts, which end at its right", () => {
    const color = message("color-categorical", "color") as CategoricalColor;
    const long = { name: "a name that is longer than any other in this legend", color: "#00ff00", count: 12_345 };
    const legend = legendOf({ ...color, categories: [long], missing: 0 }, new Set(), 500, "light");
    const [, name, count] = legend.labels;
    expect([name?.text, count?.text]).toEqual([long.name, "12,345"]);
    expect([count?.anchor, count?.x]).toEqual(["end", 500 + legend.width]);
    expect(legend.width).toBeGreaterThan(6 * (long.name.length + 6));
    const svg = svgOf({ ...legend, size, layers: [], legend: [], ink: "black", about }, [], null);
    expect(svg).toContain(`text-anchor="end">12,345</text>`);
  });

  it("tells the ends of a bar apart that are far from 0, one below the other if they are long", () => {
    const color = message("color-continuous", "color") as ContinuousColor;
    const ends = (vmin: number, vmax: number) =>
      legendOf({ ...color, ...between(vmin, vmax), missing: 0 }, new Set(), 0, "light").labels.slice(1);
    const between = (vmin: number, vmax: number) => ({
      vmin,
      vmax,
      offset: vmin,
      arrays: { values: Float32Array.of(0, vmax - vmin) },
    });
    expect(ends(1e9, 1e9 + 5).map(({ text }) => text)).toEqual(["1000000000", "1000000005"]);
    expect(ends(1e9, 1e9 + 5).map(({ y }) => y)).toEqual([56, 70]);
    expect(ends(-2, 0.123456).map(({ text, y }) => [text, y])).toEqual([
      ["−2", 56],
      ...["−1.5", "−1"].map((text) => [text, 56]),
      ["0.1235", 56],
    ]);
    expect(ends(-2, 0.123456)[2]).toMatchObject({ anchor: "middle", x: expect.closeTo((148 * 1) / 2.123456) });
    expect(ends(3, 3).map(({ text }) => text)).toEqual(["3"]);
  });

  it("says where cells are beyond the ends of a bar, and the layer of a gene", () => {
    const color = message("color-continuous", "color") as ContinuousColor;
    const texts = (vmin: number, vmax: number) =>
      legendOf({ ...color, vmin, vmax, missing: 0 }, new Set(), 0, "light").labels.map(({ text }) => text);
    expect(texts(0, 4.5)).toEqual(["Ins1 (X)", "0", "1", "2", "3", "4.5"]);
    expect(texts(1, 2)).toEqual(["Ins1 (X)", "≤ 1", "1.4", "1.6", "≥ 2"]);
    expect(texts(0, 0)).toEqual(["Ins1 (X)", "0", "≥ 0"]);
  });

  it("names only categories that have cells", () => {
    const color = message("color-categorical", "color") as CategoricalColor;
    const empty = Array.from({ length: 300 }, (_, i) => ({ name: `A donor ${i}`, color: "#00ff00", count: 0 }));
    const all = { ...color, categories: [...empty, ...color.categories], missing: 0 };
    const texts = legendOf(all, new Set(), 0, "light").labels.map(({ text }) => text);
    expect(texts).toEqual(["clusters", "Alpha", "1", "<b>Beta</b>", "1"]);
  });

  it("says what numbers mean that cells are coloured by, if they are not the data's own", () => {
    const color = message("color-continuous", "color") as ContinuousColor;
    const texts = (key: string, source: Color["source"]) =>
      legendOf({ ...color, key, source, missing: 0 }, new Set(), 0, "light").labels.map(({ text }) => text);
    expect(texts("support", "diagnostics").join(" ")).toContain(MEANING.support);
    expect(texts("support", "obs").join(" ")).not.toContain(MEANING.support);
    const { width, height, labels } = legendOf(
      { ...color, key: "support", source: "diagnostics" },
      new Set(),
      0,
      "light",
    );
    expect(width).toBeLessThanOrEqual(230);
    expect(labels.at(-1)?.y).toBeLessThan(height);
  });

  it("breaks lines between words", () => {
    expect(wrapped("one two  three", 70)).toEqual(["one two", "three"]);
    expect(wrapped("unbreakable a b", 30)).toEqual(["unbreakable", "a b"]);
    expect(wrapped("", 30)).toEqual([]);
  });

  it("has what is near in front of what is far, and nothing from behind the eye", () => {
    const camera = { target: [0, 0, 0], zoom: 5, rotation: [0, 0] } as const;
    const depths = [1, -3, 0, 2, 50, -50];
    const viewport = ORBIT.makeViewport({ ...size, viewState: orbitState(camera) });
    const depth = (z: number, axis: number) => viewport?.project([0, axis === 1 ? z : 0, axis === 2 ? z : 0])[2];
    const axis = depth(1, 1) === depth(-1, 1) ? 2 : 1; // along which it looks
    const towards = (depth(1, axis) as number) < (depth(-1, axis) as number) ? 1 : -1;
    const positions = Float32Array.from(
      depths.flatMap((z) => [0, axis === 1 ? towards * z : 0, axis === 2 ? towards * z : 0]),
    );
    expect([...farthestFirst(Uint32Array.from(depths.keys()), positions, camera, size)]).toEqual([5, 1, 2, 0, 3]);
    expect(spaceProjector(camera, size)(positions, 12)[0]).toBeNaN();
  });

  it("has cells and arrows in slabs, each of which lies on those behind it", () => {
    const order = Uint32Array.of(11, 3, 2, 10, 1, 0, 12); // three arrows among four of ten cells
    const slabs = slabsOf(order, 10, 3).map(({ cells, arrows }) => [[...cells], [...arrows]]);
    expect(slabs).toEqual([[[3], [1]], [[2, 1], [0]], [[0], [2]]]); // biome-ignore format: slabs
    const camera = { target: [0, 0, 0], zoom: 5, rotation: [0, 0] } as const;
    const n = 60;
    const positions = Float32Array.from({ length: 3 * n }, (_, i) => 4 * Math.sin(12.9898 * i));
    const cells = Uint32Array.from({ length: n - 10 }, (_, i) => i + 10); // ten are hidden
    const depth = (places: Float32Array, i: number) =>
      ORBIT.makeViewport({ ...size, viewState: orbitState(camera) })?.project([
        ...places.subarray(3 * i, 3 * i + 3),
      ])[2] as number;
    const feet = positions.slice(0, 3 * 40).map((value) => value / 2);
    let farthest = Infinity; // depth of what is nearest in the slab before
    const seen = { cells: 0, arrows: 0 };
    for (const slab of slabsInSpace(cells, positions, feet, 6, camera, size)) {
      const depths = [...slab.cells].map((i) => depth(positions, i));
      depths.push(...[...slab.arrows].map((i) => depth(feet, i)));
      expect(Math.max(...depths)).toBeLessThan(farthest + 1e-4);
      farthest = Math.min(...depths);
      seen.cells += slab.cells.length;
      seen.arrows += slab.arrows.length;
    }
    expect(seen).toEqual({ cells: 50, arrows: 40 });
  });

  it("has cells in space where deck.gl draws them", () => {
    const camera = { target: [1, 2, 3], zoom: 4, rotation: [24, -32] } as const;
    const viewport = ORBIT.makeViewport({ ...size, viewState: orbitState(camera) });
    if (!viewport) throw new Error("no viewport");
    const positions = Float32Array.from([1, 2, 3, 1.5, 2, 3, 1, 2.5, 3, 1, 2, 3.5, Number.NaN, 1, 1]);
    for (let cell = 0; cell < 4; cell++) {
      const [x, y] = viewport.project([...positions.subarray(3 * cell, 3 * cell + 3)]);
      const at = spaceProjector(camera, size)(positions, 3 * cell);
      expect(at[0]).toBeCloseTo(x as number, 6);
      expect(at[1]).toBeCloseTo(y as number, 6);
    }
    expect(spaceProjector(camera, size)(positions, 12)).toEqual([Number.NaN, Number.NaN]);
  });

  it("sorts many cells by how far away they are seen", () => {
    const camera = { target: [1, 2, 3], zoom: 4, rotation: [24, -32] } as const;
    const n = 500;
    const positions = Float32Array.from({ length: 3 * n }, (_, i) => 10 * Math.sin(12.9898 * i) + (i % 3));
    const viewport = ORBIT.makeViewport({ ...size, viewState: orbitState(camera) });
    const order = farthestFirst(
      Uint32Array.from({ length: n }, (_, i) => i),
      positions,
      camera,
      size,
    );
    const depths = [...order].map(
      (cell) => viewport?.project([...positions.subarray(3 * cell, 3 * cell + 3)])[2] as number,
    );
    expect(new Set(order).size).toBe(n);
    const rises = depths.slice(1).map((one, i) => one - (depths[i] as number));
    expect(Math.max(...rises)).toBeLessThan(0.002 * ((depths[0] as number) - (depths.at(-1) as number)));
  });

  it("has all cells of a plane that is seen from its edge", () => {
    const n = 1000;
    const positions = Float32Array.from({ length: 3 * n }, (_, i) => (i % 3 === 2 ? 2.7 : 5 * Math.sin(12.9898 * i)));
    const cells = Uint32Array.from({ length: n }, (_, i) => i);
    for (const tilt of [90, 89.99, -90, 0]) {
      const camera = { target: [0, 0, 2.7], zoom: 4, rotation: [tilt, -32] } as const;
      expect(farthestFirst(cells, positions, camera, size).toSorted()).toEqual(cells);
    }
  });

  it("leaves out what has no place", () => {
    const pen = new ShapePen();
    pen.beginPath();
    pen.moveTo(Number.NaN, 1);
    pen.arc(Number.NaN, 1, 2);
    pen.fill();
    pen.lineTo(1, 2);
    pen.lineTo(3, Number.NaN);
    pen.lineTo(5, 6);
    pen.stroke();
    expect(pen.shapes.map(({ d }) => d)).toEqual(["M1.0 2.0L5.0 6.0"]);
    const streams = { points: Float32Array.from([Number.NaN, 0, 10, 5, 20, 10]), dims: 2, heads: [] };
    const [line] = streamShapes({ ...streams, strokes: [{ from: 0, to: 2, width: 2, opacity: 1 }] }, project, "dark");
    expect(numbers(line?.d as string)).toEqual([10, 5, 20, 10]);
  });

  it("says names as they are, and never as markup", () => {
    expect(escaped(`<script>&"'\u0000\u0007 μ 細胞`)).toBe("&lt;script&gt;&amp;&quot;&#39; μ 細胞");
  });
});

describe("the key below the picture", () => {
  const arrows = {
    count: 100,
    dims: 2,
    feet: new Float32Array(200),
    steps: new Float32Array(200),
    opacities: new Float32Array(100),
    spacing: 20,
  };

  function keyWhere(stage: "grid" | "stream" | "particles", traits = {}, state = {}) {
    const fields = { field: stage, arrow_length: 1, honest: false, ...traits };
    const { field, arrow_length, honest } = fields;
    const store = {
      shown: signal(result(stage)),
      diagnostics: signal(null),
      belief: signal(result("belief")),
      fadingStale: signal(false),
      traits: { field: signal(field), arrow_length: signal(arrow_length), honest: signal(honest) },
      ...state,
    };
    const isOfArrows = stage === "grid";
    return keyLines(store, { arrows: signal(isOfArrows ? arrows : null), drawn: signal(50) }, 0);
  }

  it("has an arrow as long as those of the length that it names", () => {
    const [line] = keyWhere("grid");
    expect(line?.sample?.length).toBeCloseTo(1 * 1.6 * 20);
    expect(line?.text).toContain("1 — arrow length");
    expect([line?.text, line?.advice].join("|")).toMatch(/1 in 2 arrows is drawn\.\|Zoom in/);
    expect(keyWhere("grid", { arrow_length: 2 })[0]?.text).toContain("0.5 — arrow length");
  });

  it("has a line as wide as those where the average arrow has length 1", () => {
    for (const strength of [1, 2]) {
      const [line] = keyWhere("stream", { arrow_length: strength });
      const stream = { ...result("stream") };
      const arrays = {
        points: Float32Array.of(0, 0, 1, 1),
        starts: Int32Array.of(0, 2),
        speeds: Float32Array.of(1, 1),
      };
      const [drawn] = streamsOf({ ...stream, arrays }, () => 1, strength).strokes;
      expect(line?.sample?.strokes.map(({ width }) => width)).toEqual([drawn?.width]);
      expect(line?.sample?.strokes[0]?.width).toBeCloseTo(0.7 + 2.6 * strength, 0);
      expect(line?.text).toContain("1 — width of a line");
    }
    expect(keyWhere("particles")[0]?.sample).toBeNull();
    expect(keyWhere("stream", { field: "particles" })[0]?.advice).toContain("little motion");
  });

  it("says why arrows are faint, and when that is not known", () => {
    const said = (state = {}) => keyWhere("grid", { honest: true }, state).at(-1)?.text;
    expect(said()).toBe("Faint: fidelity or support is small.");
    expect(said({ belief: signal(null) })).toBe("Fidelity and support are being computed…");
    expect(said({ fadingStale: signal(true) })).toBe("Fidelity and support are being computed…");
    expect(keyWhere("grid")).toHaveLength(1);
    expect(keyWhere("grid", {}, { shown: signal(null) })).toEqual([]);
  });

  it("is below the picture in what is exported, no wider, and as high as it says", () => {
    const lines = keyWhere("grid", { honest: true });
    const { labels, shapes, height } = keyOf(lines, [12, 300], 260, "rgb(1 2 3)");
    expect(labels.map(({ text }) => text).join(" ")).toBe(lines.map(({ text }) => text).join(" "));
    expect(labels.length).toBeGreaterThan(lines.length);
    for (const { x, text } of labels) expect(x + 7 * text.length).toBeLessThanOrEqual(12 + 260);
    const ys = labels.map(({ y }) => y);
    expect(Math.min(...ys)).toBeGreaterThan(300);
    expect(new Set(ys).size).toBe(ys.length);
    expect(Math.max(...ys)).toBeLessThan(300 + height);
    const [shaft] = shapes;
    expect(numbers(shaft?.d as string)).toEqual([12, 309, 12 + 32, 309]);
    expect(shapes.every(({ stroke }) => stroke === "rgb(1 2 3)")).toBe(true);
  });
});

describe("what a file says of itself", () => {
  const odd = {
    caption: 'umap: <b>&"Größe" 細胞',
    settings: { basis: "umap 細胞", softmax_scale: 12.4, start_ixs: null },
  };
  const chunksOf = (bytes: Buffer) => {
    const found: { type: string; data: Buffer }[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.readUInt32BE(at);
      const body = bytes.subarray(at + 4, at + 8 + length);
      expect(bytes.readUInt32BE(at + 8 + length)).toBe(crc32(body));
      found.push({ type: body.toString("latin1", 0, 4), data: body.subarray(4) });
      at += 12 + length;
    }
    return found;
  };

  it("is resolution and texts in a PNG, each with its checksum", () => {
    const [resolution, ...texts] = chunksOf(Buffer.concat(pngChunks(2, odd)));
    expect(resolution?.type).toBe("pHYs");
    const perMetre = [resolution?.data.readUInt32BE(0), resolution?.data.readUInt32BE(4)] as number[];
    expect(perMetre.map((pixels) => Math.round(pixels * 0.0254))).toEqual([192, 192]);
    expect(resolution?.data[8]).toBe(1);
    expect(texts.map(({ type }) => type)).toEqual(["iTXt", "tEXt", "tEXt"]);
    const [title, software, description] = texts.map(({ data }) => data.toString("utf8").split("\0"));
    expect([title?.[0], title?.at(-1)]).toEqual(["Title", odd.caption]);
    expect(software).toEqual(["Software", "velowidget"]);
    expect(description?.[0]).toBe("Description");
    expect(JSON.parse(description?.[1] as string)).toEqual(odd.settings);
    expect(texts[2]?.data.every((byte) => byte < 128)).toBe(true);
    expect(chunksOf(Buffer.concat(pngChunks(1, about)))[1]?.type).toBe("tEXt");
  });

  it("follows the PNG's first chunk", async () => {
    const head = Buffer.alloc(33, 1);
    const png = await describedPng(new Blob([head, "rest"]), 1, about);
    const bytes = Buffer.from(await png.arrayBuffer());
    const chunks = Buffer.concat(pngChunks(1, about));
    expect(Buffer.concat([head, chunks, Buffer.from("rest")]).equals(bytes)).toBe(true);
  });

  it("is title and metadata in an SVG, without markup of the data's", () => {
    const svg = svgOf(
      { width: 9, height: 9, size, layers: [], legend: [], labels: [], ink: "black", about: odd },
      [],
      null,
    );
    expect(svg).toContain("<title>umap: &lt;b&gt;&amp;&quot;Größe&quot; 細胞</title>");
    const text = /<metadata>(.*)<\/metadata>/.exec(svg)?.[1]?.replaceAll("&quot;", '"');
    expect(JSON.parse(text as string)).toEqual(odd.settings);
    expect(svg.indexOf("<title>")).toBeLessThan(svg.indexOf("<clipPath"));
  });
});
