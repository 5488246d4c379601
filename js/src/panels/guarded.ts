/** What a plugin's panel may listen to, without harm to others. */
import { Signal } from "@preact/signals";

/**
 * An object of signals, the same but for one thing: what listeners throw goes to `fail`. Without, it would go to whoever
 * changed the signal, whose further work would not be done.
 */
export function guarded<T extends object>(object: T, fail: (error: unknown) => void): T {
  return new Proxy(object, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (!(target instanceof Signal)) return holdsSignals(value) ? guarded(value, fail) : value;
      if (name === "subscribe")
        return (listener: (value: unknown) => void) => target.subscribe(careful(listener, fail));
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  });
}

/** A listener, async or not, that never throws. */
export function careful<T>(listener: (value: T) => void, fail: (error: unknown) => void): (value: T) => void {
  return (value) => {
    try {
      const done: unknown = listener(value);
      if (done instanceof Promise) done.catch(fail);
    } catch (error) {
      fail(error);
    }
  };
}

function holdsSignals(value: unknown): value is object {
  if (value instanceof Signal) return true;
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
