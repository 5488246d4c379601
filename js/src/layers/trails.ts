/**
 * Short lines that fade, in pixels of our own: where graphics run in software, thousands of strokes a frame on a canvas
 * take as long as everything else together.
 */
import type { Rgb } from "./rgb";

/** What is left of a trail after a second. */
const LEFT = 0.02;
/** In seconds. Opacities are whole, so each fading takes a little too much: with all frames of a fast screen, that adds up. */
const SHORTEST_FADE = 0.012;

export class Trails {
  /** Red, green and blue of the ink, and opacity, of each pixel, row by row. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  readonly #whole: Uint32Array;
  /** Seconds that have passed since trails last faded. */
  #due = 0;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint8ClampedArray(4 * width * height);
    this.#whole = new Uint32Array(this.pixels.buffer);
  }

  /** Nothing but ink that is not seen yet. */
  clear(ink: Rgb): void {
    const [unseen = 0] = new Uint32Array(Uint8Array.of(...ink, 0).buffer);
    this.#whole.fill(unseen);
    this.#due = 0;
  }

  /** Let time pass: opacities are rounded down, so that in the end nothing is left. */
  fade(seconds: number): void {
    this.#due += seconds;
    if (this.#due < SHORTEST_FADE) return;
    const share = LEFT ** this.#due;
    this.#due = 0;
    const { pixels } = this;
    for (let i = 3; i < pixels.length; i += 4) {
      const opacity = pixels[i] as number;
      if (opacity) pixels[i] = Math.floor(share * opacity);
    }
  }

  /**
   * A line with round ends, smooth at its edges: each pixel is covered by how far its middle is inside. Where lines meet, the
   * more opaque counts; otherwise what is slow and faint would add up to something strong.
   */
  line(x0: number, y0: number, x1: number, y1: number, width: number, opacity: number): void {
    const reach = (width + 1) / 2;
    const [dx, dy] = [x1 - x0, y1 - y0];
    const squared = dx * dx + dy * dy || 1;
    const left = Math.max(Math.floor(Math.min(x0, x1) - reach), 0);
    const right = Math.min(Math.ceil(Math.max(x0, x1) + reach), this.width) - 1;
    const top = Math.max(Math.floor(Math.min(y0, y1) - reach), 0);
    const bottom = Math.min(Math.ceil(Math.max(y0, y1) + reach), this.height) - 1;
    // How far a row is covered to both sides of where it crosses the line.
    const half = dy ? (reach * Math.sqrt(squared)) / Math.abs(dy) : Infinity;
    for (let row = top; row <= bottom; row++) {
      const y = row + 0.5 - y0;
      const crossing = dy ? x0 + (y / dy) * dx : x0;
      const end = Math.min(Math.ceil(crossing + half), right);
      for (let column = Math.max(Math.floor(crossing - half), left); column <= end; column++) {
        const x = column + 0.5 - x0;
        const along = Math.min(Math.max((x * dx + y * dy) / squared, 0), 1);
        const inside = reach - Math.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2);
        if (inside <= 0) continue;
        const covered = 255 * opacity * Math.min(inside, 1);
        const i = 4 * (row * this.width + column) + 3;
        if (covered > (this.pixels[i] as number)) this.pixels[i] = covered;
      }
    }
  }
}
