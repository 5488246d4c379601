/** Particles over the cells, on a canvas of their own. */
import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import { opacityAt } from "../layers/belief";
import { Particles } from "../layers/particles";
import { Trails } from "../layers/trails";
import type { Store } from "../state/store";
import type { ThemeName } from "../theme/theme";
import { INK } from "./ink";
import type { View } from "./scene";

/** In CSS pixels. */
const WIDTH = 1.3;
const LONGEST_FRAME = 0.05;

export function createDrift(
  canvas: HTMLCanvasElement,
  store: Store,
  view: ReadonlySignal<View | null>,
  theme: ReadonlySignal<ThemeName>,
): () => void {
  const context = canvas.getContext("2d");
  if (!context) return () => {};
  const particles = computed(() => {
    const shown = store.shown.value;
    return shown?.stage === "particles" ? new Particles(shown, Math.random) : null;
  });
  const opacity = computed(() => opacityAt(store.belief.value));
  const visible = watchVisible(canvas);
  let picture: { trails: Trails; image: ImageData } | null = null;
  /** Time of the latest frame, in whichever view: in a pan each has another, and particles move on. */
  let last = 0;

  const stop = effect(() => {
    const moving = particles.value;
    if (!moving || !view.value) return;
    const { size, project } = view.value;
    moving.look((place) => {
      const [x, y] = project(place, 0);
      return x >= 0 && y >= 0 && x <= size.width && y <= size.height;
    });
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (!picture || canvas.width !== width || canvas.height !== height) {
      [canvas.width, canvas.height] = [width, height];
      const trails = new Trails(width, height);
      picture = { trails, image: new ImageData(trails.pixels, width) };
    }
    const { trails, image } = picture;
    trails.clear(INK[theme.value].ink);
    const opaque = opacity.value;

    const draw = () => {
      const { from, to, dims } = moving;
      for (let at = 0; at < to.length; at += dims) {
        const [x0, y0] = project(from, at);
        const [x, y] = project(to, at);
        trails.line(ratio * x0, ratio * y0, ratio * x, ratio * y, ratio * WIDTH, opaque(to, at));
      }
      context.putImageData(image, 0, 0);
    };

    draw();
    return effect(() => {
      if (store.paused.value || !visible.signal.value) return;
      let frame = requestAnimationFrame(function move(now) {
        const seconds = Math.min((now - last) / 1000, LONGEST_FRAME);
        last = now;
        const strength = untracked(() => store.traits.arrow_length.value);
        moving.step(seconds, strength);
        trails.fade(seconds);
        draw();
        frame = requestAnimationFrame(move);
      });
      return () => cancelAnimationFrame(frame);
    });
  });

  return () => {
    stop();
    visible.stop();
  };
}

/** Whether any of an element can be seen: nothing moves where nobody looks. */
function watchVisible(element: Element): { signal: ReadonlySignal<boolean>; stop(): void } {
  const visible = signal(true);
  const observer = new IntersectionObserver((entries) => {
    visible.value = entries.at(-1)?.isIntersecting ?? true;
  });
  observer.observe(element);
  return { signal: visible, stop: () => observer.disconnect() };
}
