/** What the length of an arrow, the width of a line and the speed of a particle mean, and why some are faint. */
import { useComputed } from "@preact/signals";
import { type KeyLine, keyLines, type Sample } from "../scene/key-lines";
import { outline } from "../scene/pen";
import type { Scene } from "../scene/scene";
import type { Store } from "../state/store";

/** In CSS pixels: of the widest line. */
const HEIGHT = 14;

export function FieldKey({ store, scene }: { store: Store; scene: Scene }) {
  const zoom = useComputed(() => scene.view.value?.camera.zoom ?? 0).value;
  const lines = keyLines(store, scene, zoom);
  if (!lines.length) return null;
  return (
    <div class="vw-keys">
      {lines.map((line) => (
        <Line key={line.help} {...line} />
      ))}
    </div>
  );
}

function Line({ sample, text, advice, help }: KeyLine) {
  return (
    <p class="vw-key" title={help}>
      {sample && <Drawn {...sample} />}
      <span>
        {text} {advice}
      </span>
    </p>
  );
}

function Drawn({ length, strokes }: Sample) {
  const width = Math.ceil(length) + 1;
  return (
    <svg
      class="vw-key-arrow"
      width={width}
      height={HEIGHT}
      viewBox={`0 ${-HEIGHT / 2} ${width} ${HEIGHT}`}
      aria-hidden="true"
    >
      {strokes.map(({ places, width, opacity }, i) => (
        <path key={i} d={outline(places, false)} style={{ strokeWidth: width }} opacity={opacity} />
      ))}
    </svg>
  );
}
