/** The picture as a file: what is exported is what is shown, with shapes and text as such in SVG. */
import { opacityAt } from "../layers/belief";
import { rgb } from "../layers/rgb";
import { streamsOf } from "../layers/stream-strokes";
import { type About, aboutPicture } from "../state/caption";
import type { Store } from "../state/store";
import type { ThemeName } from "../theme/theme";
import type { Size } from "./camera";
import { INK } from "./ink";
import { type KeyLine, keyLines } from "./key-lines";
import { keyOf } from "./key-shapes";
import { type Label, legendOf } from "./legend-shapes";
import { describedPng, escaped, svgMetadata } from "./metadata";
import { outline, type Shape, ShapePen } from "./pen";
import type { Scene, View } from "./scene";
import { slabsInSpace } from "./slabs";
import { HALO, headCorners } from "./streams";
import { crowdNow, drawWalkers, frameOf } from "./walkers";

/** Between the picture and its legend, and around that. */
const MARGIN = 12;
const FONT = "12px system-ui, sans-serif";
/** Cells and their arrows under walkers; the style sheet has it, too. */
const UNDER_WALKERS = 0.5;
/** Into which space is cut: in a drawing each is a picture of its own. */
const SLABS = { png: 256, svg: 32 };
/** Of arrows, as their shader has it; and how much narrower than its outermost edge their halo looks. */
const HALO_OPACITY = 0.85;
const HALO_EDGE = 0.5;
const PAPER: Record<ThemeName, string> = { light: "#ffffff", dark: "#111111" };

export interface ExportOptions {
  /** Pixels of the file for each of the screen's. */
  scale: number;
  /** Otherwise it is transparent. */
  background: boolean;
}

/** Later ones lie on earlier ones. */
export interface Layer {
  /** What is pixels, below the shapes. */
  paint(context: CanvasRenderingContext2D): void;
  shapes: Shape[];
}

export interface Drawing {
  width: number;
  height: number;
  /** Of the picture without the legend, beyond which none of its layers are seen. */
  size: Size;
  layers: Layer[];
  /** Beside the picture and below. */
  legend: Shape[];
  labels: Label[];
  ink: string;
  about: About;
}

/** As PNG. */
export async function toPng(
  scene: Scene,
  store: Store,
  theme: ThemeName,
  drift: HTMLCanvasElement,
  { scale, background }: ExportOptions,
): Promise<Blob> {
  const drawing = drawingOf(scene, store, theme, drift, SLABS.png);
  const { canvas, context } = canvasOf(drawing, scale);
  if (background) {
    context.fillStyle = PAPER[theme];
    context.fillRect(0, 0, drawing.width, drawing.height);
  }
  const paint = (shapes: readonly Shape[]) => {
    for (const { d, fill, stroke, width = 1, opacity } of shapes) {
      const path = new Path2D(d);
      context.globalAlpha = opacity;
      if (fill) {
        context.fillStyle = fill;
        context.fill(path);
      }
      if (stroke) {
        context.strokeStyle = stroke;
        context.lineWidth = width;
        context.lineJoin = "round";
        context.stroke(path);
      }
    }
    context.globalAlpha = 1;
  };
  context.save();
  context.beginPath();
  context.rect(0, 0, drawing.size.width, drawing.size.height);
  context.clip();
  for (const layer of drawing.layers) {
    layer.paint(context);
    paint(layer.shapes);
  }
  context.restore();
  paint(drawing.legend);
  context.font = FONT;
  context.fillStyle = drawing.ink;
  for (const { x, y, text, anchor = "start" } of drawing.labels) {
    context.textAlign = anchor === "middle" ? "center" : anchor;
    context.fillText(text, x, y);
  }
  return describedPng(await blobOf(canvas), scale, drawing.about);
}

/** As SVG, in which cells that lie on the same arrows, and particles, are one picture each. */
export async function toSvg(
  scene: Scene,
  store: Store,
  theme: ThemeName,
  drift: HTMLCanvasElement,
  { scale, background }: ExportOptions,
): Promise<Blob> {
  const drawing = drawingOf(scene, store, theme, drift, SLABS.svg);
  const rasters = drawing.layers.map(({ paint }) => {
    const { canvas, context } = canvasOf(drawing.size, scale);
    paint(context);
    return canvas.toDataURL("image/png");
  });
  return new Blob([svgOf(drawing, rasters, background ? PAPER[theme] : null)], { type: "image/svg+xml" });
}

/** With what is pixels in each layer. */
export function svgOf(drawing: Drawing, rasters: readonly string[], paper: string | null): string {
  const { width, height, size, layers, legend, labels, ink, about } = drawing;
  const attributes = ({ d, fill, stroke, width, opacity }: Shape) =>
    [
      `d="${d}"`,
      `fill="${fill ?? "none"}"`,
      stroke && `stroke="${stroke}" stroke-width="${width}" stroke-linejoin="round"`,
      opacity < 1 && `opacity="${opacity.toFixed(2)}"`,
    ]
      .filter(Boolean)
      .join(" ");
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    svgMetadata(about),
    paper ? `<rect width="100%" height="100%" fill="${paper}"/>` : "",
    `<clipPath id="picture"><rect width="${size.width}" height="${size.height}"/></clipPath>`,
    `<g clip-path="url(#picture)">`,
    ...layers.flatMap(({ shapes }, i) => [
      `<image width="${size.width}" height="${size.height}" href="${rasters[i]}"/>`,
      ...shapes.map((shape) => `<path ${attributes(shape)}/>`),
    ]),
    "</g>",
    ...legend.map((shape) => `<path ${attributes(shape)}/>`),
    `<g font-family="system-ui, sans-serif" font-size="12" fill="${ink}">`,
    ...labels.map(({ x, y, text, anchor }) => {
      const end = anchor ? ` text-anchor="${anchor}"` : "";
      return `<text x="${x}" y="${y}"${end}>${escaped(text)}</text>`;
    }),
    "</g>",
    "</svg>",
  ];
  return lines.filter(Boolean).join("\n");
}

function drawingOf(scene: Scene, store: Store, theme: ThemeName, drift: HTMLCanvasElement, nSlabs: number): Drawing {
  const view = scene.view.value;
  if (!view) throw new Error("There is no picture yet.");
  const color = store.color.value;
  const ink = rgb(INK[theme].ink);
  const legend = color && legendOf(color, store.hidden.value, view.size.width + MARGIN, theme);
  const width = view.size.width + (legend ? legend.width + 2 * MARGIN : 0);
  const bottom = Math.max(view.size.height, legend ? legend.height + MARGIN : 0);
  const about = aboutPicture(store);
  const lines = [captionLine(about), ...keyLines(store, scene, view.camera.zoom)];
  const key = keyOf(lines, [MARGIN, bottom + MARGIN], width - 2 * MARGIN, ink);
  return {
    width,
    height: bottom + key.height + 2 * MARGIN,
    size: view.size,
    layers: layersOf(scene, store, view, theme, drift, nSlabs),
    legend: [...(legend?.shapes ?? []), ...key.shapes],
    labels: [...(legend?.labels ?? []), ...key.labels],
    ink,
    about,
  };
}

function captionLine({ caption }: About): KeyLine {
  return { sample: null, text: caption, advice: "", help: "" };
}

function canvasOf({ width, height }: Size, scale: number) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d") as CanvasRenderingContext2D;
  context.scale(scale, scale);
  return { canvas, context };
}

/** One of all cells and all arrows or lines; where arrows are among the cells, one of each slab. Walkers are in front. */
function layersOf(
  scene: Scene,
  store: Store,
  view: View,
  theme: ThemeName,
  drift: HTMLCanvasElement,
  nSlabs: number,
): Layer[] {
  const cells = scene.cells.value?.order ?? new Uint32Array();
  const positions = store.embedding.value?.arrays.positions ?? new Float32Array();
  const arrows = scene.arrows.value;
  const shown = store.shown.value;
  const share = store.player.shown.value ? UNDER_WALKERS : 1;
  const drawn = Uint32Array.from({ length: scene.drawn.value }, (_, i) => i);
  const slabs =
    view.inSpace && arrows
      ? slabsInSpace(cells, positions, arrows.feet.subarray(0, 3 * drawn.length), nSlabs, view.camera, view.size)
      : [{ cells, arrows: drawn }];
  const layers = slabs.map((slab): Layer => {
    const shapes = arrows ? arrowShapes(arrows, slab.arrows, scene.stroke.value, view.project, theme) : [];
    return {
      paint: (context) => paintCells(context, slab.cells, scene, store, view),
      shapes: shapes.map((shape) => ({ ...shape, opacity: share * shape.opacity })),
    };
  });
  const { width, height } = view.size;
  if (shown?.stage === "particles")
    layers.push({ paint: (context) => context.drawImage(drift, 0, 0, width, height), shapes: [] });
  if (shown?.stage === "stream") {
    const streams = streamsOf(shown, opacityAt(store.belief.value), store.traits.arrow_length.value);
    layers.at(-1)?.shapes.push(...streamShapes(streams, view.project, theme));
  }
  layers.at(-1)?.shapes.push(...walkerShapes(store, view, theme));
  return layers;
}

function paintCells(
  context: CanvasRenderingContext2D,
  which: Uint32Array,
  scene: Scene,
  store: Store,
  view: View,
): void {
  const cells = scene.cells.value;
  const embedding = store.embedding.value;
  if (!cells || !embedding) return;
  const { positions } = embedding.arrays;
  const dims = embedding.components.length;
  context.globalAlpha = store.player.shown.value ? UNDER_WALKERS : 1;
  for (const cell of which) {
    const [x, y] = view.project(positions, dims * cell);
    const [r, g, b, a] = cells.colors.subarray(4 * cell, 4 * cell + 4);
    context.fillStyle = `rgb(${r} ${g} ${b} / ${(((a ?? 255) / 255) * cells.opacity).toFixed(3)})`;
    context.beginPath();
    context.arc(x, y, cells.radius, 0, 2 * Math.PI);
    context.fill();
  }
  context.globalAlpha = 1;
}

function walkerShapes(store: Store, view: View, theme: ThemeName): Shape[] {
  const frame = frameOf(store, crowdNow(store, theme), view, theme);
  const pen = new ShapePen();
  if (frame) drawWalkers(pen, frame);
  return pen.shapes;
}

export function streamShapes(
  { points, dims, strokes, heads }: ReturnType<typeof streamsOf>,
  project: View["project"],
  theme: ThemeName,
): Shape[] {
  const shapes: Shape[] = [];
  for (const [color, extra] of haloAndInk(theme, HALO)) {
    for (const { from, to, width, opacity } of strokes) {
      const places = Array.from({ length: to - from + 1 }, (_, i) => project(points, dims * (from + i)));
      shapes.push({ d: outline(places, false), stroke: color, width: width + 2 * extra, opacity });
    }
    for (const { from, to, width, opacity } of heads) {
      const corners = headCorners(project(points, dims * from), project(points, dims * to), width, extra);
      shapes.push({ d: outline(corners, true), fill: color, opacity });
    }
  }
  return shapes;
}

export function arrowShapes(
  { dims, feet, steps, opacities }: NonNullable<Scene["arrows"]["value"]>,
  which: Uint32Array,
  stroke: { width: number; head: number; haloWidth: number },
  project: View["project"],
  theme: ThemeName,
): Shape[] {
  const shapes: Shape[] = [];
  for (const i of which) {
    const foot = [...feet.subarray(dims * i, dims * (i + 1))];
    const tip = foot.map((value, c) => value + (steps[dims * i + c] as number));
    const [x0, y0] = project(foot, 0);
    const [x, y] = project(tip, 0);
    const length = Math.hypot(x - x0, y - y0);
    const opacity = opacities[i] as number;
    if (!(length > 0) || opacity <= 0) continue;
    const [ux, uy] = [(x - x0) / length, (y - y0) / length];
    const head = Math.min(stroke.head, 0.7 * length);
    for (const [color, extra] of haloAndInk(theme, stroke.haloWidth - HALO_EDGE)) {
      const [back, half, shaft] = [head + extra, 0.45 * head + extra, stroke.width / 2 + extra];
      const at = (along: number, across: number): [number, number] => [
        x0 + ux * along - uy * across,
        y0 + uy * along + ux * across,
      ];
      const neck = length - back;
      const corners = [
        at(-extra, shaft), at(neck, shaft), at(neck, half), at(length + 2 * extra, 0),
        at(neck, -half), at(neck, -shaft), at(-extra, -shaft),
      ]; // biome-ignore format: an arrow's corners in order
      shapes.push({ d: outline(corners, true), fill: color, opacity: extra ? HALO_OPACITY * opacity : opacity });
    }
  }
  return shapes;
}

function haloAndInk(theme: ThemeName, halo: number): [string, number][] {
  return [
    [rgb(INK[theme].halo), halo],
    [rgb(INK[theme].ink), 0],
  ];
}

function blobOf(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) =>
        blob ? resolve(blob) : reject(new Error("The picture is too large for this browser; choose a smaller scale.")),
      "image/png",
    ),
  );
}
