/** What the color control offers for the letters typed so far. */
import type { Matches, Options } from "../protocol";
import { offersOf } from "../table";

export interface ColorOption {
  source: "obs" | "gene" | "diagnostics";
  name: string;
  /** The value of the trait: `name`, with a prefix only where that alone would mean something else. */
  value: string;
}

const PREFIX = /^(obs|gene):/;

/** The layer that the letters begin with, as in "Ms:Ins1"; null for none. */
export function layerOf(query: string, options: Options | null): string | null {
  return offersOf(options, "layer").find(({ key }) => query.startsWith(`${key}:`))?.key ?? null;
}

/** The letters of a name, without a prefix that says of what it is. */
export function lettersOf(query: string, options: Options | null): string {
  const layer = layerOf(query, options);
  return layer === null ? query.replace(PREFIX, "") : query.slice(layer.length + 1);
}

export function colorOptions(query: string, options: Options | null, found: Matches | null): ColorOption[] {
  const columns = options?.columns ?? [];
  const wanted = lettersOf(query, options).toLowerCase();
  const layer = layerOf(query, options);
  const genes = found?.genes ?? [];
  if (layer !== null) return genes.map((name) => ({ source: "gene", name, value: `${layer}:${name}` }));
  const isColumn = new Set(columns);
  return [
    ...columns
      .filter((name) => name.toLowerCase().includes(wanted))
      .map((name) => ({ source: "obs" as const, name, value: PREFIX.test(name) ? `obs:${name}` : name })),
    ...(options?.diagnostics ?? [])
      .filter((name) => name.includes(wanted) && !PREFIX.test(query))
      .map((name) => ({ source: "diagnostics" as const, name, value: name })),
    ...genes.map((name) => ({
      source: "gene" as const,
      name,
      value: isColumn.has(name) || PREFIX.test(name) ? `gene:${name}` : name,
    })),
  ];
}

/**
 * What typed letters mean when nothing was picked from the list: the option they spell, whatever its capitals; else the
 * letters as they are, for Python to resolve or to refuse with the nearest name.
 */
export function typedColor(typed: string, options: readonly ColorOption[]): string {
  const text = typed.trim();
  const exact = options.find((option) => option.value === text || option.name === text);
  const spelled = exact ?? options.find((option) => option.name.toLowerCase() === text.toLowerCase());
  return spelled?.value ?? text;
}
