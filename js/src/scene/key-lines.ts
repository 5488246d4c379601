/** What is below the picture, on the screen and in a file: what lengths, widths and speeds mean, and why some are faint. */
import { keyLength } from "../layers/arrow-geometry";
import { streamsOf } from "../layers/stream-strokes";
import type { ResultOf } from "../protocol";
import type { Store } from "../state/store";
import { formatNumber } from "../text";
import type { Scene } from "./scene";

const PREFERENCE = "how strongly the next step prefers a direction, from 0 to 1";
const HELP =
  "Each arrow is the mean of unit steps towards the neighbours, weighted by how much likelier each is than by chance. Length 0: no " +
  "direction is preferred; 1: always towards the same side. It is no speed: it has no unit of time or distance.";
const LINES_HELP =
  "Lines follow the average of the arrows around. They are no paths of cells: a line looks as smooth where the cells under it " +
  `disagree. Wide: the average arrow is long. ${HELP}`;
const FADING_HELP =
  "Faint: the smaller of two numbers, fidelity and support, is small there. Fidelity: does the arrow on the embedding do what the " +
  "chain does among the genes? Support: do the velocities point at the neighbours any better than with shuffled genes? Colour by " +
  "either to see which.";

/** Of samples without a length of their own, in CSS pixels. */
const LENGTH = 26;
const FADING_STEPS = 13;

/** Lines to be stroked, in CSS pixels; from 0 to the right, around the height 0. */
export interface Sample {
  length: number;
  strokes: { places: [number, number][]; width: number; opacity: number }[];
}

export interface KeyLine {
  sample: Sample | null;
  text: string;
  /** Of use to those only who can change the picture. */
  advice: string;
  help: string;
}

type Shown = Pick<Store, "shown" | "diagnostics" | "belief" | "fadingStale"> & {
  traits: Pick<Store["traits"], "field" | "arrow_length" | "honest">;
};

export function keyLines(store: Shown, scene: Pick<Scene, "arrows" | "drawn">, zoom: number): KeyLine[] {
  const stage = store.shown.value?.stage;
  if (!stage) return [];
  const strength = store.traits.arrow_length.value;
  const lines: KeyLine[] = [];
  if (stage === "stream") {
    const isCalm = store.traits.field.value === "particles";
    lines.push({
      sample: lineSample(strength),
      text: `1 — width of a line: ${PREFERENCE}.`,
      advice: isCalm ? "Particles are drawn as lines, because your system asks for little motion." : "",
      help: LINES_HELP,
    });
  }
  if (stage === "particles") {
    const text = `Speed of a particle: ${PREFERENCE}. There are more where there are more cells.`;
    lines.push({ sample: null, text, advice: "", help: LINES_HELP });
  }
  const arrows = scene.arrows.value;
  if (arrows) {
    const { value, pixels } = keyLength(arrows.spacing * strength * 2 ** zoom);
    const share = arrows.count ? scene.drawn.value / arrows.count : 1;
    const thinned = share < 1 ? ` 1 in ${Math.round(1 / share)} arrows is drawn.` : "";
    lines.push({
      sample: arrowSample(pixels),
      text: `${formatNumber(value)} — arrow length: ${PREFERENCE}.${thinned}`,
      advice: thinned && arrows.dims === 2 ? "Zoom in for more." : "",
      help: HELP,
    });
  }
  if (store.traits.honest.value) {
    const known = stage === "projection" ? store.diagnostics.value : store.belief.value;
    const text =
      known && !store.fadingStale.value
        ? "Faint: fidelity or support is small."
        : "Fidelity and support are being computed…";
    lines.push({ sample: FADING, text, advice: "", help: FADING_HELP });
  }
  return lines;
}

function arrowSample(length: number): Sample {
  const head: [number, number][] = [[length - 4, -3], [length, 0], [length - 4, 3]]; // biome-ignore format: an arrow's corners
  const stroke = { width: 1.4, opacity: 1 };
  return {
    length,
    strokes: [
      { places: [[0, 0], [length, 0]], ...stroke }, // biome-ignore format: two places
      { places: head, ...stroke },
    ],
  };
}

/** A line as it is drawn where the average arrow has length 1. */
function lineSample(strength: number): Sample {
  const arrays = {
    points: Float32Array.of(0, 0, LENGTH, 0),
    starts: Int32Array.of(0, 2),
    speeds: Float32Array.of(1, 1),
  };
  const { strokes } = streamsOf({ arrays } as ResultOf<"stream">, () => 1, strength);
  return {
    length: LENGTH,
    strokes: strokes.map(({ width, opacity }) => ({ places: [[0, 0], [LENGTH, 0]], width, opacity })), // biome-ignore format: two places
  };
}

const FADING: Sample = {
  length: LENGTH,
  strokes: Array.from({ length: FADING_STEPS }, (_, i) => {
    const [from, to] = [i, i + 1].map((k) => (LENGTH * k) / FADING_STEPS) as [number, number];
    return { places: [[from, 0], [to, 0]], width: 3, opacity: 0.1 + (0.9 * i) / (FADING_STEPS - 1) }; // biome-ignore format: two places
  }),
};
