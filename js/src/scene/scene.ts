/** The picture: one deck.gl instance that follows the store. */
import { Deck, type OrbitView, OrthographicView } from "@deck.gl/core";
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { type ArrowStage, type Arrows, arrowsOf, isOfArrows, thinned } from "../layers/arrow-geometry";
import { ArrowsLayer } from "../layers/arrows";
import { opacityAt, opacityOfCell } from "../layers/belief";
import { PointsLayer } from "../layers/points";
import type { Camera } from "../state/camera";
import { isHidden } from "../state/hidden";
import type { Drawn, Store } from "../state/store";
import type { ThemeName } from "../theme/theme";
import { type Projector, planeProjector, type Size, ZOOM_IN, ZOOM_OUT } from "./camera";
import { cellColors, withHighlight } from "./colors";
import { fitted, framed } from "./fit";
import { INK } from "./ink";
import { drawOrder } from "./order";
import { pointRadius } from "./point-size";
import { farthestFirst, ORBIT, orbitState, spaceProjector } from "./space";
import { cellUnder } from "./under";

interface Stroke {
  width: number;
  head: number;
  haloWidth: number;
}

/** In CSS pixels: arrows of cells are many and lie on each other, so theirs are finer. */
const STROKES: Record<ArrowStage, Stroke> = {
  grid: { width: 1.3, head: 6, haloWidth: 1.2 },
  projection: { width: 0.9, head: 4.5, haloWidth: 0.6 },
};

const PLANE = new OrthographicView({ flipY: false });

interface OrthoState {
  target: readonly number[] & [number, number];
  zoom: number;
}

interface OrbitState extends OrthoState {
  rotationX: number;
  rotationOrbit: number;
}

export interface View {
  camera: Camera;
  size: Size;
  limits: { min: number; max: number };
  inSpace: boolean;
  project: Projector;
}

export interface Scene {
  /** How this display looks at the embedding; null while there is nothing to look at. */
  view: ReadonlySignal<View | null>;
  arrows: ReadonlySignal<Arrows | null>;
  /** How many of the arrows are drawn. */
  drawn: ReadonlySignal<number>;
  stroke: ReadonlySignal<Stroke>;
  /** As they are drawn: indices, red, green, blue and opacity of all, and the size in CSS pixels. */
  cells: ReadonlySignal<{ order: Uint32Array; colors: Uint8ClampedArray; radius: number; opacity: number } | null>;
  /** How to see the selected cells, or where there are none all that are drawn, from the same side; null if none has a place. */
  fit(): Camera | null;
  /** The cell at a place in CSS pixels from the upper left; null if there is none. */
  cellAt(x: number, y: number): number | null;
  /** Whether there has been a first frame. */
  rendered: ReadonlySignal<boolean>;
  dispose(): void;
}

function flatState({ target: [x, y], zoom }: Camera): { target: [number, number, number]; zoom: number } {
  return { target: [x, y, 0], zoom };
}

/** With a third coordinate of 0 where there are two: what the shaders read has three. */
function padded(values: Float32Array, dims: number): Float32Array {
  if (dims === 3) return values;
  const out = new Float32Array((values.length / 2) * 3);
  for (let i = 0; i < values.length / 2; i++) {
    out[3 * i] = values[2 * i] as number;
    out[3 * i + 1] = values[2 * i + 1] as number;
  }
  return out;
}

/** How opaque each arrow is, by its index and its foot. */
function fading(
  shown: Drawn,
  store: Store,
  hidden: (cell: number) => boolean,
): (i: number, foot: ArrayLike<number>) => number {
  if (shown.stage === "projection") {
    const ofCell = opacityOfCell(store.diagnostics.value);
    return (i) => (hidden(i) ? 0 : ofCell(i));
  }
  const at = opacityAt(store.belief.value);
  return (_, foot) => at(foot);
}

export function createScene(
  parent: HTMLDivElement,
  store: Store,
  theme: ReadonlySignal<ThemeName>,
  on: { error(error: Error): void; contextLost(): void },
): Scene {
  const size = signal<Size>({ width: parent.clientWidth, height: parent.clientHeight });
  const observer = new ResizeObserver(() => {
    size.value = { width: parent.clientWidth, height: parent.clientHeight };
  });
  observer.observe(parent);
  parent.addEventListener("webglcontextlost", on.contextLost, { capture: true });

  const positions = computed(() => store.embedding.value?.arrays.positions ?? null);
  const dims = computed(() => store.embedding.value?.components.length ?? 2);
  const home = computed(() => {
    const { width, height } = size.value;
    return positions.value && width > 0 && height > 0 ? framed(positions.value, dims.value, size.value) : null;
  });
  const view = computed<View | null>(() => {
    if (!home.value) return null;
    const limits = { min: home.value.zoom - ZOOM_OUT, max: home.value.zoom + ZOOM_IN };
    const camera = store.camera.value ?? home.value;
    return {
      camera,
      size: size.value,
      limits,
      inSpace: dims.value === 3,
      project: (dims.value === 3 ? spaceProjector : planeProjector)(camera, size.value),
    };
  });

  const hidden = computed(() => isHidden(store.color.value, store.hidden.value));
  const order = computed(
    () => positions.value && drawOrder(positions.value, store.color.value, hidden.value, dims.value),
  );
  /** In space each cell lies on those behind it, and lets them through if it is not opaque. */
  const sorted = computed(() =>
    order.value && positions.value && view.value?.inSpace
      ? farthestFirst(order.value, positions.value, view.value.camera, view.value.size)
      : order.value,
  );
  const allColors = computed(
    () =>
      positions.value &&
      cellColors(store.color.value, positions.value.length / dims.value, theme.value, store.selection.value),
  );
  const colors = computed(() => {
    const codes = store.flow.groups.value?.arrays.codes;
    const lit = store.highlight.value;
    return allColors.value && codes && lit ? withHighlight(allColors.value, codes, lit) : allColors.value;
  });
  const points = computed(
    () =>
      positions.value &&
      colors.value && {
        length: positions.value.length / dims.value,
        attributes: {
          getPosition: { value: padded(positions.value, dims.value), size: 3 },
          getColor: { value: colors.value, size: 4 },
        },
      },
  );
  const arrows = computed(() => {
    const shown = store.shown.value;
    if (!shown || !isOfArrows(shown) || !positions.value) return null;
    return arrowsOf(
      shown,
      positions.value,
      store.traits.arrow_length.value,
      fading(shown, store, hidden.value),
      dims.value,
    );
  });
  const drawn = computed(() => {
    if (!arrows.value || !view.value) return 0;
    if (view.value.inSpace) return Math.min(arrows.value.count, store.traits.max_arrows.value);
    const { camera, size } = view.value;
    const [halfWidth, halfHeight] = [size.width / 2 ** camera.zoom / 2, size.height / 2 ** camera.zoom / 2];
    const [x, y] = camera.target;
    const window = { left: x - halfWidth, right: x + halfWidth, bottom: y - halfHeight, top: y + halfHeight };
    return thinned(arrows.value, window, store.traits.max_arrows.value);
  });
  const strokes = computed(
    () =>
      arrows.value && {
        length: drawn.value,
        attributes: {
          getFoot: { value: padded(arrows.value.feet, arrows.value.dims), size: 3 },
          getStep: { value: padded(arrows.value.steps, arrows.value.dims), size: 3 },
          getOpacity: { value: arrows.value.opacities, size: 1 },
        },
      },
  );

  const stroke = computed(() => STROKES[store.shown.value?.stage === "projection" ? "projection" : "grid"]);
  const radius = computed(() => {
    if (!order.value || !view.value || !home.value) return 0;
    const zoomedIn = view.value.camera.zoom - home.value.zoom;
    return store.traits.point_size.value * pointRadius(order.value.length, size.value, zoomedIn);
  });
  const cells = computed(
    () =>
      sorted.value &&
      colors.value && {
        order: sorted.value,
        colors: colors.value,
        radius: radius.value,
        opacity: store.traits.opacity.value,
      },
  );

  const rendered = signal(false);

  const deck = new Deck<OrthographicView | OrbitView>({
    parent,
    views: PLANE,
    controller: { keyboard: false, inertia: false },
    viewState: { target: [0, 0, 0], zoom: 0 },
    layers: [],
    // The shaders smooth edges themselves.
    deviceProps: { webgl: { antialias: false } },
    parameters: { depthWriteEnabled: false, depthCompare: "always" },
    onViewStateChange: ({ viewState }) => {
      const { target, zoom, rotationX, rotationOrbit } = viewState as Partial<OrbitState> & OrthoState;
      if (rotationX === undefined || rotationOrbit === undefined) {
        store.setCamera({ target: [target[0], target[1]], zoom });
      } else
        store.setCamera({ target: [target[0], target[1], target[2] ?? 0], zoom, rotation: [rotationX, rotationOrbit] });
    },
    onLoad: () => {
      // deck.gl makes its canvas a stop for the Tab key, nameless and without keys of its own; the frame around it has both.
      parent.querySelector("canvas")?.removeAttribute("tabindex");
    },
    onAfterRender: () => {
      rendered.value = true;
    },
    onError: on.error,
  });

  const stop = effect(() => {
    if (!view.value || !points.value || !sorted.value) {
      deck.setProps({ layers: [] });
      return;
    }
    const { camera, limits } = view.value;
    const shown = store.shown.value;
    const { inSpace } = view.value;
    const place = inSpace ? orbitState(camera) : flatState(camera);
    deck.setProps({
      views: inSpace ? ORBIT : PLANE,
      // In space, what is nearer hides what is behind it; on a plane, what is drawn later.
      parameters: { depthWriteEnabled: inSpace, depthCompare: inSpace ? "less-equal" : "always" },
      viewState: { ...place, minZoom: limits.min, maxZoom: limits.max },
      layers: [
        new PointsLayer({
          id: "cells",
          data: points.value,
          order: sorted.value,
          radius: radius.value,
          opacity: store.traits.opacity.value,
        }),
        strokes.value &&
          shown &&
          isOfArrows(shown) &&
          new ArrowsLayer({
            id: "arrows",
            data: strokes.value,
            ...INK[theme.value],
            ...stroke.value,
          }),
      ],
    });
  });

  return {
    view,
    arrows,
    drawn,
    stroke,
    cells,
    rendered,
    fit() {
      if (!positions.value || !order.value || !view.value) return null;
      const cells = store.selection.value.length ? store.selection.value : order.value;
      return fitted(view.value, cells, positions.value, dims.value);
    },
    cellAt(x, y) {
      if (!positions.value || !sorted.value || !view.value) return null;
      return cellUnder([x, y], positions.value, dims.value, view.value.project, sorted.value, radius.value);
    },
    dispose() {
      stop();
      observer.disconnect();
      parent.removeEventListener("webglcontextlost", on.contextLost, { capture: true });
      // finalize() keeps the WebGL context, of which a page has about sixteen.
      const gl = parent.querySelector("canvas")?.getContext("webgl2");
      deck.finalize();
      gl?.getExtension("WEBGL_lose_context")?.loseContext();
      parent.replaceChildren();
    },
  };
}
