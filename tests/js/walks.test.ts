import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rowsAt, sentence } from "../../js/src/panels/arrivals";
import { columnOf, describeRule, firstRule, toggled, valuesOf } from "../../js/src/panels/cell-rule";
import { ShapePen } from "../../js/src/scene/pen";
import { crowdOf, drawWalkers, type Frame, piecesOf, placeAt } from "../../js/src/scene/walkers";
import { createPlayer } from "../../js/src/state/player";
import type { Walks } from "../../js/src/state/store";
import { formatShare } from "../../js/src/text";
import { message } from "./fixtures";

/** Four walks of three steps; cells 0 and 1 are Alpha, cell 2 is Beta, where walks end. */
function example(): Walks {
  const result = message("result-walks", "result");
  if (result.stage !== "walks" || !result.clusters) throw new Error("The example is of another stage.");
  return { ...result, clusters: { ...result.clusters, colors: message("clusters", "clusters").colors } };
}

const codes = Int32Array.of(0, 0, 1);

describe("walkers", () => {
  const frame = (time: number): Frame => ({
    crowd: crowdOf(example(), codes, "end", "light"),
    positions: Float32Array.of(0, 0, 10, 0, 10, 10),
    dims: 2,
    project: (at, i) => [at[i] as number, -(at[i + 1] as number)],
    time,
    trail: 5,
    theme: "light",
  });

  it("glide from cell to cell and rest where they end", () => {
    const places = [0, 0.25, 1, 1.5, 2, 2.5, 3].map((time) => placeAt(frame(time), 0, time));
    expect(places.map(([x]) => x)).toEqual([0, 2.5, 10, 10, 10, 10, 10]);
    expect(places.map(([, y]) => y + 0)).toEqual([0, 0, 0, -5, -10, -10, -10]);
  });

  it("are grouped by the cluster of their last or first cell", () => {
    const members = (by: "end" | "start" | "step") =>
      crowdOf(example(), codes, by, "light").groups.map(({ color, members }) => [color, members]);
    expect(members("end")).toEqual([
      ["#56b4e9", [0, 1, 3]],
      ["#e69f00", [2]],
    ]);
    expect(members("start")).toEqual([["#e69f00", [0, 1, 2, 3]]]);
    expect(members("step")).toEqual([[null, [0, 1, 2, 3]]]);
  });

  it("leave a trail that is cut at the cells and not longer than asked", () => {
    const ends = (time: number, trail: number) => piecesOf(time, trail).map(({ from, to }) => [from, to]);
    expect(ends(2.5, 2)).toEqual([
      [0.5, 1],
      [1, 2],
      [2, 2.5],
    ]);
    expect(ends(1, 9)).toEqual([[0, 1]]);
    expect(ends(3, 0)).toEqual([]);
    const ages = piecesOf(8, 4).map(({ age }) => age);
    expect(ages).toEqual([...ages].sort((a, b) => b - a));
  });
});

describe("walkers in a file", () => {
  it("are what is on the screen: trails, then walkers on their way and those that have arrived", () => {
    const pen = new ShapePen();
    const crowd = crowdOf(example(), codes, "end", "light");
    const positions = Float32Array.of(0, 0, 10, 0, 10, 10);
    const project: Frame["project"] = (at, i) => [at[i] as number, at[i + 1] as number];
    drawWalkers(pen, { crowd, positions, dims: 2, project, time: 1, trail: 1, theme: "light" });
    const trails = pen.shapes.filter(({ d }) => d.includes("L"));
    // Two colours; the second walk goes from cell 0 to cell 2.
    expect(trails.map(({ stroke }) => stroke)).toEqual(["#56b4e9", "#e69f00"]);
    expect(trails[0]?.d).toContain("M0.0 0.0L10.0 10.0");
    const heads = pen.shapes.filter(({ fill }) => fill);
    expect(heads.map(({ fill, d }) => [fill, d.split("Z").length - 1])).toEqual([
      ["#56b4e9", 2],
      ["#56b4e9", 1],
      ["#e69f00", 1],
    ]);
  });
});

describe("arrivals", () => {
  it("are counted by step, of those that have ended", () => {
    const counts = [0, 1, 2, 3].map((step) => rowsAt(example(), step).map(({ count }) => count));
    expect(counts).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [0, 3],
    ]);
    expect(rowsAt(example(), 3).map(({ share }) => share)).toEqual([0, 1]);
    expect(rowsAt(example(), 3)[1]).toMatchObject({ name: "Beta", high: 1, low: expect.closeTo(0.4385, 4) });
  });

  it("are not counted for clusters without cells", () => {
    const walks = example();
    const clusters = {
      key: "clusters",
      names: ["none", "Alpha", "Beta"],
      colors: ["#000", "#111", "#222"],
      used: [1, 2],
    };
    const widened = (values: ArrayLike<number>, empty: number) =>
      Array.from({ length: 4 }, (_, step) => [empty, values[2 * step] ?? 0, values[2 * step + 1] ?? 0]).flat();
    const { counts, low, high } = walks.arrays;
    const arrays = {
      ...walks.arrays,
      counts: Int32Array.from(widened(counts, 0)),
      low: Float32Array.from(widened(low, 0)),
      high: Float32Array.from(widened(high, 1)),
    };
    const rows = rowsAt({ ...walks, clusters, arrays }, 3);
    expect(rows.map(({ name, color }) => [name, color])).toEqual([
      ["Alpha", "#111"],
      ["Beta", "#222"],
    ]);
    expect(rows.map(({ count, high }) => [count, high])).toEqual(
      rowsAt(walks, 3).map(({ count, high }) => [count, high]),
    );
  });

  it("are told in a sentence", () => {
    const columns = [{ name: "clusters", categories: ["Alpha", "Beta"], range: null }];
    const told = (walks: Walks) => sentence(walks, (cell) => `cell${cell}`, columns);
    expect(told(example())).toBe(
      "100 % (44 % to 100 %) of the walks from Alpha that arrive end in Beta. 1 of 4 have not arrived after 3 steps.",
    );
    const never: Walks = { ...example(), arrays: { ...example().arrays, totals: new Int32Array(4) } };
    expect(told(never)).toBe("None of 4 walks from Alpha has arrived after 3 steps.");
    expect(told({ ...never, start_ixs: [7] })).toContain("walks from cell7 has arrived");
    expect(told({ ...never, start_ixs: null })).toContain("walks from all cells has arrived");
  });

  it("have shares without false certainty", () => {
    expect([0, 0.004, 0.42, 0.996, 1].map(formatShare)).toEqual(["0 %", "0.4 %", "42 %", "99.6 %", "100 %"]);
  });
});

describe("rules for cells", () => {
  const clusters = { name: "clusters", categories: ["Alpha", "Beta"], range: null };
  const time = { name: "time", categories: null, range: [0, 2.5] };

  it("begin with something that means cells", () => {
    expect(firstRule(clusters)).toEqual({ clusters: ["Alpha"] });
    expect(firstRule(time)).toEqual({ time: [0, 2.5] });
  });

  it("gain and lose categories", () => {
    expect(toggled({ clusters: ["Alpha"] }, "Beta")).toEqual({ clusters: ["Alpha", "Beta"] });
    expect(toggled({ clusters: ["Alpha", "Beta"] }, "Alpha")).toEqual({ clusters: ["Beta"] });
  });

  it("are read and said", () => {
    expect([columnOf(null), columnOf([3]), columnOf({ time: [0, 1] })]).toEqual([null, null, "time"]);
    expect(valuesOf([3])).toEqual([]);
    const words = (rule: Parameters<typeof describeRule>[0], column?: typeof clusters | typeof time) =>
      describeRule(rule, (cell) => `cell ${cell}`, column);
    expect(words(null)).toBe("all cells");
    expect(words([4])).toBe("cell 4");
    expect(words([4, 5])).toBe("2 chosen cells");
    expect(words({ clusters: ["Alpha", "Beta"] }, clusters)).toBe("Alpha, Beta");
    expect(words({ time: [0, 1] }, time)).toBe("time from 0 to 1");
  });
});

describe("the player", () => {
  let frames: ((now: number) => void)[];
  let now: number;

  /** Let this many milliseconds pass, in frames of at most 50. */
  function pass(ms: number): void {
    for (let rest = ms; rest > 0; rest -= 50) {
      now += Math.min(rest, 50);
      for (const frame of frames.splice(0)) frame(now);
    }
  }

  beforeEach(() => {
    frames = [];
    now = 0;
    vi.stubGlobal("requestAnimationFrame", (callback: (now: number) => void) => frames.push(callback));
    vi.stubGlobal("cancelAnimationFrame", () => {
      frames = [];
    });
    vi.spyOn(performance, "now").mockImplementation(() => now);
  });
  afterEach(() => vi.unstubAllGlobals());

  function made() {
    const last = signal(100);
    const step = signal(0);
    const tell = vi.fn((to: number) => {
      step.value = to;
    });
    const until = new AbortController();
    const player = createPlayer(last, step, tell, until.signal);
    const hide = player.show();
    return { last, step, tell, player, hide };
  }

  it("runs by the clock, and tells Python only where it stops", () => {
    const { player, tell } = made();
    player.speed.value = 10;
    player.play();
    pass(1250);
    expect(player.time.value).toBeCloseTo(12.5);
    expect(tell).not.toHaveBeenCalled();
    player.pause();
    expect(player.time.value).toBe(13);
    expect(tell.mock.calls).toEqual([[13]]);
    pass(500);
    expect(player.time.value).toBe(13);
  });

  it("begins again at the end, or stops there", () => {
    const { player, tell } = made();
    player.speed.value = 60;
    player.play();
    pass(2000);
    expect(player.time.value).toBeCloseTo(20);
    player.loop.value = false;
    pass(2000);
    expect([player.time.value, player.playing.value, ...tell.mock.calls]).toEqual([100, false, [100]]);
    player.play();
    pass(500);
    expect(player.time.value).toBeCloseTo(30);
  });

  it("goes where it is put, by hand or by Python, and stays within the walks", () => {
    const { player, step, tell, last } = made();
    player.seek(40);
    expect([player.time.value, step.value]).toEqual([40, 40]);
    player.seek(-3);
    player.seek(200);
    expect(tell.mock.calls).toEqual([[40], [0], [100]]);
    player.play();
    step.value = 60;
    expect([player.time.value, player.playing.value]).toEqual([60, false]);
    last.value = 50;
    expect(player.time.value).toBe(50);
  });

  it("stops when no panel shows it", () => {
    const { player, hide } = made();
    player.play();
    hide();
    expect(player.playing.value).toBe(false);
  });
});
