/** Categories that are not drawn. */
import type { Color } from "../protocol";

export function isHidden(color: Color | null, hidden: ReadonlySet<number>): (cell: number) => boolean {
  if (color?.type !== "categorical" || !hidden.size) return () => false;
  const { codes } = color.arrays;
  return (cell) => hidden.has(codes[cell] ?? -1);
}

/** Hide a category, or show it again. */
export function toggled(hidden: ReadonlySet<number>, code: number): ReadonlySet<number> {
  const next = new Set(hidden);
  if (!next.delete(code)) next.add(code);
  return next;
}

/** Show this one only; if it is the only one already, show all. */
export function isolated(hidden: ReadonlySet<number>, code: number, codes: readonly number[]): ReadonlySet<number> {
  const others = codes.filter((other) => other !== code);
  const isAlone = !hidden.has(code) && others.every((other) => hidden.has(other));
  return new Set(isAlone ? [] : others);
}
