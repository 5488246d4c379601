import { afterEach, describe, expect, it, vi } from "vitest";
import { VERSION } from "../../js/src/protocol";
import { createWire, decode, decodeArrays } from "../../js/src/wire";
import { FakeModel } from "./fake-model";
import { fixture, fixtureNames, message } from "./fixtures";

const FROM_BROWSER = [
  "hello",
  "ping",
  "request",
  "release",
  "resume",
  "cancel",
  "search",
  "panel",
  "want",
  "select",
  "refresh",
  "shown",
];

afterEach(() => {
  vi.restoreAllMocks();
});

describe("fixtures", () => {
  const incoming = fixtureNames().filter((name) => !FROM_BROWSER.includes(fixture(name).header.kind));

  it.each(incoming)("%s is read", (name) => {
    const { header, buffers } = fixture(name);
    expect(decode(header, buffers)).toMatchObject({ kind: header.kind, id: header.id, generation: header.generation });
  });

  it.each(incoming)("%s is refused without its buffers", (name) => {
    const { header, buffers } = fixture(name);
    if (buffers.length) expect(() => decode(header, [])).toThrow();
  });

  it.each(FROM_BROWSER)("%s is what the wire sends", (name) => {
    const { header } = fixture(name);
    const { v, id, ...request } = header;
    const model = new FakeModel();
    const wire = createWire(model.asModel, new AbortController().signal, () => undefined);
    const sentId = wire.send(request as never);
    expect(model.sent).toEqual([{ ...request, v, id: sentId }]);
    expect(v).toBe(VERSION);
    expect(typeof id).toBe(typeof sentId);
  });

  it("hold numbers, missing ones too", () => {
    expect([...message("embedding", "embedding").arrays.positions]).toEqual([0, 1, 2.5, -1, Number.NaN, Number.NaN]);
  });
});

describe("decodeArrays", () => {
  const spec = [{ name: "x", dtype: "float32", shape: [2, 2] }];
  const values = Float32Array.of(1, 2, 3, 4);

  it.each([0, 1, 2, 3, 4, 8])("reads a window that begins at byte %i", (offset) => {
    const larger = new Uint8Array(values.byteLength + offset + 5).fill(255);
    larger.set(new Uint8Array(values.buffer), offset);
    const view = new DataView(larger.buffer, offset, values.byteLength);
    expect(decodeArrays(spec, [view]).x).toEqual(values);
  });

  it("reads an ArrayBuffer and a typed array", () => {
    expect(decodeArrays(spec, [values.buffer]).x).toEqual(values);
    expect(decodeArrays(spec, [new Uint8Array(values.buffer)]).x).toEqual(values);
  });

  it("reads an empty array", () => {
    expect(decodeArrays([{ name: "x", dtype: "int32", shape: [0, 2] }], [new ArrayBuffer(0)]).x).toHaveLength(0);
  });

  it("refuses a buffer of another size, and a type it does not know", () => {
    expect(() => decodeArrays(spec, [new ArrayBuffer(12)])).toThrow("12 bytes instead of 16");
    expect(() => decodeArrays([{ name: "x", dtype: "float64", shape: [1] }], [new ArrayBuffer(8)])).toThrow();
  });
});

describe("the wire", () => {
  it.each([
    { v: 2, kind: "notices", items: [] },
    { v: 1, kind: "holograms" },
    { v: 1, kind: "notices", items: [3] },
    null,
    "text",
  ])("warns once about %j, and lives", (content) => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const receive = vi.fn();
    const model = new FakeModel();
    createWire(model.asModel, new AbortController().signal, receive);
    model.receive({ header: content as never, buffers: [] });
    model.receiveFixture("notices");
    expect(warn).toHaveBeenCalledTimes(1);
    expect(receive).toHaveBeenCalledTimes(1);
  });

  it("stops listening", () => {
    const end = new AbortController();
    const model = new FakeModel();
    createWire(model.asModel, end.signal, () => undefined);
    end.abort();
    expect(model.listenerCount).toBe(0);
  });
});
