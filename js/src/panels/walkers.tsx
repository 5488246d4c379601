/** The walkers over a picture. */
import { computed, effect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { ThemeName } from "../scene/colors";
import type { Scene } from "../scene/scene";
import { crowdOf, drawWalkers } from "../scene/walkers";
import type { Store } from "../state/store";

interface Props {
  store: Store;
  scene: Scene;
  theme: ReadonlySignal<ThemeName>;
}

export function Walkers(props: Props) {
  return props.store.player.shown.value ? <Canvas {...props} /> : null;
}

function Canvas({ store, scene, theme }: Props) {
  const place = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const canvas = place.current;
    // In the renderer's memory: where graphics run in software, drawing lines the other way takes three times as long.
    const context = canvas?.getContext("2d", { willReadFrequently: true });
    if (!canvas || !context) return;
    const crowd = computed(() => {
      const walks = store.walks.value;
      const codes = store.cells.value?.arrays.codes;
      return walks && crowdOf(walks, codes, store.player.colorBy.value, theme.value);
    });
    return effect(() => {
      const view = scene.view.value;
      const embedding = store.embedding.value;
      if (!view || !embedding || !crowd.value) {
        context.clearRect(0, 0, canvas.width, canvas.height);
        return;
      }
      const { size, project } = view;
      const ratio = window.devicePixelRatio;
      const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const { trail } = store.player;
      const now = store.player.time.value;
      // With reduced motion walkers jump from cell to cell.
      const time = store.calm.value ? Math.floor(now) : now;
      drawWalkers(context, {
        crowd: crowd.value,
        positions: embedding.arrays.positions,
        dims: embedding.components.length,
        size,
        project,
        time,
        trail: trail.value,
        theme: theme.value,
      });
      // For whoever waits for the picture, like tests and measurements.
      canvas.dataset.step = String(Math.floor(now));
    });
  }, [store, scene, theme]);
  return <canvas class="vw-walkers" ref={place} />;
}
