/**
 * The messages between Python and the browser, version 1: `{v, kind, id, generation, ...}` and binary buffers.
 * The Python side is `velowidget/widget/protocol.py`; `tests/fixtures/protocol` holds examples that both sides check.
 */
import {
  anything,
  flag,
  type Guard,
  type Guarded,
  list,
  literal,
  nullable,
  number,
  record,
  type Shape,
  shape,
  text,
} from "./guards";

export const VERSION = 1;

export type Dtype = "float32" | "int32" | "uint8";

type ArrayOf = { float32: Float32Array; int32: Int32Array; uint8: Uint8Array };
type ArrayTypes = Record<string, Dtype>;
export type NamedArrays<A extends ArrayTypes> = { [K in keyof A]: ArrayOf[A[K]] };

export const arraySpec = shape({
  name: text,
  dtype: literal<Dtype>("float32", "int32", "uint8"),
  shape: list(number),
});
export type ArraySpec = Guarded<typeof arraySpec>;

/** What a result shows. */
const params = shape({
  scheme: text,
  /** The one that was computed; its numbers are null where it does not depend on them. */
  mode: text,
  n_samples: nullable(number),
  seed: nullable(number),
  /** Null of a given kernel without velocities. */
  softmax_scale: nullable(number),
  auto_scale: flag,
  backward: flag,
  backward_mode: text,
  basis: text,
  components: list(number),
  smooth: number,
  density: number,
});

/** Of the values that results depend on, by stage. */
const hashes = record(text);

/** What every result has besides its stage: its own hash among those of the results that it is made of. */
const shown = { hashes, params };

/** A lattice: its first point, the distance of neighbours, and how many there are along each axis. */
const lattice = { start: list(number), spacing: number, shape: list(number) };

/** Something that can be chosen, or cannot be with these data for a reason. */
const offer = { key: text, title: text, help: text, reason: nullable(text), numbers: list(text) };

/** What there is to show of a parameter; see `velowidget/pipeline/table.py`. */
const parameter = shape({
  name: text,
  title: text,
  /** Other titles, by name and value of another parameter. */
  titles: record(record(text)),
  help: text,
  group: text,
  /** The parameter whose control shows this one, too. */
  within: text,
  control: shape({
    kind: literal("log_slider", "slider", "count", "toggle", "choice", "genes", "cells", "own"),
    low: nullable(number),
    high: nullable(number),
    offers: list(shape(offer)),
  }),
  /** Values of others with which it matters, by their names. */
  when: record(list(text)),
  /** Whether nobody but the browser has to do anything about it. */
  instant: flag,
  /** Why it cannot be changed. */
  reason: nullable(text),
});

/** The traits that a colour answers. */
const asked = shape({ color: text, layer: nullable(text) });

/** One form of a message from Python: its fields besides the envelope, and the arrays it needs. */
interface Variant<K extends string, F extends Record<string, Guard<unknown>>, A extends ArrayTypes> {
  kind: K;
  fields: Guard<Shape<F>>;
  arrays: A;
}

function variant<
  K extends string,
  F extends Record<string, Guard<unknown>>,
  const A extends ArrayTypes = Record<never, never>,
>(kind: K, fields: F, arrays: A = {} as A): Variant<K, F, A> {
  return { kind, fields: shape(fields), arrays };
}

export const VARIANTS = [
  /** Which reading of the data everything is of, and in words what has changed in them since. */
  variant("reading", { number, changed: text }),
  variant("options", {
    /** A given kernel that is shown as it is. */
    fixed: nullable(shape({ kernel: text, reason: text })),
    parameters: list(parameter),
    exporters: list(shape(offer)),
    panels: list(shape({ ...offer, place: literal("side", "main", "dock") })),
    /** What can be drawn, and the stage whose result that is. */
    fields: list(shape({ key: text, stage: nullable(text) })),
    /** The panel that shows each stage, and the traits that its result depends on. */
    stages: list(shape({ key: text, panel: text, traits: list(text) })),
    columns: list(text),
    diagnostics: list(text),
    n_genes: number,
  }),
  variant("choices", {
    columns: list(shape({ name: text, categories: nullable(list(text)), range: nullable(list(number)) })),
  }),
  /** What is known once similarities are computed: the automatic scale, and how many genes are in use. */
  variant("automatic", { scale: nullable(number), n_genes: nullable(number) }),
  variant(
    "cells",
    { n_cells: number },
    /** The clusters that cells are in, -1 for none. */
    { names: "uint8", codes: "int32" },
  ),
  /** The clusters that cells are known by; no names where there are none. */
  variant("clusters", { key: text, names: list(text), colors: list(text) }),
  variant(
    "embedding",
    { basis: text, components: list(number), width: number, missing: number },
    { positions: "float32" },
  ),
  variant("color", { key: text, type: literal("none") }),
  variant(
    "color",
    {
      key: text,
      source: literal("obs", "gene"),
      type: literal("categorical"),
      asked,
      categories: list(shape({ name: text, color: text, count: number })),
      missing: number,
    },
    { codes: "int32" },
  ),
  variant(
    "color",
    {
      key: text,
      source: literal("obs", "gene", "diagnostics"),
      /** Of a gene. */
      layer: nullable(text),
      type: literal("continuous"),
      asked,
      /** To be added to the values. */
      offset: number,
      /** The automatic limits; those in use, of a colour that is shown. */
      vmin: number,
      vmax: number,
      missing: number,
    },
    { values: "float32" },
  ),
  variant("selection", {}, { cells: "int32" }),
  variant("result", { stage: literal("grid"), ...shown }, { points: "float32", vectors: "float32" }),
  variant("result", { stage: literal("projection"), ...shown }, { vectors: "float32" }),
  variant("result", { stage: literal("stream"), ...shown }, { points: "float32", starts: "int32", speeds: "float32" }),
  variant(
    "result",
    { stage: literal("particles"), ...shown, ...lattice, min_mass: number },
    { vectors: "float32", mass: "float32" },
  ),
  variant(
    "result",
    { stage: literal("diagnostics"), ...shown },
    { fidelity: "float32", support: "float32", entropy: "float32" },
  ),
  variant("result", { stage: literal("belief"), ...shown, ...lattice }, { belief: "float32" }),
  variant(
    "result",
    { stage: literal("flow"), ...shown, cluster_key: text, time_key: text },
    { edges: "int32", flow: "float32", expected: "float32", z: "float32" },
  ),
  variant(
    "result",
    { stage: literal("flow_null"), ...shown, cluster_key: text, time_key: text },
    { edges: "int32", low: "float32", high: "float32" },
  ),
  variant(
    "groups",
    {
      cluster_key: text,
      time_key: text,
      clusters: list(shape({ name: text, color: text, count: number })),
      times: list(number),
    },
    { codes: "int32", proportions: "float32" },
  ),
  variant(
    "result",
    {
      stage: literal("walks"),
      ...shown,
      n_walks: number,
      n_steps: number,
      start_ixs: anything,
      stopped: flag,
      clusters: nullable(shape({ key: text, names: list(text), used: list(number) })),
    },
    { paths: "int32", counts: "int32", totals: "int32", low: "float32", high: "float32" },
  ),
  variant("status", {
    state: literal("ready", "working", "cancelled", "failed"),
    stage: nullable(text),
    progress: nullable(number),
    label: text,
    failed: list(text),
    /** A result is right for the present parameters if it has the hash of its stage. */
    hashes,
  }),
  variant("error", { stage: nullable(text), trait: nullable(text), message: text, hint: text }),
  /** Why there is no message of a kind, or no answer to one. */
  variant("problem", { part: text, message: text, hint: text }),
  variant("notices", { items: list(text) }),
  variant("matches", { genes: list(text), more: number }),
  variant("answer", { payload: anything, problem: nullable(text) }),
  variant("pong", {}),
] as const;

interface Envelope {
  id: string | null;
  generation: number | null;
}

type MessageOf<V> =
  V extends Variant<infer K, infer F, infer A> ? Envelope & { kind: K; arrays: NamedArrays<A> } & Shape<F> : never;

export type Message = MessageOf<(typeof VARIANTS)[number]>;
export type Kind = Message["kind"];
export type MessageKind<K extends Kind> = Extract<Message, { kind: K }>;

export type Options = MessageKind<"options">;
export type Choices = MessageKind<"choices">;
export type Cells = MessageKind<"cells">;
export type Clusters = MessageKind<"clusters">;
export type Embedding = MessageKind<"embedding">;
export type Color = Exclude<MessageKind<"color">, { type: "none" }>;
export type CategoricalColor = Extract<Color, { type: "categorical" }>;
export type ContinuousColor = Extract<Color, { type: "continuous" }>;
export type Groups = MessageKind<"groups">;
export type Status = MessageKind<"status">;
export type Reading = MessageKind<"reading">;
export type Problem = MessageKind<"problem">;
export type Failure = MessageKind<"error">;
export type Parameter = Options["parameters"][number];
export type Offer = Options["exporters"][number];
export type Answer = MessageKind<"answer">;
export type Matches = MessageKind<"matches">;
export type Result = MessageKind<"result">;
export type Stage = Result["stage"];
export type ResultOf<S extends Stage> = Extract<Result, { stage: S }>;
export type Params = Result["params"];

/** What the browser says to Python. */
export type Request =
  | { kind: "hello" }
  /** Whether anybody is there. */
  | { kind: "ping" }
  /** Keep a stage computed from now on. */
  | { kind: "want"; stage: Stage }
  | { kind: "release"; stage: Stage }
  | { kind: "resume" }
  | { kind: "cancel" }
  | { kind: "search"; query: string; limit: number }
  | { kind: "panel"; panel: string }
  | { kind: "request"; panel: string; name: string; payload: unknown }
  /** Read the data anew. */
  | { kind: "refresh" }
  /** With the cells' indices, int32, as its buffer; of the cells of a reading. */
  | { kind: "select"; reading: number }
  /** How many displays this page has now. */
  | { kind: "shown"; displays: number };
