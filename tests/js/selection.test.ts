import { describe, expect, it } from "vitest";
import { cellColors } from "../../js/src/scene/colors";
import { drawOrder } from "../../js/src/scene/order";
import { cellsWithin, combine, modeOf } from "../../js/src/scene/selection";
import { cellUnder } from "../../js/src/scene/under";
import { isHidden, isolated, toggled } from "../../js/src/state/hidden";
import { message } from "./fixtures";

const i32 = (...values: number[]) => Int32Array.from(values);
const NAN = Number.NaN;

describe("cells within an outline", () => {
  const positions = Float32Array.from([1, 1, 5, 5, 9, 1, 5, 1, NAN, NAN]);
  const project = (at: ArrayLike<number>, i: number): [number, number] => [at[i] as number, at[i + 1] as number];
  const within = (polygon: [number, number][], isDrawn = (_: number) => true) => [
    ...cellsWithin(polygon, positions, 2, project, isDrawn),
  ];

  it("are those inside, whichever way round it is drawn", () => {
    const square: [number, number][] = [
      [0, 0],
      [6, 0],
      [6, 6],
      [0, 6],
    ];
    expect(within(square)).toEqual([0, 1, 3]);
    expect(within(square.reverse())).toEqual([0, 1, 3]);
  });

  it("are not those in a bay, nor those that are hidden", () => {
    const bay: [number, number][] = [
      [0, 0],
      [10, 0],
      [10, 10],
      [5, 2],
      [0, 10],
    ];
    expect(within(bay)).toEqual([0, 2, 3]);
    expect(within(bay, (cell) => cell !== 0)).toEqual([2, 3]);
  });
});

describe("the cell under the pointer", () => {
  const positions = Float32Array.from([10, 10, 12, 10, 30, 10, NAN, NAN, 60, 10]);
  const project = (at: ArrayLike<number>, i: number): [number, number] => [at[i] as number, at[i + 1] as number];
  const under = (x: number, y: number, order: number[], radius = 4) =>
    cellUnder([x, y], positions, 2, project, Uint32Array.from(order), radius);

  it("is the uppermost whose circle holds it, not the nearest", () => {
    expect(under(10, 10, [0, 1, 2, 3, 4])).toBe(1);
    expect(under(12, 10, [1, 0, 2, 3, 4])).toBe(0);
  });

  it("is the nearest where no circle holds it, within three pixels of an edge", () => {
    expect(under(4.5, 10, [0, 1, 2, 3, 4])).toBe(0);
    expect(under(17.5, 10, [1, 0, 2, 3, 4])).toBe(1);
    expect(under(36.9, 10, [0, 1, 2, 3, 4])).toBe(2);
    expect(under(37.1, 10, [0, 1, 2, 3, 4])).toBeNull();
  });

  it("is one that is drawn", () => {
    expect(under(60, 10, [0, 1, 2, 3])).toBeNull();
    expect(under(60, 10, [])).toBeNull();
  });
});

describe("a selection", () => {
  it("is replaced, added to and taken from", () => {
    expect([...combine(i32(1, 5), i32(2, 5), "replace")]).toEqual([2, 5]);
    expect([...combine(i32(1, 10), i32(2, 9), "add")]).toEqual([1, 2, 9, 10]);
    expect([...combine(i32(1, 5), i32(2, 5), "subtract")]).toEqual([1]);
  });

  it("takes its way from the keys held", () => {
    expect(modeOf({ shiftKey: true, altKey: false })).toBe("add");
    expect(modeOf({ shiftKey: true, altKey: true })).toBe("subtract");
    expect(modeOf({ shiftKey: false, altKey: false })).toBe("replace");
  });

  it("leaves the other cells pale", () => {
    const opacities = (selection: Int32Array) => {
      const colors = cellColors(null, 3, "light", selection);
      return [colors[3], colors[7], colors[11]];
    };
    expect(opacities(i32())).toEqual([255, 255, 255]);
    const [one, two, three] = opacities(i32(1));
    expect(two).toBe(255);
    expect(one).toBe(three);
    expect(one).toBeLessThan(100);
  });
});

describe("categories", () => {
  it("are hidden and shown again", () => {
    expect([...toggled(new Set(), 2)]).toEqual([2]);
    expect([...toggled(new Set([1, 2]), 2)]).toEqual([1]);
  });

  it("are shown alone, and all again", () => {
    const alone = isolated(new Set([1]), 1, [0, 1, 2, -1]);
    expect([...alone]).toEqual([0, 2, -1]);
    expect([...isolated(alone, 1, [0, 1, 2, -1])]).toEqual([]);
  });

  it("are not drawn when hidden", () => {
    const color = message("color-categorical", "color");
    if (color.type !== "categorical") throw new Error();
    const codes = i32(0, 1, -1, 0);
    const hidden = isHidden({ ...color, arrays: { codes } }, new Set([0]));
    const positions = Float32Array.from([0, 0, 1, 1, 2, 2, 3, 3]);
    expect([...drawOrder(positions, { ...color, arrays: { codes } }, hidden)].sort()).toEqual([1, 2]);
    const missing = isHidden({ ...color, arrays: { codes } }, new Set([-1]));
    expect([0, 1, 2, 3].map(missing)).toEqual([false, false, true, false]);
  });
});
