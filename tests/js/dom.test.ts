import { setMaxListeners } from "node:events";
import { readFileSync } from "node:fs";
import { signal } from "@preact/signals";
import { h, render } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { standaloneSvg } from "../../js/src/panels/flow/files";
import { Hover } from "../../js/src/panels/hover";
import { mountPanels } from "../../js/src/panels/mount";
import { Walkers } from "../../js/src/panels/walkers";
import { MISSING } from "../../js/src/scene/colors";
import type { Scene, View } from "../../js/src/scene/scene";
import { createWidgetState, type WidgetState } from "../../js/src/state/model";
import { FakeModel } from "./fake-model";
import { openPage } from "./page";

let model: FakeModel;
let state: WidgetState;
let life: AbortController;
let place: HTMLElement;

beforeEach(() => {
  openPage();
  model = new FakeModel();
  life = new AbortController();
  setMaxListeners(0, life.signal); // Node counts them; browsers do not
  state = createWidgetState(model.asModel, life.signal);
  place = document.createElement("div");
  document.body.append(place);
});

afterEach(() => {
  render(null, place);
  life.abort();
  place.remove();
  vi.unstubAllGlobals();
});

/** Preact draws soon, not at once. */
const drawn = () => new Promise((resolve) => setTimeout(resolve, 60));

/** The control with this label. */
function control<T extends HTMLElement>(name: string): T {
  const label = [...place.querySelectorAll("label")].find(({ textContent }) => textContent === name);
  const found = label && place.querySelector<T>(`#${CSS.escape(label.htmlFor)}`);
  if (!found) throw new Error(`There is no control "${name}".`);
  return found;
}

function choose(name: string, value: string): void {
  const select = control<HTMLSelectElement>(name);
  select.value = value;
  select.dispatchEvent(new Event("change", { bubbles: true }));
}

describe("the settings", () => {
  beforeEach(async () => {
    model.receiveFixture("options");
    model.receiveFixture("color-categorical");
    mountPanels(["parameters"], place, state, life.signal);
    await drawn();
  });

  it("have a direction that is two traits, which change together", async () => {
    const saves = model.saves;
    choose("direction", "negate");
    expect([model.get("backward"), model.get("backward_mode")]).toEqual([true, "negate"]);
    expect(model.saves).toBe(saves + 1);
    await drawn();
    expect(control<HTMLSelectElement>("direction").value).toBe("negate");
    choose("direction", "forward");
    expect([model.get("backward"), model.get("backward_mode")]).toEqual([false, "negate"]);
    await drawn();
    expect(control<HTMLSelectElement>("direction").value).toBe("forward");
  });

  it("follow Python", async () => {
    model.set("backward", true);
    model.set("scheme", "cosine");
    await drawn();
    expect(control<HTMLSelectElement>("direction").value).toBe("transpose");
    expect(control<HTMLSelectElement>("scheme").value).toBe("cosine");
  });

  it("are taken away with their panel", async () => {
    life.abort();
    await drawn();
    expect(place.querySelector("select")).toBeNull();
  });
});

describe("what is under the pointer", () => {
  const view = { size: { width: 100, height: 100 }, project: () => [30, 40] } as unknown as View;

  async function hovered(cell: number | null, hasPointer = true, seen = view): Promise<string[]> {
    state.store.hovered.value = cell;
    render(h(Hover, { store: state.store, view: seen, hasPointer }), place);
    await drawn();
    return [...place.querySelectorAll("[role=tooltip] > *")].map(({ textContent }) => textContent ?? "");
  }

  beforeEach(() => {
    for (const name of ["cells", "clusters", "embedding", "color-continuous"]) model.receiveFixture(name);
  });

  it("is named, with its cluster and its colour, all as text", async () => {
    const { key } = state.store.color.value as { key: string };
    expect(await hovered(1)).toEqual([state.store.cellName(1), "clusters: <b>Beta</b>", `${key}: 4.5`]);
    expect(place.querySelector("b")).toBeNull();
    expect(await hovered(0)).toEqual([state.store.cellName(0), "clusters: Alpha", `${key}: 0`]);
    expect(state.store.cellName(0)).not.toBe(state.store.cellName(1));
    expect(await hovered(2)).toEqual([state.store.cellName(2), "clusters: missing", `${key}: missing`]);
  });

  it("has a ring in every display, but its name only where the pointer is", async () => {
    expect(await hovered(1, false)).toEqual([]);
    expect(place.querySelectorAll(".vw-ring")).toHaveLength(1);
  });

  it("is not told beside the picture, nor where no cell is", async () => {
    expect(await hovered(null)).toEqual([]);
    await hovered(1, true, { ...view, project: () => [130, 40] } as View);
    expect(place.querySelector(".vw-ring")).toBeNull();
  });
});

describe("walkers", () => {
  const scene = { view: signal(null) } as unknown as Scene;
  const canvases = () => place.querySelectorAll("canvas").length;

  it("are over the picture only while a panel shows walks", async () => {
    render(h(Walkers, { store: state.store, scene, theme: signal("light" as const) }), place);
    await drawn();
    expect(canvases()).toBe(0);
    const hide = state.store.player.show();
    await drawn();
    expect(canvases()).toBe(1);
    hide();
    await drawn();
    expect(canvases()).toBe(0);
  });
});

describe("the picture of the flow as a file", () => {
  it("has names and the caption as text", () => {
    place.innerHTML = '<svg width="400" height="300"><text></text></svg>';
    const svg = place.querySelector("svg") as SVGSVGElement;
    svg.getBoundingClientRect = () => new DOMRect(0, 0, 400, 300);
    (svg.querySelector("text") as SVGTextElement).textContent = "<b>&\"$'";
    const file = standaloneSvg(svg, { caption: "<i>caption</i>", settings: { "</metadata>": "<u>" } } as never);
    for (const markup of ["<b>", "<i>", "<u>"]) expect(file).not.toContain(markup);
    expect(file).toContain("&lt;i&gt;caption&lt;/i&gt;");
    expect(file.match(/<\/metadata>/g)).toHaveLength(1);
  });
});

describe("cells without a value", () => {
  it("have the colour in the legend that they have in the picture", () => {
    const styles = readFileSync(new URL("../../js/src/theme/base.css", import.meta.url), "utf8");
    const named = [...styles.matchAll(/--vw-missing: rgb\((\d+) (\d+) (\d+)\)/g)].map((found) =>
      found.slice(1).map(Number),
    );
    expect(named).toEqual([MISSING.light, MISSING.dark]);
  });
});
