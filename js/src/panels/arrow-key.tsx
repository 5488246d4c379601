import { useComputed } from "@preact/signals";
import { keyLength } from "../layers/arrow-geometry";
import type { Scene } from "../scene/scene";
import { formatNumber } from "./text";

const HELP =
  "Each arrow is the mean of unit steps towards the neighbours, weighted by how much likelier each is than by chance. Length 0: no " +
  "direction is preferred; 1: always towards the same side. It is no speed: it has no unit of time or distance.";

/** What the length of an arrow means, with an example. */
export function ArrowKey({ scene }: { scene: Scene }) {
  const arrows = scene.arrows.value;
  const zoom = useComputed(() => scene.view.value?.camera.zoom ?? 0).value;
  if (!arrows) return null;
  const { value, pixels } = keyLength(arrows.spacing * 2 ** zoom);
  const share = arrows.count ? scene.drawn.value / arrows.count : 1;
  return (
    <p class="vw-key" title={HELP}>
      <svg class="vw-key-arrow" width={Math.ceil(pixels) + 2} height="10" aria-hidden="true">
        <path d={`M1 5H${pixels}M${pixels - 4} 2L${pixels} 5L${pixels - 4} 8`} />
      </svg>
      <span>
        {formatNumber(value)} — arrow length: how strongly the next step prefers a direction, from 0 to 1.
        {share < 1 && ` 1 in ${Math.round(1 / share)} arrows is drawn; zoom in for more.`}
      </span>
    </p>
  );
}
