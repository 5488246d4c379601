/** What cells are coloured by: as Python says, and until it does so again, as it said before of the same question. */
import { batch, computed, effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";
import type { Color, ContinuousColor, MessageKind } from "../protocol";
import { type Limits, limitsOf } from "./limits";
import type { TraitSignals } from "./traits";

/** Of a million cells, each is 4 MB. */
const MOST_REMEMBERED = 12;

export interface SharedColor {
  /** With the limits in use. */
  signal: ReadonlySignal<Color | null>;
  /** Those that there would be without `vmin` and `vmax`; null for what is no number. */
  automatic: ReadonlySignal<Limits | null>;
  /** Categories that are not drawn; -1 is what is missing. */
  hidden: Signal<ReadonlySet<number>>;
  receive(message: MessageKind<"color">): void;
  /** What was said of other data. */
  forget(): void;
}

export function createColor(traits: TraitSignals, until: AbortSignal): SharedColor {
  const current = signal<Color | null>(null);
  const hidden = signal<ReadonlySet<number>>(new Set());
  /** By what was asked for, the newest last. */
  const remembered = new Map<string, Color>();

  function show(color: Color | null): void {
    batch(() => {
      if (meaningOf(color) !== meaningOf(current.value)) hidden.value = new Set();
      current.value = color;
    });
  }

  const limited = computed(() => {
    const color = current.value;
    const [vmin, vmax] = [traits.vmin.value, traits.vmax.value];
    if (color?.type !== "continuous" || (vmin === null && vmax === null)) return color;
    return { ...color, ...limitsOf(color, vmin, vmax) };
  });
  const automatic = computed(() => (current.value?.type === "continuous" ? current.value : null));

  const stops = [
    effect(() => {
      void traits.palette.value; // categories have other colours
      remembered.clear();
    }),
    effect(() => {
      const known = remembered.get(keyOf({ color: traits.color.value, layer: traits.layer.value }));
      untracked(() => {
        if (known) show(known);
      });
    }),
  ];
  until.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });

  return {
    signal: limited,
    automatic,
    hidden,
    forget: () => remembered.clear(),
    receive(message) {
      const color = message.type === "none" ? null : message;
      if (color && color.source !== "diagnostics") remember(keyOf(color.asked), color); // those follow the parameters
      show(color);
    },
  };

  function remember(key: string, color: Color): void {
    remembered.delete(key);
    remembered.set(key, color);
    const [oldest] = remembered.keys();
    if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  }
}

function keyOf({ color, layer }: Color["asked"]): string {
  return JSON.stringify([color, layer]);
}

/** Of a cell; NaN where there is none. */
export function valueAt({ offset, arrays }: ContinuousColor, cell: number): number {
  return offset + (arrays.values[cell] ?? Number.NaN);
}

/** Where that is from the lower limit, 0, to the upper, 1, and beyond; if they are one, every larger value is 1. */
export function shareAt(color: ContinuousColor, cell: number): number {
  const above = valueAt(color, cell) - color.vmin;
  return color.vmax > color.vmin ? above / (color.vmax - color.vmin) : Math.sign(above);
}

/** So many of these that have cells, with the highest counts, in the order they had. */
export function largest<Counted extends { count: number }>(all: readonly Counted[], most: number): readonly Counted[] {
  const used = all.filter(({ count }) => count > 0);
  if (used.length <= most) return used;
  const chosen = new Set([...used].sort((a, b) => b.count - a.count).slice(0, most));
  return used.filter((one) => chosen.has(one));
}

/** What the codes of categories mean. */
function meaningOf(color: Color | null): string {
  return JSON.stringify([nameOf(color), color?.type === "categorical" && color.categories.map(({ name }) => name)]);
}

function nameOf(color: Color | null): string {
  return color ? `${color.source}:${color.key}` : "";
}
