/** Looking at an embedding of three dimensions. */
import { OrbitView } from "@deck.gl/core";
import { sphereOf } from "../layers/extent";
import type { Camera } from "../state/camera";
import type { Size } from "./camera";
import { ascending, NOWHERE } from "./order";

/** Tilted and turned a little, so that it is seen to be in space. */
const FIRST_ROTATION = [24, -32] as const;
const FIELD_OF_VIEW = 35;
/** Of depth, as cells are sorted. */
const LEVELS = 4096;

export const ORBIT = new OrbitView({ fovy: FIELD_OF_VIEW });

/** See everything, from the first direction; a single place with the zoom that is given. */
export function fitSpace(positions: Float32Array, { width, height }: Size, zoomOfPoint: number): Camera | null {
  const sphere = sphereOf(positions);
  if (!sphere) return null;
  const { center, radius } = sphere;
  const zoom = radius ? Math.log2(Math.min(width, height) / (1.7 * radius)) : zoomOfPoint;
  return { target: center, zoom, rotation: FIRST_ROTATION };
}

export function orbitState({ target, zoom, rotation = FIRST_ROTATION }: Camera) {
  const [tilt, turn] = rotation;
  return { target: [...target] as [number, number, number], zoom, rotationX: tilt, rotationOrbit: turn };
}

/** Where the place whose three coordinates begin at an index is on the screen, in pixels from the upper left; NaN behind the eye. */
export function spaceProjector(
  camera: Camera,
  { width, height }: Size,
): (coordinates: ArrayLike<number>, at: number) => [number, number] {
  const m = ORBIT.makeViewport({ width, height, viewState: orbitState(camera) })?.pixelProjectionMatrix;
  if (!m) return () => [Number.NaN, Number.NaN];
  const row = (i: number) => [m[i], m[4 + i], m[8 + i], m[12 + i]] as [number, number, number, number];
  const [[ax, bx, cx, dx], [ay, by, cy, dy], [az, bz, cz, dz], [aw, bw, cw, dw]] = [row(0), row(1), row(2), row(3)];
  return (coordinates, at) => {
    const [x, y, z] = [coordinates[at] as number, coordinates[at + 1] as number, coordinates[at + 2] as number];
    const w = aw * x + bw * y + cw * z + dw;
    const depth = (az * x + bz * y + cz * z + dz) / w;
    if (!(Math.abs(depth) <= 1)) return [Number.NaN, Number.NaN];
    return [(ax * x + bx * y + cx * z + dx) / w, (ay * x + by * y + cy * z + dy) / w];
  };
}

/** These cells from the farthest to the nearest, to within a small share of their depth, without those behind the eye. */
export function farthestFirst(cells: Uint32Array, positions: Float32Array, camera: Camera, size: Size): Uint32Array {
  const matrix = ORBIT.makeViewport({ ...size, viewState: orbitState(camera) })?.viewMatrix;
  if (!matrix) return cells;
  const [x, y, z, w] = [2, 6, 10, 14].map((i) => matrix[i]) as [number, number, number, number];
  const depths = new Float64Array(cells.length);
  let [farthest, nearest] = [0, -Infinity];
  for (let i = 0; i < cells.length; i++) {
    const at = 3 * (cells[i] as number);
    const [px, py, pz] = [positions[at] as number, positions[at + 1] as number, positions[at + 2] as number];
    const depth = x * px + y * py + z * pz + w; // the eye is at 0, and looks towards what is less
    depths[i] = depth;
    if (depth < farthest) farthest = depth;
    if (depth < 0 && depth > nearest) nearest = depth;
  }
  const scale = (LEVELS - 1) / (nearest - farthest || 1);
  const levels = cells.map((_, i) => {
    const depth = depths[i] as number;
    return depth < 0 ? Math.min((depth - farthest) * scale, LEVELS - 1) : NOWHERE;
  });
  return ascending(cells, levels, LEVELS);
}

/** Turn by so many degrees. */
export function turn(camera: Camera, dx: number, dy: number): Camera {
  const [tilt, around] = camera.rotation ?? FIRST_ROTATION;
  return { ...camera, rotation: [Math.min(Math.max(tilt + dy, -90), 90), around + dx] };
}
