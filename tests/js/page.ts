/** A page for tests that need one: the DOM of happy-dom, which draws nothing, put where a browser has it. */
import { Window } from "happy-dom";
import { vi } from "vitest";

const NAMES = [
  "document",
  "CSS",
  "DOMRect",
  "Event",
  "MutationObserver",
  "ResizeObserver",
  "XMLSerializer",
  "getComputedStyle",
  "matchMedia",
] as const;

/** Make the page, empty; `vi.unstubAllGlobals` takes it away. */
export function openPage(): void {
  const window = new Window();
  vi.stubGlobal("window", window);
  for (const name of NAMES) {
    const part = window[name] as unknown;
    // Functions of the window are called without it; classes are not functions to be bound.
    vi.stubGlobal(name, /^[a-z]/.test(name) && typeof part === "function" ? part.bind(window) : part);
  }
  vi.stubGlobal(
    "OffscreenCanvas",
    class {
      getContext() {
        return null;
      }
    },
  );
}
