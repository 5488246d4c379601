import { h, render } from "preact";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Count } from "../../js/src/panels/count";
import { Genes, keyOf } from "../../js/src/panels/genes";
import type { Parameter } from "../../js/src/protocol";
import { openPage } from "./page";

let place: HTMLElement;
let given: unknown[];

beforeEach(() => {
  openPage();
  place = document.createElement("div");
  document.body.append(place);
  given = [];
});

afterEach(() => {
  render(null, place);
  place.remove();
});

const offer = (key: string) => ({ key, title: key, help: "", reason: null, numbers: [] });

function parameter(kind: string, keys: string[]): Parameter {
  return { control: { kind, low: 1, high: null, offers: keys.map(offer) } } as unknown as Parameter;
}

function show(component: unknown, value: unknown, control: Parameter, more = {}): void {
  const props = { title: "t", help: "", parameter: control, value, disabled: false, children: null, ...more };
  render(h(component as never, { ...props, set: (chosen: unknown) => given.push(chosen) } as never), place);
}

const drawn = () => new Promise((resolve) => setTimeout(resolve, 30));

async function type(text: string): Promise<void> {
  const field = place.querySelector("input") as HTMLInputElement;
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await drawn();
  field.dispatchEvent(new Event("change", { bubbles: true }));
  await drawn();
}

function choose(key: string): void {
  const select = place.querySelector("select") as HTMLSelectElement;
  select.value = key;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

describe("genes", () => {
  const offers = parameter("genes", ["", "all", "flag", "top:r2"]);

  it("are one of the choices", () => {
    expect([null, "all", "flag", { r2: 3 }, ["a"]].map((value) => keyOf(value as never))).toEqual([
      "",
      "all",
      "flag",
      "top:r2",
      "listed",
    ]);
  });

  it("take a number with a column of numbers, and say how many are in use", async () => {
    show(Genes, null, offers, { inUse: 1234 });
    expect(place.textContent).toContain("1,234 genes in use");
    expect(place.querySelector("input")).toBeNull();
    for (const key of ["all", "top:r2", ""]) choose(key);
    expect(given).toEqual(["all", { r2: 500 }, null]);
    show(Genes, { r2: 30 }, offers, { inUse: null });
    expect(place.querySelector("input")?.value).toBe("30");
    await type("40");
    await type("");
    expect(given.slice(3)).toEqual([{ r2: 40 }]);
  });

  it("may be a list, which is no choice", () => {
    show(Genes, ["Gcg", "Ins1"], offers, { inUse: 2 });
    expect(place.querySelector("select")?.value).toBe("listed");
    show(Genes, "all", offers, { inUse: 2 });
    expect(place.querySelectorAll("option")).toHaveLength(4);
  });
});

describe("a whole number", () => {
  it("may be none, where that means something", async () => {
    show(Count, 5, parameter("count", ["all"]));
    await type("");
    await type("7");
    expect(given).toEqual([null, 7]);
    show(Count, null, parameter("count", ["all"]));
    expect(place.querySelector("input")?.value).toBe("");
    expect(place.querySelector("input")?.placeholder).toBe("all");
  });

  it("is not emptied where it must be one", async () => {
    show(Count, 5, parameter("count", []));
    await type("");
    expect(given).toEqual([]);
  });
});
