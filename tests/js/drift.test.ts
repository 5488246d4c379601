import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDrift } from "../../js/src/scene/drift";
import type { View } from "../../js/src/scene/scene";
import type { Store } from "../../js/src/state/store";
import type { ThemeName } from "../../js/src/theme/theme";
import { result } from "./fixtures";

const FRAME_MS = 16;

/** To the right, everywhere. */
const FIELD = {
  ...result("particles"),
  shape: [3, 3],
  arrays: {
    vectors: Float32Array.from({ length: 18 }, (_, i) => (i % 2 ? 0 : 0.5)),
    mass: new Float32Array(9).fill(1),
  },
};

class Picture {
  constructor(
    readonly data: Uint8ClampedArray,
    readonly width: number,
  ) {}
}

class Watcher {
  observe() {}
  disconnect() {}
}

let frames: ((now: number) => void)[];

beforeEach(() => {
  frames = [];
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  vi.stubGlobal("requestAnimationFrame", (callback: (now: number) => void) => frames.push(callback));
  vi.stubGlobal("cancelAnimationFrame", () => {
    frames = [];
  });
  vi.stubGlobal("window", { devicePixelRatio: 2 });
  vi.stubGlobal("ImageData", Picture);
  vi.stubGlobal("IntersectionObserver", Watcher);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** Particles on a page, what was put on their canvas, and where they were said to be on the embedding. */
function drifting() {
  const images: ImageData[] = [];
  let places: number[] = [];
  const look = (shift: number, size = { width: 40, height: 30 }) =>
    ({
      size,
      project(at: ArrayLike<number>, i: number) {
        places.push(at[i] as number, at[i + 1] as number);
        return [20 + shift + 5 * (at[i] as number), 15 + 5 * (at[i + 1] as number)];
      },
    }) as unknown as View;
  const view = signal<View | null>(look(0));
  const theme = signal<ThemeName>("light");
  const canvas = { getContext: () => ({ putImageData: (image: ImageData) => images.push(image) }) };
  const store = {
    shown: signal(FIELD),
    belief: signal(null),
    paused: signal(false),
    traits: { arrow_length: signal(1) },
  };
  createDrift(canvas as unknown as HTMLCanvasElement, store as unknown as Store, view, theme);
  return {
    theme,
    canvas,
    see(shift: number, size?: { width: number; height: number }) {
      view.value = look(shift, size);
    },
    /** Where the particles were, and are, at the next frame. */
    frame(number: number): number[] {
      places = [];
      for (const callback of frames.splice(0)) callback(FRAME_MS * number);
      return places;
    },
    shown: () => images.at(-1) as ImageData,
    /** Columns of the canvas with ink. */
    inked() {
      const { data, width } = images.at(-1) as ImageData;
      return new Set([...data.keys()].filter((i) => i % 4 === 3 && data[i]).map((i) => ((i - 3) / 4) % width));
    },
  };
}

describe("particles in a pan", () => {
  it("keep their pixels, cleared of what was seen before", () => {
    const { see, shown, inked, frame } = drifting();
    frame(1);
    const [first, before] = [shown(), inked()];
    see(-15);
    expect(shown()).toBe(first);
    expect(before.size).toBeGreaterThan(0);
    expect([...inked()].filter((column) => before.has(column))).toEqual([]);
  });

  it("move as far as in a view that stays", () => {
    const travelled = (isPanned: boolean, count: number) => {
      const { see, frame } = drifting();
      for (let number = 1; number < count; number++) {
        frame(number);
        if (isPanned) see(number / 10);
      }
      const places = frame(count);
      frames = [];
      return places;
    };
    expect(travelled(true, 8)).toEqual(travelled(false, 8));
    expect(travelled(false, 8)).not.toEqual(travelled(false, 2));
  });
});

describe("the particles' canvas", () => {
  it("has a pixel for each of the display's, whatever its size becomes", () => {
    const { see, shown, canvas } = drifting();
    expect([shown().width, canvas]).toMatchObject([80, { width: 80, height: 60 }]);
    see(0, { width: 50, height: 30 });
    expect([shown().width, canvas]).toMatchObject([100, { width: 100, height: 60 }]);
  });

  it("has the theme's ink", () => {
    const { theme, shown } = drifting();
    expect([...shown().data.slice(0, 3)]).toEqual([24, 24, 27]);
    theme.value = "dark";
    expect([...shown().data.slice(0, 3)]).toEqual([250, 250, 250]);
  });
});
