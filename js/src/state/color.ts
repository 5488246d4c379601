/** What cells are coloured by: as Python says, and until it does so again, as it said before of the same column or gene. */
import { batch, effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";
import type { Color, ContinuousColor, MessageKind, Options } from "../protocol";
import type { TraitSignals } from "./traits";

/** Of a million cells, each is 4 MB. */
const MOST_REMEMBERED = 12;

export interface SharedColor {
  signal: ReadonlySignal<Color | null>;
  /** Categories that are not drawn; -1 is what is missing. */
  hidden: Signal<ReadonlySet<number>>;
  receive(message: MessageKind<"color">): void;
  /** What was said of other data. */
  forget(): void;
}

export function createColor(
  traits: TraitSignals,
  options: ReadonlySignal<Options | null>,
  until: AbortSignal,
): SharedColor {
  const current = signal<Color | null>(null);
  const hidden = signal<ReadonlySet<number>>(new Set());
  /** By source and key, the newest last. */
  const remembered = new Map<string, Color>();

  function show(color: Color | null): void {
    batch(() => {
      if (meaningOf(color) !== meaningOf(current.value)) hidden.value = new Set();
      current.value = color;
    });
  }

  /** What the trait's value means, as Python reads it: a column before a gene. */
  function recalled(asked: string): Color | undefined {
    const isColumn = options.value?.columns.includes(asked);
    return (
      remembered.get(`obs:${asked}`) ??
      (isColumn ? undefined : (remembered.get(`gene:${asked}`) ?? remembered.get(asked)))
    );
  }

  const stops = [
    effect(() => {
      void traits.palette.value; // categories have other colours
      remembered.clear();
    }),
    effect(() => {
      const asked = traits.color.value;
      untracked(() => {
        const known = recalled(asked);
        if (known) show(known);
      });
    }),
  ];
  until.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });

  return {
    signal: current,
    hidden,
    forget: () => remembered.clear(),
    receive(message) {
      const color = message.type === "none" ? null : message;
      if (color && color.source !== "diagnostics") remember(nameOf(color), color); // those follow the parameters
      show(color);
    },
  };

  function remember(name: string, color: Color): void {
    remembered.delete(name);
    remembered.set(name, color);
    const [oldest] = remembered.keys();
    if (remembered.size > MOST_REMEMBERED && oldest !== undefined) remembered.delete(oldest);
  }
}

/** Of a cell; NaN where there is none. */
export function valueAt({ offset, arrays }: ContinuousColor, cell: number): number {
  return offset + (arrays.values[cell] ?? Number.NaN);
}

/** Where that is from the lowest value, 0, to the highest, 1. */
export function shareAt(color: ContinuousColor, cell: number): number {
  return (valueAt(color, cell) - color.vmin) / (color.vmax - color.vmin || 1);
}

/** So many of these with the highest counts, in the order they had. */
export function largest<Counted extends { count: number }>(all: readonly Counted[], most: number): readonly Counted[] {
  if (all.length <= most) return all;
  const chosen = new Set([...all].sort((a, b) => b.count - a.count).slice(0, most));
  return all.filter((one) => chosen.has(one));
}

/** What the codes of categories mean. */
function meaningOf(color: Color | null): string {
  return JSON.stringify([nameOf(color), color?.type === "categorical" && color.categories.map(({ name }) => name)]);
}

function nameOf(color: Color | null): string {
  return color ? `${color.source}:${color.key}` : "";
}
