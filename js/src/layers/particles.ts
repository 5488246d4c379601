/** Particles that drift along a field: more where there are more cells, as fast as the arrows are long. */
import type { ResultOf } from "../protocol";
import { sample } from "./lattice";

/** Grid spacings per second of a particle where the arrow has length 1. */
const RATE = 5;
const MOST = 3000;
/** Where they move before and behind each other. */
const MOST_IN_SPACE = 1500;
/** For each point of the grid that has cells. */
const PER_POINT = 3;
const SHORTEST_LIFE = 0.8;
const LONGEST_LIFE = 3.2;

export class Particles {
  readonly dims: number;
  readonly count: number;
  /** Where each was before the last step, and where it is. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly #life: Float64Array;
  readonly #field: ResultOf<"particles">;
  readonly #values: Float32Array;
  readonly #random: () => number;
  /** Points to be born at, and the mass of all up to each. */
  #births: { points: number[]; masses: number[] };
  readonly #found: Float64Array;

  constructor(field: ResultOf<"particles">, random: () => number) {
    this.#field = field;
    this.#random = random;
    const { vectors, mass } = field.arrays;
    this.dims = field.shape.length;
    // Arrows and mass beside each other; no arrow where no cell is, which then does not count.
    this.#values = new Float32Array(mass.length * (this.dims + 1));
    for (let i = 0; i < mass.length; i++) {
      for (let c = 0; c < this.dims; c++) this.#values[i * (this.dims + 1) + c] = vectors[i * this.dims + c] as number;
      this.#values[i * (this.dims + 1) + this.dims] = mass[i] as number;
    }
    this.#found = new Float64Array(this.dims + 1);
    this.#births = this.#within(() => true);
    this.count = Math.min(this.dims === 3 ? MOST_IN_SPACE : MOST, PER_POINT * this.#births.points.length);
    this.from = new Float64Array(this.count * this.dims);
    this.to = new Float64Array(this.count * this.dims);
    this.#life = new Float64Array(this.count);
    for (let i = 0; i < this.count; i++) {
      this.#bear(i);
      this.#life[i] = (this.#life[i] as number) * random(); // not all at once, later
    }
  }

  /** From now on, let particles be born only at points that are seen. */
  look(isSeen: (place: readonly number[]) => boolean): void {
    const seen = this.#within(isSeen);
    if (seen.points.length) this.#births = seen;
  }

  step(seconds: number, strength: number): void {
    const { dims, from, to } = this;
    const reach = seconds * RATE * strength * this.#field.spacing;
    for (let i = 0; i < this.count; i++) {
      const at = i * dims;
      for (let c = 0; c < dims; c++) from[at + c] = to[at + c] as number;
      this.#life[i] = (this.#life[i] as number) - seconds;
      const isOn = sample(this.#field, this.#values, dims + 1, from, at, this.#found);
      if (!isOn || (this.#found[dims] as number) < this.#field.min_mass || (this.#life[i] as number) <= 0) {
        this.#bear(i);
        continue;
      }
      for (let c = 0; c < dims; c++) to[at + c] = (from[at + c] as number) + reach * (this.#found[c] as number);
    }
  }

  #bear(i: number): void {
    const { points, masses } = this.#births;
    const { start, spacing, shape } = this.#field;
    const drawn = this.#random() * (masses.at(-1) ?? 0);
    let [low, high] = [0, masses.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((masses[middle] as number) > drawn) high = middle;
      else low = middle + 1;
    }
    let index = points[low] ?? 0;
    for (let c = this.dims - 1; c >= 0; c--) {
      const n = shape[c] as number;
      const at = (start[c] as number) + spacing * ((index % n) + this.#random() - 0.5);
      this.from[i * this.dims + c] = at;
      this.to[i * this.dims + c] = at;
      index = Math.floor(index / n);
    }
    this.#life[i] = SHORTEST_LIFE + this.#random() * (LONGEST_LIFE - SHORTEST_LIFE);
  }

  #within(isSeen: (place: readonly number[]) => boolean): { points: number[]; masses: number[] } {
    const { start, spacing, shape, min_mass, arrays } = this.#field;
    const points: number[] = [];
    const masses: number[] = [];
    let total = 0;
    for (let i = 0; i < arrays.mass.length; i++) {
      const mass = arrays.mass[i] as number;
      if (!(mass > 0 && mass >= min_mass)) continue;
      const place: number[] = [];
      let index = i;
      for (let c = shape.length - 1; c >= 0; c--) {
        const n = shape[c] as number;
        place[c] = (start[c] as number) + spacing * (index % n);
        index = Math.floor(index / n);
      }
      if (!isSeen(place)) continue;
      total += mass;
      points.push(i);
      masses.push(total);
    }
    return { points, masses };
  }
}
