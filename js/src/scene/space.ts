/** Looking at an embedding of three dimensions. */
import { OrbitView } from "@deck.gl/core";
import type { Camera } from "../state/camera";
import type { Size } from "./camera";
import { sphereOf } from "./sphere";

/** Tilted and turned a little, so that it is seen to be in space. */
const FIRST_ROTATION = [24, -32] as const;
const FIELD_OF_VIEW = 35;

export const ORBIT = new OrbitView({ fovy: FIELD_OF_VIEW });

/** See everything, from the first direction. */
export function fitSpace(positions: Float32Array, { width, height }: Size): Camera | null {
  const sphere = sphereOf(positions);
  if (!sphere) return null;
  const zoom = Math.log2(Math.min(width, height) / (1.7 * sphere.radius));
  return { target: sphere.center, zoom, rotation: FIRST_ROTATION };
}

export function orbitState({ target, zoom, rotation = FIRST_ROTATION }: Camera) {
  const [tilt, turn] = rotation;
  return { target: [...target] as [number, number, number], zoom, rotationX: tilt, rotationOrbit: turn };
}

/** Where a place is on the screen, and how far away, from -1 to 1; NaN behind the eye. */
export function projector(camera: Camera, { width, height }: Size): (place: number[]) => number[] {
  const viewport = ORBIT.makeViewport({ width, height, viewState: orbitState(camera) });
  if (!viewport) return () => [Number.NaN, Number.NaN];
  return (place) => {
    const at = viewport.project(place);
    return Math.abs(at[2] as number) <= 1 ? at : at.map(() => Number.NaN);
  };
}

/** These cells from the farthest to the nearest, without those behind the eye. */
export function farthestFirst(cells: Uint32Array, positions: Float32Array, camera: Camera, size: Size): Uint32Array {
  const project = projector(camera, size);
  const depths = new Map<number, number>();
  for (const cell of cells) {
    const depth = project([...positions.subarray(3 * cell, 3 * cell + 3)])[2] as number;
    if (!Number.isNaN(depth)) depths.set(cell, depth);
  }
  return Uint32Array.from([...depths].sort(([, a], [, b]) => b - a).map(([cell]) => cell));
}

/** Turn by so many degrees. */
export function turn(camera: Camera, dx: number, dy: number): Camera {
  const [tilt, around] = camera.rotation ?? FIRST_ROTATION;
  return { ...camera, rotation: [Math.min(Math.max(tilt + dy, -90), 90), around + dx] };
}
