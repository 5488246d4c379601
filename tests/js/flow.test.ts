import { describe, expect, it } from "vitest";
import { arrange, confidence, GAP, monotone, stack, vein } from "../../js/src/panels/flow/layout";
import { neighbour } from "../../js/src/panels/flow/picture";
import { columnsOf, formatCell, inert, rowOf, sentence, sortedRows, toText } from "../../js/src/panels/flow/words";
import type { ResultOf, Stage } from "../../js/src/protocol";
import { withHighlight } from "../../js/src/scene/colors";
import { edgesOf, type FlowEdge } from "../../js/src/state/flow";
import { createWidgetState } from "../../js/src/state/model";
import { FakeModel } from "./fake-model";
import { message } from "./fixtures";

function result<S extends Stage>(stage: S): ResultOf<S> {
  const example = message(`result-${stage}`, "result");
  if (example.stage !== stage) throw new Error("The example is of another stage.");
  return example as ResultOf<S>;
}

const groups = message("groups", "groups");
const edges = edgesOf(result("flow"), result("flow_null"));

describe("edges", () => {
  it("have the numbers of the flow, and the interval of the same chain", () => {
    expect(edges).toHaveLength(3);
    expect(edges[1]).toEqual({
      step: 0,
      source: 0,
      target: 1,
      flow: 0.25,
      expected: 0.125,
      z: 4,
      low: 0.0625,
      high: 0.1875,
    });
  });

  it("have no interval while there is none, or it belongs to another kernel or other clusters", () => {
    const interval = result("flow_null");
    const others = [
      null,
      { ...interval, hashes: { ...interval.hashes, T: "another", flow: "another" } },
      { ...interval, hashes: { ...interval.hashes, flow: "of other clusters" } },
    ];
    for (const other of others) expect(edgesOf(result("flow"), other)[1]?.low).toBeNaN();
  });

  it("are those of the clusters that are chosen", () => {
    const model = new FakeModel();
    const { store } = createWidgetState(model.asModel, new AbortController().signal);
    model.receiveFixture("groups");
    model.receiveFixture("result-flow");
    expect(store.flow.edges.value).toHaveLength(3);
    store.set("time_key", "day");
    expect(store.flow.groups.value).toBeNull();
    expect(store.flow.edges.value).toHaveLength(0);
  });
});

describe("bands", () => {
  it("are next to the source where most flow goes, below and above in turn", () => {
    expect(arrange([0.1, 0, 0.5, 0.3, 0.2], 1, [0, 1, 2, 3, 4])).toEqual([
      [4, 2],
      [3, 0],
    ]);
  });

  it("keep the order of clusters that receive the same", () => {
    expect(arrange([0.2, 0.2, 0.2, 0], 3, [0, 1, 2, 3])).toEqual([[2, 0], [1]]);
  });

  it("do not touch where they are widest", () => {
    const heights = stack([
      [0.1, 0.5],
      [0.9, 0.2],
      [0, 0.3],
    ]);
    expect(heights).toEqual([0, expect.closeTo(1 + GAP), expect.closeTo(1.9 + 2 * GAP)]);
  });

  it("pass through their shares and never beyond them", () => {
    const [x, y] = [
      [0, 1, 3, 4],
      [0.1, 0.8, 0.8, 0],
    ];
    const f = monotone(x, y);
    expect(x.map(f)).toEqual(y.map((value) => expect.closeTo(value, 10)));
    const between = Array.from({ length: 401 }, (_, i) => f(i / 100));
    expect(Math.max(...between)).toBeLessThanOrEqual(0.8 + 1e-12);
    expect(Math.min(...between)).toBeGreaterThanOrEqual(0);
    expect(f(2)).toBeCloseTo(0.8);
    expect(monotone([0, 2], [0, 1])(1)).toBeCloseTo(0.5);
  });
});

describe("a vein", () => {
  it("leaves along one edge and arrives along the other, as wide as the flow", () => {
    const outline = vein(
      (_, side) => side * 0.5,
      (_, side) => 3 + side * 0.25,
      1,
      0.1,
      0.7,
      0.3,
    );
    const n = outline.length / 4;
    const [start, end] = [outline.slice(0, n), outline.slice(2 * n, 3 * n)];
    expect(start.map(([, y]) => y)).toEqual(Array(n).fill(0.5));
    expect(end.map(([, y]) => y)).toEqual(Array(n).fill(2.75));
    expect([start[0]?.[0], start[n - 1]?.[0]]).toEqual([0.1, expect.closeTo(0.4)]);
    expect([end[0]?.[0], end[n - 1]?.[0]]).toEqual([expect.closeTo(1), expect.closeTo(0.7)]);
    expect(outline[4 * n - 1]).toEqual([expect.closeTo(0.1), expect.closeTo(0.5)]);
  });

  it("is faint where the null explains it", () => {
    expect([0, 3, -5].map(confidence)).toEqual([expect.closeTo(0.18), 1, 1]);
    expect(confidence(Number.NaN)).toBe(confidence(0));
  });
});

describe("words", () => {
  const rows = edges.map((edge) => rowOf(edge, groups));

  it("are those of the table", () => {
    expect(rows[1]).toMatchObject({ source: "early", target: "late", flow: 0.25, ratio: 2, z: 4 });
    expect(columnsOf(groups)).not.toContain("time");
    expect(columnsOf({ ...groups, times: [0, 1] })[0]).toBe("time");
    expect([formatCell("flow", 0.25), formatCell("z", -4), formatCell("low", Number.NaN)]).toEqual([
      "0.250",
      "-4.0",
      "…",
    ]);
  });

  it("are a sentence for those who do not see", () => {
    expect(sentence(edges[1] as never, groups)).toBe("early to late: flow 0.250, expected 0.125, ratio 2.00, z 4.0");
    const overTime = sentence(edges[1] as never, { ...groups, times: [0, 1.5] });
    expect(overTime).toContain("early to late, 0 to 1.5:");
  });

  it("sort up and down, unknown numbers last, and stay as they were", () => {
    const order = (...by: Parameters<typeof sortedRows> extends [unknown, ...infer R] ? R : never) =>
      sortedRows(rows, ...by).map(({ z }) => z);
    expect(order("z", false)).toEqual([-4, 0, 4]);
    expect(order("z", true)).toEqual([4, 0, -4]);
    expect(order(null, false)).toEqual([-4, 4, 0]);
    const unknown = rows.map((row, i) => (i ? row : { ...row, z: Number.NaN }));
    expect(sortedRows(unknown, "z", true).map(({ z }) => z)).toEqual([4, 0, Number.NaN]);
  });

  it("are a file that spreadsheets read", () => {
    const odd = rows.slice(0, 1).map((row) => ({ ...row, source: 'a "b", c' }));
    expect(toText(odd, ["source", "target", "flow", "low"], ",")).toBe(
      'source,target,flow,low\n"a ""b"", c",early,0.75,0.8\n',
    );
    expect(toText(odd, ["flow", "z"], "\t")).toBe("flow\tz\n0.75\t-4\n");
  });

  it("have no formulas in their files", () => {
    for (const name of ["=1+1", "+x", "-x", "@x", "\t=x", "\r=x", "  =x", "\u00a0=x", "＝x", "-", "+1-1", "-1 or so"])
      expect(inert(name)).toBe(`'${name}`);
    for (const name of ["-1.5", "+2", "-1e-5", " -.5 ", "a=b", "Beta+", "'=x", ""]) expect(inert(name)).toBe(name);
    const row = rowOf(edges[0] as FlowEdge, groups);
    const odd = [{ ...row, source: '=HYPERLINK("x","y")', target: "a;=1+1", z: -1.5 }];
    for (const [separator, expected] of [
      [",", `source,target,z\n"'=HYPERLINK(""x"",""y"")","a;=1+1",-1.5\n`],
      ["\t", `source\ttarget\tz\n"'=HYPERLINK(""x"",""y"")"\t"a;=1+1"\t-1.5\n`],
    ] as const)
      expect(toText(odd, ["source", "target", "z"], separator)).toBe(expected);
  });
});

describe("clusters that are looked at", () => {
  it("keep their colour, and all other cells become faint", () => {
    const colors = Uint8ClampedArray.from([1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 255]);
    const lit = withHighlight(colors, Int32Array.from([0, 1, -1]), [1]);
    expect([lit[3], lit[7], lit[11]].map((opacity) => opacity === 255)).toEqual([false, true, false]);
    expect(colors[3]).toBe(255);
  });
});

describe("arrow keys", () => {
  const edge = (source: number, target: number) => ({ ...(edges[0] as FlowEdge), source, target });
  const square = ({ source, target }: FlowEdge) => [source, target] as const;
  const next = (from: FlowEdge | null, down: number, right: number, among: readonly FlowEdge[]) => {
    const found = neighbour(among, from, square, down, right);
    return found && [found.source, found.target];
  };

  it("go to the nearest flow of the row, and to the nearest row", () => {
    const some = [edge(0, 0), edge(0, 3), edge(1, 2), edge(2, 0)];
    expect(next(null, 0, 1, some)).toEqual([0, 0]);
    expect(next(edge(0, 0), 0, 1, some)).toEqual([0, 3]);
    expect(next(edge(0, 3), 0, -1, some)).toEqual([0, 0]);
    expect(next(edge(0, 0), 1, 0, some)).toEqual([1, 2]);
    expect(next(edge(2, 0), -1, 0, some)).toEqual([1, 2]);
    expect(next(edge(2, 0), 1, 0, some)).toBeUndefined();
  });

  it("go along the row also where it is the only one", () => {
    expect(next(edge(1, 0), 0, 1, [edge(1, 0), edge(1, 2)])).toEqual([1, 2]);
  });
});
