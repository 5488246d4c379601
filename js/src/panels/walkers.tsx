/** The walkers over a picture. */
import { computed, effect, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Scene } from "../scene/scene";
import { crowdNow, drawWalkers, frameOf } from "../scene/walkers";
import type { Store } from "../state/store";
import type { ThemeName } from "../theme/theme";

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
    const crowd = computed(() => crowdNow(store, theme.value));
    return effect(() => {
      const view = scene.view.value;
      const ratio = window.devicePixelRatio;
      const [width, height] = [view?.size.width ?? 0, view?.size.height ?? 0].map((length) =>
        Math.round(length * ratio),
      );
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      const frame = view && frameOf(store, crowd.value, view, theme.value);
      if (!frame) return;
      drawWalkers(context, frame);
      // For whoever waits for the picture, like tests and measurements.
      canvas.dataset.step = String(Math.floor(frame.time));
    });
  }, [store, scene, theme]);
  return <canvas class="vw-walkers" ref={place} />;
}
