// The page of tests/benchmarks/bench_view.py: the same cells drawn by our scene and by regl-scatterplot, jupyter-scatter's
// renderer. Frames follow each other at once, not at the screen's pace, so that what is timed is the drawing.
import { signal } from "@preact/signals";
import createScatterplot from "regl-scatterplot";
import { createScene } from "../../../js/src/scene/scene";
import { createWidgetState } from "../../../js/src/state/model";

const [WIDTH, HEIGHT] = [800, 600];
const CATEGORIES = ["#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00", "#cc79a7"];
const PANS = 12;

interface Timing {
  first: number;
  frame: number;
}

const channel = new MessageChannel();
const waiting: FrameRequestCallback[] = [];
channel.port1.onmessage = () => {
  for (const callback of waiting.splice(0)) callback(performance.now());
};
window.requestAnimationFrame = (callback) => {
  waiting.push(callback);
  channel.port2.postMessage(null);
  return waiting.length;
};

const frame = () => new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));

/** Wait until what was asked for has been drawn. */
async function drawn(gl: WebGLRenderingContext | WebGL2RenderingContext): Promise<void> {
  for (let i = 0; i < 3; i++) await frame();
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}

function cells(n: number): { positions: Float32Array; codes: Int32Array } {
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const positions = new Float32Array(2 * n);
  const codes = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const angle = 2 * Math.PI * random();
    const radius = 0.5 + 0.35 * (random() + random() - 1);
    positions.set([radius * Math.cos(angle), radius * Math.sin(angle)], 2 * i);
    codes[i] = Math.floor((angle / (2 * Math.PI)) * CATEGORIES.length);
  }
  return { positions, codes };
}

async function pans(gl: WebGLRenderingContext | WebGL2RenderingContext, move: (step: number) => void): Promise<number> {
  const times: number[] = [];
  for (let step = 1; step <= PANS; step++) {
    const started = performance.now();
    move(step);
    await drawn(gl);
    times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[PANS >> 1] as number;
}

async function ours(n: number): Promise<Timing & { radius: number }> {
  const { positions, codes } = cells(n);
  const life = new AbortController();
  const traits: Record<string, unknown> = {
    field: "none",
    basis: "b",
    components: [],
    cluster_key: "",
    time_key: "",
    point_size: 1,
    opacity: 0.9,
    arrow_length: 1,
  };
  let tell: (content: unknown, buffers: unknown[]) => void = () => {};
  const model = {
    get: (name: string) => traits[name],
    set: () => {},
    save_changes: () => {},
    send: () => {},
    on: (name: string, callback: typeof tell) => {
      if (name === "msg:custom") tell = callback;
    },
    off: () => {},
  };
  const { store } = createWidgetState(model as never, life.signal);
  const envelope = { v: 1, id: null, generation: null };
  const array = (name: string, dtype: string, shape: number[]) => ({ name, dtype, shape });
  tell(
    {
      ...envelope,
      kind: "embedding",
      basis: "b",
      components: [1, 2],
      width: 2,
      missing: 0,
      arrays: [array("positions", "float32", [n, 2])],
    },
    [positions],
  );
  tell(
    {
      ...envelope,
      kind: "color",
      key: "c",
      source: "obs",
      type: "categorical",
      categories: CATEGORIES.map((color, i) => ({ name: String(i), color, count: 1 })),
      missing: 0,
      arrays: [array("codes", "int32", [n])],
    },
    [codes],
  );
  const place = document.createElement("div");
  place.style.cssText = `position:relative;width:${WIDTH}px;height:${HEIGHT}px`;
  document.body.append(place);

  const started = performance.now();
  const scene = createScene(place, store, signal("light"), {
    error(error) {
      throw error;
    },
    contextLost() {},
  });
  while (!scene.rendered.value) await frame();
  const gl = place.querySelector("canvas")?.getContext("webgl2") as WebGL2RenderingContext;
  await drawn(gl);
  const first = performance.now() - started;
  const home = scene.view.value?.camera;
  if (!home) throw new Error("There is nothing to see.");
  const [x, y] = home.target;
  const median = await pans(gl, (step) => store.setCamera({ ...home, target: [x + 0.01 * step, y] }));
  const radius = scene.cells.value?.radius ?? 1;
  scene.dispose();
  life.abort();
  place.remove();
  return { first, frame: median, radius };
}

async function theirs(n: number, radius: number): Promise<Timing> {
  const { positions, codes } = cells(n);
  const points = {
    x: Float32Array.from({ length: n }, (_, i) => positions[2 * i] as number),
    y: Float32Array.from({ length: n }, (_, i) => positions[2 * i + 1] as number),
    z: Array.from(codes),
  };
  const canvas = document.createElement("canvas");
  document.body.append(canvas);

  const started = performance.now();
  const plot = createScatterplot({
    canvas,
    width: WIDTH,
    height: HEIGHT,
    pointSize: 2 * radius,
    opacity: 0.9,
    colorBy: "valueA",
    pointColor: CATEGORIES,
  });
  await plot.draw(points as never, { zDataType: "categorical" } as never);
  const gl = plot.get("regl")._gl as WebGLRenderingContext;
  await drawn(gl);
  const first = performance.now() - started;
  const median = await pans(gl, (step) => plot.set({ cameraTarget: [0.01 * step, 0] }));
  plot.destroy();
  canvas.remove();
  return { first, frame: median };
}

Object.assign(window, { ours, theirs });
