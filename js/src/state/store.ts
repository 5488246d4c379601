/** What the panels show: made once per model, shared by every display of it. */
import type { AnyModel } from "@anywidget/types";
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Dynamics } from "../dynamics/dynamics";
import type { Cells, Color, Embedding, Failure, Matches, Message, Options, ResultOf, Status } from "../protocol";
import type { Wire } from "../wire";
import { type Camera, createCamera } from "./camera";
import { createLayout } from "./layout";
import { isStale, lasting } from "./staleness";
import { createTraits, type TraitSignals, type Traits } from "./traits";

/** Work or staleness that is over sooner is not shown. */
const FLICKER_MS = 150;

export interface Store {
  readonly traits: TraitSignals;
  set<K extends keyof Traits>(name: K, value: Traits[K]): void;
  setTogether(values: Partial<Traits>): void;

  readonly options: ReadonlySignal<Options | null>;
  /** The softmax scale that the data would choose; null while Python does not know it. */
  readonly automaticScale: ReadonlySignal<number | null>;
  readonly cells: ReadonlySignal<Cells | null>;
  readonly embedding: ReadonlySignal<Embedding | null>;
  readonly color: ReadonlySignal<Color | null>;
  readonly status: ReadonlySignal<Status | null>;

  /** The field to draw on the present embedding: right or old, but never one that belongs to another embedding. */
  readonly shown: ReadonlySignal<ResultOf<"grid"> | ResultOf<"projection"> | null>;
  readonly stale: ReadonlySignal<boolean>;
  readonly working: ReadonlySignal<boolean>;

  /** Why stages have no result for the present parameters. */
  readonly failures: ReadonlySignal<readonly Failure[]>;
  /** Values that were refused. */
  readonly refusals: ReadonlySignal<readonly Failure[]>;
  dismissRefusal(refusal: Failure): void;
  readonly notices: ReadonlySignal<readonly string[]>;
  dismissNotice(notice: string): void;

  /** Panels of the dock that are open. */
  readonly open: ReadonlySignal<readonly string[]>;
  setOpen(panel: string, isOpen: boolean): void;
  readonly camera: ReadonlySignal<Camera | null>;
  setCamera(camera: Camera | null): void;
  /** The cell under the pointer, in whichever display. */
  readonly hovered: Signal<number | null>;
  cellName(index: number): string;

  search(query: string, limit: number): Promise<Matches>;
}

export interface StoreParts {
  store: Store;
  /** To be given every message. */
  receive(message: Message): void;
}

export function createStore(model: AnyModel, wire: Wire, dynamics: Dynamics, until: AbortSignal): StoreParts {
  const traits = createTraits(model, until);
  const camera = createCamera(model, until);
  const layout = createLayout(model, until);
  const options = signal<Options | null>(null);
  const automaticScale = signal<number | null>(null);
  const cells = signal<Cells | null>(null);
  const embedding = signal<Embedding | null>(null);
  const color = signal<Color | null>(null);
  const status = signal<Status | null>(null);
  const grid = signal<ResultOf<"grid"> | null>(null);
  const projection = signal<ResultOf<"projection"> | null>(null);
  const failures = signal<readonly Failure[]>([]);
  const refusals = signal<readonly Failure[]>([]);
  const notices = signal<readonly string[]>([]);
  const hovered = signal<number | null>(null);
  // Parsed when first asked for: many people never hover, and the list may be long.
  const names = computed<string[]>(() => JSON.parse(new TextDecoder().decode(cells.value?.arrays.names) || "[]"));
  const searches = new Map<string, (matches: Matches) => void>();

  const stops = [
    dynamics.subscribe("grid", (result) => {
      grid.value = result;
    }),
    dynamics.subscribe("projection", (result) => {
      projection.value = result;
    }),
  ];
  until.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });

  const shown = computed(() => {
    const field = traits.signals.field.value;
    const result = field === "grid" ? grid.value : field === "arrows" ? projection.value : null;
    return result?.params.basis === embedding.value?.basis ? result : null;
  });
  const staleNow = computed(
    () =>
      shown.value !== null &&
      isStale(shown.value, status.value, {
        scheme: traits.signals.scheme.value,
        softmax_scale: traits.signals.softmax_scale.value,
        backward: traits.signals.backward.value,
        backward_mode: traits.signals.backward_mode.value,
        basis: traits.signals.basis.value,
      }),
  );
  const workingNow = computed(() => status.value?.state === "working");

  function receive(message: Message): void {
    switch (message.kind) {
      case "options":
        options.value = message;
        break;
      case "automatic":
        automaticScale.value = message.scale;
        break;
      case "cells":
        cells.value = message;
        break;
      case "embedding":
        batch(() => {
          if (embedding.value && embedding.value.basis !== message.basis) camera.set(null);
          embedding.value = message;
        });
        break;
      case "color":
        color.value = message.type === "none" ? null : message;
        break;
      case "status":
        batch(() => {
          status.value = message;
          failures.value = failures.value.filter(({ stage }) => stage !== null && message.failed.includes(stage));
        });
        break;
      case "error":
        if (message.trait === null) {
          failures.value = [...failures.value.filter((other) => other.stage !== message.stage), message];
        } else refusals.value = [...refusals.value.filter((other) => other.trait !== message.trait), message];
        break;
      case "notices":
        notices.value = message.items;
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
    traits.setTogether(values);
  }

  const store: Store = {
    traits: traits.signals,
    set: (name, value) => setTogether({ [name]: value }),
    setTogether,
    options,
    automaticScale,
    cells,
    embedding,
    color,
    status,
    shown,
    stale: lasting(staleNow, FLICKER_MS, until, shown),
    working: lasting(workingNow, FLICKER_MS, until),
    failures,
    refusals,
    dismissRefusal(refusal) {
      refusals.value = refusals.value.filter((other) => other !== refusal);
    },
    notices,
    dismissNotice(notice) {
      notices.value = notices.value.filter((other) => other !== notice);
    },
    open: layout.open,
    setOpen: layout.setOpen,
    camera: camera.signal,
    setCamera: camera.set,
    hovered,
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
