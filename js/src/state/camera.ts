/** Where the displays look: shared by all of them, and kept in the private trait `_ui`. */
import type { AnyModel } from "@anywidget/types";
import { type ReadonlySignal, signal } from "@preact/signals";
import { type Guarded, list, nullable, number, shape } from "../guards";

const SAVE_AFTER_MS = 250;

const camera = shape({ target: list(number), zoom: number });
const turned = shape({ rotation: list(number) });
const ui = shape({ camera: nullable(camera) });

/** `zoom` is the logarithm to base 2 of the pixels per unit of the embedding. */
export interface Camera {
  target: readonly [number, number] | readonly [number, number, number];
  zoom: number;
  /** Of a picture in space: how far it is tilted, and turned about its axis, in degrees. */
  rotation?: readonly [number, number];
}

export interface SharedCamera {
  /** Null while each display shows everything. */
  signal: ReadonlySignal<Camera | null>;
  set(camera: Camera | null): void;
}

export function createCamera(model: AnyModel, until: AbortSignal): SharedCamera {
  const current = signal(read(model));
  let timer: ReturnType<typeof setTimeout> | undefined;

  const follow = () => {
    current.value = read(model);
  };
  model.on("change:_ui", follow);
  until.addEventListener("abort", () => {
    clearTimeout(timer);
    model.off("change:_ui", follow);
  });

  return {
    signal: current,
    set(camera) {
      current.value = camera;
      clearTimeout(timer);
      timer = setTimeout(() => {
        model.set("_ui", { ...model.get("_ui"), camera });
        model.save_changes();
      }, SAVE_AFTER_MS);
    },
  };
}

function read(model: AnyModel): Camera | null {
  const stored: unknown = model.get("_ui");
  if (!ui(stored) || !stored.camera) return null;
  const { target, zoom }: Guarded<typeof camera> = stored.camera;
  const [x, y, z] = target;
  if (x === undefined || y === undefined) return null;
  if (z === undefined || !turned(stored.camera)) return { target: [x, y], zoom };
  const [tilt = 0, turn = 0] = stored.camera.rotation;
  return { target: [x, y, z], zoom, rotation: [tilt, turn] };
}
