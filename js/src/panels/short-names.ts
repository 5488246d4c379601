/** Names cut to be listed, and still told apart. */

const MOST = 60;
/** A name as long as a book is not laid out. */
const MOST_AT_ALL = 400;

/** Long ones without their middle; in full where two would look alike. */
export function shortNames(names: readonly string[]): string[] {
  const short = names.map((name) => withoutMiddle(name, MOST));
  const times = new Map<string, number>();
  for (const name of short) times.set(name, (times.get(name) ?? 0) + 1);
  return short.map((name, i) => (times.get(name) === 1 ? name : withoutMiddle(names[i] as string, MOST_AT_ALL)));
}

export function withoutMiddle(name: string, most: number): string {
  if (name.length <= most) return name;
  const tail = Math.floor(most / 2);
  return `${name.slice(0, most - tail - 1).trimEnd()}…${name.slice(-tail).trimStart()}`;
}
