/** What the length of an arrow, the width of a line and the speed of a particle mean, and why some are faint. */
import { useComputed } from "@preact/signals";
import { keyLength } from "../layers/arrow-geometry";
import type { Scene } from "../scene/scene";
import type { Store } from "../state/store";
import { formatNumber } from "../text";

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

export function FieldKey({ store, scene }: { store: Store; scene: Scene }) {
  const stage = store.shown.value?.stage;
  if (!stage) return null;
  const known = stage === "projection" ? store.diagnostics.value : store.belief.value;
  return (
    <div class="vw-keys">
      {stage === "stream" && (
        <p class="vw-key" title={LINES_HELP}>
          {store.traits.field.value === "particles" &&
            "Particles are drawn as lines, because your system asks for little motion. "}
          Width of a line: {PREFERENCE}.
        </p>
      )}
      {stage === "particles" && (
        <p class="vw-key" title={LINES_HELP}>
          Speed of a particle: {PREFERENCE}. There are more where there are more cells.
        </p>
      )}
      {(stage === "grid" || stage === "projection") && (
        <ArrowKey scene={scene} strength={store.traits.arrow_length.value} />
      )}
      {store.traits.honest.value && (
        <p class="vw-key" title={FADING_HELP}>
          <span class="vw-key-fading" aria-hidden="true" />
          {known && !store.fadingStale.value
            ? "Faint: fidelity or support is small."
            : "Fidelity and support are being computed…"}
        </p>
      )}
    </div>
  );
}

/** The length of an arrow, with an example. */
function ArrowKey({ scene, strength }: { scene: Scene; strength: number }) {
  const arrows = scene.arrows.value;
  const zoom = useComputed(() => scene.view.value?.camera.zoom ?? 0).value;
  if (!arrows) return null;
  const { value, pixels } = keyLength(arrows.spacing * strength * 2 ** zoom);
  const share = arrows.count ? scene.drawn.value / arrows.count : 1;
  return (
    <p class="vw-key" title={HELP}>
      <svg class="vw-key-arrow" width={Math.ceil(pixels) + 2} height="10" aria-hidden="true">
        <path d={`M1 5H${pixels}M${pixels - 4} 2L${pixels} 5L${pixels - 4} 8`} />
      </svg>
      <span>
        {formatNumber(value)} — arrow length: {PREFERENCE}.
        {share < 1 && ` 1 in ${Math.round(1 / share)} arrows is drawn; zoom in for more.`}
      </span>
    </p>
  );
}
