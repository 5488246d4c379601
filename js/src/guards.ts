/** Guards for JSON from outside; a TypeScript type is read off a guard, so that the two cannot disagree. */

export type Guard<T> = (value: unknown) => value is T;
export type Guarded<G> = G extends Guard<infer T> ? T : never;

type Fields = Record<string, Guard<unknown>>;
export type Shape<F extends Fields> = { [K in keyof F]: Guarded<F[K]> };

export const text: Guard<string> = (value) => typeof value === "string";
export const flag: Guard<boolean> = (value) => typeof value === "boolean";
/** Any JSON. */
export const anything: Guard<unknown> = (value): value is unknown => value !== undefined;
export const number: Guard<number> = (value) => typeof value === "number";

export function literal<const T extends string | number>(...allowed: T[]): Guard<T> {
  return (value): value is T => allowed.includes(value as T);
}

export function nullable<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

export function list<T>(item: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(item);
}

export function record<T>(item: Guard<T>): Guard<Record<string, T>> {
  return (value): value is Record<string, T> =>
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(item);
}

export function shape<F extends Fields>(fields: F): Guard<Shape<F>> {
  return (value): value is Shape<F> =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(fields).every(([name, guard]) => guard((value as Record<string, unknown>)[name]));
}
