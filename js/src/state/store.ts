/** What the panels show: made once per model, shared by every display of it. */
import type { AnyModel } from "@anywidget/types";
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Dynamics } from "../dynamics/dynamics";
import type { KernelState } from "../kernel";
import type {
  Cells,
  Choices,
  Clusters,
  Color,
  Embedding,
  Failure,
  Matches,
  Message,
  Options,
  Problem,
  Reading,
  Result,
  ResultOf,
  Stage,
  Status,
} from "../protocol";
import type { Wire } from "../wire";
import { type Camera, createCamera } from "./camera";
import { createColor } from "./color";
import { createFlow, type FlowState } from "./flow";
import { createLayout } from "./layout";
import type { Limits } from "./limits";
import { createMode, type Mode } from "./mode";
import { createPlayer, type Player } from "./player";
import { agree, createChanges, type Hashes, lasting } from "./staleness";
import { createTraits, type TraitSignals, type Traits } from "./traits";

/** Work or staleness that is over sooner is not shown. */
const FLICKER_MS = 150;

/** The stages that draw a field. */
export type FieldStage = "grid" | "projection" | "stream" | "particles";
export type Drawn = ResultOf<FieldStage>;

/** Walks whose clusters have colours. */
export type Walks = ResultOf<"walks"> & { clusters: { colors: readonly string[] } | null };

const STAGES: readonly Stage[] = ["grid", "projection", "stream", "particles", "diagnostics", "belief", "walks"];

export interface Store {
  readonly traits: TraitSignals;
  set<K extends keyof Traits>(name: K, value: Traits[K]): void;
  setTogether(values: Partial<Traits>): void;

  /** The mode that is computed with these traits. */
  readonly mode: ReadonlySignal<Mode>;
  /** Which reading of the data everything is of. */
  readonly reading: ReadonlySignal<Reading | null>;
  /** Read the data anew. */
  refresh(): void;
  readonly options: ReadonlySignal<Options | null>;
  /** The softmax scale that the data would choose; null while Python does not know it. */
  readonly automaticScale: ReadonlySignal<number | null>;
  readonly genesInUse: ReadonlySignal<number | null>;
  /** What cells can be chosen by. */
  readonly choices: ReadonlySignal<Choices["columns"]>;
  readonly cells: ReadonlySignal<Cells | null>;
  /** The clusters that cells are known by; null where there are none. */
  readonly clusters: ReadonlySignal<Clusters | null>;
  readonly embedding: ReadonlySignal<Embedding | null>;
  /** With the limits in use. */
  readonly color: ReadonlySignal<Color | null>;
  /** The limits of its numbers if none were set; null if it has no numbers. */
  readonly automaticLimits: ReadonlySignal<Limits | null>;
  readonly status: ReadonlySignal<Status | null>;
  /** Whether the kernel is there; what is shown stays. */
  readonly kernel: ReadonlySignal<KernelState>;

  /** The field to draw on the present embedding: right or old, but never one that belongs to another embedding. */
  readonly shown: ReadonlySignal<Drawn | null>;
  /** Whether the user's system asks for no motion: lines are then drawn instead of particles. */
  readonly calm: ReadonlySignal<boolean>;
  /** How far to believe what is drawn, of cells and on the grid; null where that is not known, or not wanted. */
  readonly diagnostics: ReadonlySignal<ResultOf<"diagnostics"> | null>;
  readonly belief: ReadonlySignal<ResultOf<"belief"> | null>;
  /** Whether what is drawn fades by numbers of other parameters, until those of its own arrive. */
  readonly fadingStale: ReadonlySignal<boolean>;
  readonly stale: ReadonlySignal<boolean>;
  /** Whether a result is right for the present parameters, as far as Python and this page know. */
  isCurrent(result: Result): boolean;
  readonly walks: ReadonlySignal<Walks | null>;
  readonly walksStale: ReadonlySignal<boolean>;
  readonly player: Player;
  /** The trait that the next click on a cell is for. */
  readonly picking: Signal<"start_ixs" | "stop_ixs" | null>;
  readonly working: ReadonlySignal<boolean>;

  /** Why stages have no result for the present parameters. */
  readonly failures: ReadonlySignal<readonly Failure[]>;
  /** Values that were refused. */
  readonly refusals: ReadonlySignal<readonly Failure[]>;
  dismissRefusal(refusal: Failure): void;
  /** What Python could not tell, and why. */
  readonly problems: ReadonlySignal<readonly Problem[]>;
  dismissProblem(problem: Problem): void;
  readonly notices: ReadonlySignal<readonly string[]>;
  dismissNotice(notice: string): void;

  /** Panels of the dock that are open. */
  readonly open: ReadonlySignal<readonly string[]>;
  setOpen(panel: string, isOpen: boolean): void;
  readonly camera: ReadonlySignal<Camera | null>;
  setCamera(camera: Camera | null): void;
  /** Indices of the selected cells, ascending: here and in Python. */
  readonly selection: ReadonlySignal<Int32Array>;
  select(cells: Int32Array): void;
  /** Categories that are not drawn, of the present colour; -1 is what is missing. */
  readonly hidden: Signal<ReadonlySet<number>>;
  /** Whether particles stand still. */
  readonly paused: Signal<boolean>;
  /** The cell under the pointer, in whichever display. */
  readonly hovered: Signal<number | null>;
  cellName(index: number): string;
  readonly flow: FlowState;
  /** Clusters of the flow that are looked at: their cells stand out on the embedding; null for none. */
  readonly highlight: Signal<readonly number[] | null>;

  search(query: string, limit: number): Promise<Matches>;
}

export interface StoreParts {
  store: Store;
  /** To be given every message. */
  receive(message: Message): void;
}

export function createStore(model: AnyModel, wire: Wire, dynamics: Dynamics, until: AbortSignal): StoreParts {
  const traits = createTraits(model, until);
  const changes = createChanges();
  const flow = createFlow(dynamics, traits.signals, until);
  const camera = createCamera(model, until);
  const layout = createLayout(model, until);
  const reading = signal<Reading | null>(null);
  const problems = signal<readonly Problem[]>([]);
  /** What Python says of another reading, until it has said everything: half of it would not fit the other half. */
  let held: Message[] | null = null;
  let placesBefore: Embedding | null = null;
  const options = signal<Options | null>(null);
  const mode = createMode(traits.signals, options);
  const shared = createColor(traits.signals, until);
  const color = shared.signal;
  const automaticScale = signal<number | null>(null);
  const genesInUse = signal<number | null>(null);
  const choices = signal<Choices["columns"]>([]);
  const cells = signal<Cells | null>(null);
  const clusters = signal<Clusters | null>(null);
  const embedding = signal<Embedding | null>(null);
  const status = signal<Status | null>(null);
  /** By stage, of the present parameters: from the status, or a result that came before it. */
  const present = signal<Hashes>({});
  const failures = signal<readonly Failure[]>([]);
  const refusals = signal<readonly Failure[]>([]);
  const notices = signal<readonly string[]>([]);
  const dismissed = new Set<string>();
  const hovered = signal<number | null>(null);
  const highlight = signal<readonly number[] | null>(null);
  const paused = signal(false);
  const selection = signal<Int32Array>(new Int32Array());
  const selecting = new Set<string>();
  // Parsed when first asked for: many people never hover, and the list may be long.
  const names = computed<string[]>(() => JSON.parse(new TextDecoder().decode(cells.value?.arrays.names) || "[]"));
  const searches = new Map<string, (matches: Matches) => void>();

  const results = createResults(dynamics, until);
  const isCurrent = ({ stage, hashes }: Result) =>
    hashes[stage] === present.value[stage] &&
    !changes.concern(options.value?.stages.find(({ key }) => key === stage)?.traits ?? []);
  const calm = createCalm(until);
  const walks = computed(() => {
    const walked = results("walks").value;
    return walked && inColors(walked, clusters.value);
  });
  const stage = computed<FieldStage | null>(() => {
    const field = options.value?.fields.find(({ key }) => key === traits.signals.field.value);
    const drawn = (field?.stage ?? null) as FieldStage | null;
    return drawn === "particles" && calm.value ? "stream" : drawn;
  });
  /** What was computed for other axes has no place in this picture. */
  const isOnEmbedding = (result: Result | null) => {
    const there = embedding.value;
    if (!result || !there || result.params.basis !== there.basis) return false;
    const { components } = result.params;
    return String(components.length ? components : defaultComponents(there.width)) === String(there.components);
  };
  const shown = computed(() => {
    const result = stage.value && results(stage.value).value;
    return isOnEmbedding(result) ? result : null;
  });
  const isHonest = computed(() => traits.signals.honest.value && stage.value !== null);
  const trusted = <S extends "diagnostics" | "belief">(of: S) =>
    computed(() => {
      const result = isHonest.value ? results(of).value : null;
      return isOnEmbedding(result) ? result : null;
    });
  const diagnostics = trusted("diagnostics");
  const belief = trusted("belief");
  const fadingNow = computed(() => {
    const faded = stage.value === "projection" ? diagnostics.value : belief.value;
    return shown.value !== null && faded !== null && !agree(shown.value, faded);
  });
  const stops = [
    effect(() =>
      stage.value === "stream" && traits.signals.field.value === "particles" ? dynamics.want("stream") : undefined,
    ),
    effect(() => {
      if (!isHonest.value || !cells.value) return;
      return dynamics.want(stage.value === "projection" ? "diagnostics" : "belief");
    }),
  ];
  until.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });

  const staleNow = computed(() => shown.value !== null && !isCurrent(shown.value));
  const workingNow = computed(() => status.value?.state === "working");

  function receive(message: Message): void {
    if (message.kind === "reading" && message.number !== reading.value?.number) held = [message];
    else if (held) held.push(message);
    else apply(message);
    if (!held || !isLast(message)) return;
    const all = held;
    held = null;
    batch(() => all.forEach(apply));
  }

  /** What was said of another reading of the data. */
  function forget(): void {
    placesBefore = embedding.value;
    embedding.value = cells.value = null;
    results.forget();
    flow.forget();
    shared.forget();
    failures.value = problems.value = [];
    hovered.value = highlight.value = null;
  }

  function apply(message: Message): void {
    problems.value = problems.value.filter(({ part }) => part !== message.kind);
    switch (message.kind) {
      case "reading":
        if (message.number !== reading.value?.number) forget();
        reading.value = message;
        break;
      case "problem":
        problems.value = [...problems.value.filter((other) => other.part !== message.part), message];
        if (message.id !== null) {
          searches.get(message.id)?.({ ...message, kind: "matches", genes: [], more: 0 });
          searches.delete(message.id);
        }
        break;
      case "options":
        options.value = message;
        break;
      case "choices":
        choices.value = message.columns;
        break;
      case "automatic":
        automaticScale.value = message.scale;
        genesInUse.value = message.n_genes;
        break;
      case "cells":
        cells.value = message;
        break;
      case "embedding":
        batch(() => {
          const before = embedding.value ?? placesBefore;
          if (before && !isAtSamePlaces(before, message)) camera.set(null);
          embedding.value = message;
          placesBefore = null;
        });
        break;
      case "color":
        shared.receive(message);
        break;
      case "selection":
        // Python says so after every selection; one made here is known, and another may have followed it.
        if (message.id === null || !selecting.delete(message.id)) selection.value = message.arrays.cells;
        break;
      case "clusters":
        clusters.value = message.names.length ? message : null;
        break;
      case "status":
        batch(() => {
          status.value = message;
          present.value = message.hashes;
          if (message.id !== null) changes.answered(message.id);
          failures.value = failures.value.filter(({ stage }) => stage !== null && message.failed.includes(stage));
        });
        break;
      case "error":
        if (message.trait === null) {
          failures.value = [...failures.value.filter((other) => other.stage !== message.stage), message];
        } else refusals.value = [...refusals.value.filter((other) => other.trait !== message.trait), message];
        break;
      case "result": // right when it was sent
        present.value = { ...present.value, ...message.hashes };
        break;
      case "groups":
        flow.receive(message);
        break;
      case "notices":
        notices.value = message.items.filter((item) => !dismissed.has(item));
        break;
      case "matches":
        if (message.id !== null) {
          searches.get(message.id)?.(message);
          searches.delete(message.id);
        }
        break;
    }
  }

  function setTogether(values: Partial<Traits>): void {
    refusals.value = refusals.value.filter((refusal) => !refusedTraits(refusal).some((name) => name in values));
    traits.setTogether(values, changes.made(Object.keys(values)));
    wire.kernel.sent();
  }

  const store: Store = {
    traits: traits.signals,
    set: (name, value) => setTogether({ [name]: value }),
    setTogether,
    mode,
    reading,
    refresh: () => void wire.send({ kind: "refresh" }),
    options,
    automaticScale,
    genesInUse,
    choices,
    cells,
    clusters,
    embedding,
    color,
    automaticLimits: shared.automatic,
    status,
    kernel: wire.kernel.state,
    shown,
    calm,
    diagnostics,
    belief,
    fadingStale: lasting(fadingNow, FLICKER_MS, until),
    stale: lasting(staleNow, FLICKER_MS, until, shown),
    isCurrent,
    walks,
    walksStale: lasting(
      computed(() => walks.value !== null && !isCurrent(walks.value)),
      FLICKER_MS,
      until,
      walks,
    ),
    player: createPlayer(
      computed(() => walks.value?.n_steps ?? 0),
      traits.signals.step,
      (step) => setTogether({ step }),
      until,
    ),
    picking: signal(null),
    working: lasting(workingNow, FLICKER_MS, until),
    failures,
    refusals,
    dismissRefusal(refusal) {
      refusals.value = refusals.value.filter((other) => other !== refusal);
    },
    problems,
    dismissProblem(problem) {
      problems.value = problems.value.filter((other) => other !== problem);
    },
    notices,
    dismissNotice(notice) {
      dismissed.add(notice);
      notices.value = notices.value.filter((other) => other !== notice);
    },
    open: layout.open,
    setOpen: layout.setOpen,
    camera: camera.signal,
    setCamera: camera.set,
    selection,
    select(cells) {
      selection.value = cells;
      selecting.add(wire.send({ kind: "select", reading: reading.value?.number ?? 0 }, [cells]));
    },
    hidden: shared.hidden,
    paused,
    hovered,
    flow: flow.state,
    highlight,
    cellName: (index) => names.value[index] ?? `cell ${index}`,
    search(query, limit) {
      return new Promise((resolve) => {
        searches.set(wire.send({ kind: "search", query, limit }), resolve);
      });
    },
  };
  return { store, receive };
}

/** Python names several traits, with commas, where they were set at once. */
export function refusedTraits(refusal: Failure): string[] {
  return refusal.trait?.split(", ") ?? [];
}

/** Components that are drawn where none are chosen: all of three, else the first two. */
function defaultComponents(width: number): number[] {
  return width === 3 ? [1, 2, 3] : [1, 2];
}

/** Whether it is what Python says last of a reading. */
function isLast(message: Message): boolean {
  return message.kind === "notices" || (message.kind === "problem" && message.part === "notices");
}

/** Whether cells are where they were; else nobody has looked at these places yet. */
function isAtSamePlaces(before: Embedding, now: Embedding): boolean {
  if (axesOf(before) !== axesOf(now)) return false;
  const [old, present] = [before.arrays.positions, now.arrays.positions];
  return old.length === present.length && old.every((value, i) => Object.is(value, present[i]));
}

function axesOf({ basis, components }: Embedding): string {
  return `${basis} ${components}`;
}

/** Walks with the colours of their clusters. */
function inColors(walks: ResultOf<"walks">, known: Clusters | null): Walks {
  const { clusters } = walks;
  return { ...walks, clusters: clusters && { ...clusters, colors: clusters.key === known?.key ? known.colors : [] } };
}

/** The newest result of each stage. */
function createResults(dynamics: Dynamics, until: AbortSignal) {
  const newest = new Map<Stage, Signal<Result | null>>();
  for (const stage of STAGES) {
    const made = signal<Result | null>(null);
    const stop = dynamics.subscribe(stage, (result) => {
      made.value = result;
    });
    until.addEventListener("abort", stop);
    newest.set(stage, made);
  }
  const of = <S extends Stage>(stage: S) => newest.get(stage) as unknown as ReadonlySignal<ResultOf<S> | null>;
  return Object.assign(of, {
    /** There are none any more. */
    forget() {
      for (const result of newest.values()) result.value = null;
    },
  });
}

function createCalm(until: AbortSignal): ReadonlySignal<boolean> {
  const calm = signal(false);
  const query = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)"); // there is none outside of a page
  const follow = () => {
    calm.value = query?.matches ?? false;
  };
  follow();
  query?.addEventListener("change", follow, { signal: until });
  return calm;
}
