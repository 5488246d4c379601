// A stand-in for Python: simulated cells of a bifurcation, and the answers that a kernel would give.

const NAMES = ["Ductal", "Ngn3 low EP", "Ngn3 high EP", "Pre-endocrine", "Alpha", "Beta", "Delta", "Epsilon"];
const COLORS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#F0E442", "#999999"];
const ODD_NAMES = [
  '<script>alert("no")</script>',
  "a name that is much longer than any legend would ever like it to be",
  "Größe μ 細胞",
];

function offer(key) {
  return { key, title: key.replaceAll("_", " "), help: "", reason: null, numbers: [] };
}

function parameter(name, title, group, kind, { low = null, high = null, offers = [], ...more } = {}) {
  const entry = { name, title, titles: {}, help: "", group, within: "", when: {}, instant: false, reason: null };
  return { ...entry, control: { kind, low, high, offers }, ...more };
}

const drawn = { when: { field: ["grid", "arrows"] } };
const parameters = [
  parameter("softmax_scale", "softmax scale", "scale", "own"),
  parameter("auto_scale", "auto", "scale", "own", { within: "softmax_scale" }),
  parameter("scheme", "scheme", "chain", "choice", { offers: ["correlation", "cosine", "dot_product"].map(offer) }),
  parameter("mode", "mode", "chain", "choice", {
    offers: [
      offer("deterministic"),
      offer("stochastic"),
      { ...offer("sampling"), numbers: ["seed"] },
      { ...offer("monte_carlo"), numbers: ["n_samples", "seed"] },
    ],
  }),
  parameter("n_samples", "samples", "chain", "count", { low: 1, within: "mode" }),
  parameter("backward", "direction", "chain", "own"),
  parameter("backward_mode", "backward mode", "chain", "choice", {
    offers: ["transpose", "negate"].map((key) => ({ ...offer(key), title: `backward (${key})` })),
    within: "backward",
  }),
  parameter("basis", "basis", "embedding", "choice", { offers: ["umap", "pca"].map(offer) }),
  parameter("components", "components", "embedding", "own"),
  parameter("color", "color", "view", "own"),
  parameter("layer", "layer", "view", "choice", { offers: ["X", "Ms"].map(offer), within: "color" }),
  parameter("palette", "palette", "view", "choice", {
    offers: ["auto", "okabe_ito"].map(offer),
    when: { colors: ["categorical"] },
  }),
  parameter("field", "field", "drawing", "choice", { offers: ["grid", "arrows", "none"].map(offer) }),
  parameter("smooth", "smoothing", "drawing", "log_slider", { low: 0.1, high: 5, when: { field: ["grid"] } }),
  parameter("density", "density", "drawing", "log_slider", { low: 0.2, high: 4, when: { field: ["grid"] } }),
  parameter("arrow_length", "arrow length", "drawing", "log_slider", { low: 0.1, high: 5, instant: true, ...drawn }),
  parameter("point_size", "point size", "drawing", "log_slider", { low: 0.1, high: 10, instant: true }),
  parameter("opacity", "opacity", "drawing", "log_slider", { low: 0.05, high: 1, instant: true }),
  parameter("honest", "fade by confidence", "drawing", "toggle", drawn),
  parameter("seed", "seed", "walks", "count", { low: 0 }),
];

/** @param {{cells: number, categories: number, color: string, scenario: string}} settings */
export function createFakeModel(settings) {
  const auto = 12.4;
  const state = {
    softmax_scale: auto,
    auto_scale: true,
    scheme: "correlation",
    mode: "deterministic",
    n_samples: 1000,
    seed: 0,
    backward: false,
    backward_mode: "transpose",
    basis: "umap",
    components: [],
    color: settings.color,
    layer: null,
    vmin: null,
    vmax: null,
    palette: "auto",
    field: settings.field,
    smooth: 0.8,
    density: 1,
    arrow_length: 1,
    point_size: 1,
    opacity: 0.9,
    honest: false,
    _ui: { camera: null },
  };
  const listeners = new Map();
  const changed = new Set();
  const data = simulate(settings.cells, settings.categories);
  let generation = 1;

  const model = {
    sent: [],
    get: (name) => state[name],
    set(name, value) {
      if (state[name] === value) return;
      state[name] = value;
      changed.add(name);
      fire(`change:${name}`);
    },
    save_changes() {
      const names = [...changed];
      changed.clear();
      if (!names.length || names.includes("_ui")) return;
      if (names.includes("softmax_scale")) update("auto_scale", false);
      if (names.includes("auto_scale") && state.auto_scale) update("softmax_scale", auto);
      if (names.includes("color")) setTimeout(sendColor, 30);
      generation++;
      if (settings.scenario === "normal") setTimeout(compute, 40);
    },
    on(name, callback) {
      listeners.set(name, [...(listeners.get(name) ?? []), callback]);
    },
    off(name, callback) {
      listeners.set(
        name,
        (listeners.get(name) ?? []).filter((other) => other !== callback),
      );
    },
    send(content) {
      model.sent.push(content);
      setTimeout(() => answer(content), 20);
    },
  };

  function fire(name, ...values) {
    for (const callback of listeners.get(name) ?? []) callback(...values);
  }

  function update(name, value) {
    state[name] = value;
    fire(`change:${name}`);
  }

  function post(content, arrays = {}) {
    const lists = content.kind === "status" ? { pending: [], failed: [] } : {};
    const specs = Object.entries(arrays).map(([name, { values, shape }]) => ({
      name,
      dtype: values instanceof Float32Array ? "float32" : values instanceof Int32Array ? "int32" : "uint8",
      shape: shape ?? [values.length],
    }));
    const buffers = Object.values(arrays).map(({ values }) => new DataView(values.buffer));
    fire("msg:custom", { v: 1, id: null, generation: null, arrays: specs, ...lists, ...content }, buffers);
  }

  const answers = {
    panel({ id, panel }) {
      const esm = `export default { mount({ el, request }) {
        el.innerHTML = "<p></p>";
        request("count").then(({ arrays }) => { el.firstChild.textContent = "Cells: " + arrays.counts.join(", "); });
      } };`;
      const known = panel === "example.panel";
      post({ kind: "answer", id, payload: { esm }, problem: known ? null : `There is no panel "${panel}".` });
    },
    ask({ id }) {
      post({ kind: "answer", id, payload: null, problem: null }, { counts: { values: new Int32Array([3, 1, 2]) } });
    },
    hello() {
      if (settings.scenario === "waiting") return;
      post({
        kind: "options",
        parameters,
        exporters: [],
        panels: [
          { ...offer("parameters"), place: "side" },
          { ...offer("embedding"), place: "main" },
          { ...offer("example.panel"), place: "dock" },
          { ...offer("example.other"), place: "dock", reason: "needs adata.obs['age']" },
        ],
        columns: ["clusters", "latent_time", "n_counts", "phase"],
        diagnostics: [],
        n_genes: 27998,
      });
      post({ kind: "automatic", scale: auto });
      if (settings.scenario === "error") {
        post({
          kind: "error",
          stage: "parameters",
          trait: null,
          message: 'adata.layers has no "velocity".',
          hint: "Run scvelo.tl.velocity first, or name another layer with vkey=.",
        });
        return;
      }
      const names = new TextEncoder().encode(JSON.stringify(Array.from({ length: data.n }, (_, i) => `AACTTC-${i}`)));
      post(
        { kind: "cells", n_cells: data.n, clusters: { key: "clusters", names: clusterNames() } },
        { names: { values: names }, codes: { values: data.codes } },
      );
      post(
        { kind: "embedding", basis: state.basis, components: [1, 2], width: 2, missing: 12 },
        { positions: { values: data.positions, shape: [data.n, 2] } },
      );
      sendColor();
      compute();
      scenes[settings.scenario]?.();
    },
    request: compute,
    resume: compute,
    cancel() {
      post({
        kind: "status",
        generation,
        state: "cancelled",
        stage: null,
        progress: null,
        label: "Cancelled at 3,000 of 10,000 cells",
        pending: ["grid"],
      });
    },
    search({ id, query, limit }) {
      const genes = Array.from({ length: 27998 }, (_, i) => `Gene${i}`).filter((name) =>
        name.toLowerCase().includes(query.toLowerCase()),
      );
      post({ kind: "matches", id, genes: genes.slice(0, limit), more: Math.max(0, genes.length - limit) });
    },
  };

  const scenes = {
    normal() {
      post({ kind: "notices", items: [] });
    },
    working() {
      generation++;
      update("scheme", "cosine");
      post({
        kind: "status",
        generation,
        state: "working",
        stage: "similarity",
        progress: 0.3,
        label: "Similarities: 3,000 of 10,000 cells",
        pending: ["grid"],
      });
    },
    cancelled() {
      generation++;
      update("scheme", "cosine");
      answers.cancel();
    },
    failed() {
      generation++;
      update("scheme", "dot_product");
      post({
        kind: "status",
        generation,
        state: "failed",
        stage: null,
        progress: null,
        label: "",
        pending: ["grid"],
        failed: ["similarity"],
      });
      post({
        kind: "error",
        generation,
        stage: "similarity",
        trait: null,
        message: "The graph has no edges.",
        hint: "Run scanpy.pp.neighbors first.",
      });
    },
    refused() {
      post({
        kind: "error",
        stage: null,
        trait: "color",
        message: '"Isn1" is neither a column of adata.obs nor a gene.',
        hint: 'Did you mean "Ins1"?',
      });
      post({ kind: "notices", items: ["12 cells have no velocity in any gene; they are treated as resting."] });
    },
  };

  function answer(content) {
    answers[content.kind]?.(content);
  }

  function clusterNames() {
    return Array.from({ length: settings.categories }, (_, i) =>
      settings.categories > 20 && i < ODD_NAMES.length ? ODD_NAMES[i] : (NAMES[i] ?? `Cluster ${i}`),
    );
  }

  function sendColor() {
    const key = state.color;
    if (key === "") {
      post({ kind: "color", key, type: "none" });
    } else if (key === "clusters") {
      const names = clusterNames();
      const counts = names.map((_, i) => data.codes.filter((code) => code === i).length);
      post(
        {
          kind: "color",
          key,
          source: "obs",
          type: "categorical",
          asked: { color: key, layer: state.layer },
          categories: names.map((name, i) => ({ name, color: COLORS[i % COLORS.length], count: counts[i] })),
          missing: data.codes.filter((code) => code < 0).length,
        },
        { codes: { values: data.codes } },
      );
    } else {
      const source = key.startsWith("Gene") ? "gene" : "obs";
      post(
        {
          kind: "color",
          key,
          source,
          layer: source === "gene" ? (state.layer ?? "X") : null,
          type: "continuous",
          asked: { color: key, layer: state.layer },
          offset: 0,
          vmin: 0,
          vmax: 1,
          missing: 40,
        },
        { values: { values: data.values } },
      );
    }
  }

  function compute() {
    const mode = state.backward && state.backward_mode === "transpose" ? "deterministic" : state.mode;
    const shown = Object.fromEntries(
      [
        "scheme",
        "softmax_scale",
        "auto_scale",
        "backward",
        "backward_mode",
        "basis",
        "components",
        "smooth",
        "density",
      ].map((name) => [name, state[name]]),
    );
    const params = {
      ...shown,
      mode,
      n_samples: mode === "monte_carlo" ? state.n_samples : null,
      seed: ["monte_carlo", "sampling"].includes(mode) ? state.seed : null,
    };
    const strength = 1.1 * Math.tanh(0.7 * (state.softmax_scale / auto) ** 0.7) * (state.backward ? -1 : 1);
    const vectors = data.directions.map((value) => value * strength);
    post(
      { kind: "result", generation, stage: "projection", params },
      { vectors: { values: vectors, shape: [data.n, 2] } },
    );
    const grid = onGrid(data.positions, vectors);
    post(
      { kind: "result", generation, stage: "grid", params },
      {
        points: { values: grid.points, shape: [grid.points.length / 2, 2] },
        vectors: { values: grid.vectors, shape: [grid.points.length / 2, 2] },
      },
    );
    post({ kind: "status", generation, state: "ready", stage: null, progress: null, label: "" });
  }

  return model;
}

function simulate(n, categories) {
  const random = generator(7);
  const noise = () => random() + random() + random() - 1.5;
  const positions = new Float32Array(2 * n);
  const directions = new Float32Array(2 * n);
  const codes = new Int32Array(n);
  const values = new Float32Array(n);
  for (let i = 0; i < n; i++) {
    const time = random();
    const branch = random() < 0.5 ? 1 : -1;
    const late = Math.max(0, time - 0.4);
    const width = 0.5 + 0.8 * Math.sin(Math.PI * time);
    positions[2 * i] = 14 * time - 5 + noise() * width;
    positions[2 * i + 1] = branch * 12 * late * late * 2 + 1.4 * Math.sin(6 * time) + noise() * width;
    const slope = [14, branch * 48 * late + 8.4 * Math.cos(6 * time)];
    const length = Math.hypot(...slope);
    const strength = 0.4 + random() * 0.6 - 0.35 * time;
    directions[2 * i] = (slope[0] / length) * strength + noise() * 0.15;
    directions[2 * i + 1] = (slope[1] / length) * strength + noise() * 0.15;
    const step = Math.floor(time * categories * 0.999);
    codes[i] = time > 0.7 && branch < 0 ? Math.max(0, step - 1) : step;
    values[i] = Math.min(1, Math.max(0, time + noise() * 0.1));
    if (i % 97 === 0) {
      codes[i] = -1;
      values[i] = Number.NaN;
    }
    if (i < 12) positions[2 * i] = Number.NaN;
  }
  return { n, positions, directions, codes, values };
}

function onGrid(positions, vectors) {
  const spacing = 0.44;
  const cells = new Map();
  for (let i = 0; i < positions.length; i += 2) {
    if (Number.isNaN(positions[i])) continue;
    const key = `${Math.round(positions[i] / spacing)},${Math.round(positions[i + 1] / spacing)}`;
    const sums = cells.get(key) ?? [0, 0, 0];
    cells.set(key, [sums[0] + vectors[i], sums[1] + vectors[i + 1], sums[2] + 1]);
  }
  const kept = [...cells].filter(([, sums]) => sums[2] > 1);
  return {
    points: Float32Array.from(kept.flatMap(([key]) => key.split(",").map((at) => at * spacing))),
    vectors: Float32Array.from(kept.flatMap(([, sums]) => [sums[0] / sums[2], sums[1] / sums[2]])),
  };
}

/** Repeatable numbers from 0 to 1. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
