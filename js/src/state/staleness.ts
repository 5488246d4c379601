/** Whether a picture shows what is asked for now. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";

/** By stage, of the values that a result depends on. */
export type Hashes = Readonly<Record<string, string>>;

/** Whether two results are of the same parameters: equal in every stage that both are made of. */
export function agree(a: { hashes: Hashes }, b: { hashes: Hashes }): boolean {
  return Object.entries(a.hashes).every(([stage, hash]) => (b.hashes[stage] ?? hash) === hash);
}

/** The changes of traits that were made here, until Python answers. */
export interface Changes {
  /** Note a change; returns the id that Python's answer to it will have. */
  made(names: readonly string[]): string;
  /** Python has answered this change, and so all before it: a host may send several as one. */
  answered(id: string): void;
  /** Whether one of these traits was changed here, and Python has not answered yet. */
  concern(names: readonly string[]): boolean;
}

export function createChanges(): Changes {
  // Answers reach every page that shows the widget.
  const page = Math.random().toString(36).slice(2, 10);
  let count = 0;
  const unanswered = signal<readonly { id: string; names: readonly string[] }[]>([]);
  return {
    made(names) {
      const id = `${page}-${++count}`;
      // A drag makes many of the same traits, of which the last is enough.
      const others = unanswered.value.filter((change) => String(change.names) !== String(names));
      unanswered.value = [...others, { id, names }];
      return id;
    },
    answered(id) {
      const at = unanswered.value.findIndex((change) => change.id === id);
      if (at >= 0) unanswered.value = unanswered.value.slice(at + 1);
    },
    concern: (names) => unanswered.value.some((change) => change.names.some((name) => names.includes(name))),
  };
}

/**
 * True once `source` has been true for `ms`; false at once. What comes and goes faster is not worth a flicker. A new value
 * of `restart` begins the wait again: while a drag is answered by quick results, none of them gets old.
 */
export function lasting(
  source: ReadonlySignal<boolean>,
  ms: number,
  until: AbortSignal,
  restart?: ReadonlySignal<unknown>,
): ReadonlySignal<boolean> {
  const lasted = signal(false);
  const stop = effect(() => {
    void restart?.value;
    if (!source.value) {
      lasted.value = false;
      return;
    }
    const timer = setTimeout(() => {
      lasted.value = true;
    }, ms);
    return () => clearTimeout(timer);
  });
  until.addEventListener("abort", stop);
  return lasted;
}
