/**
 * Short lines that fade, in pixels of our own: where graphics run in software, thousands of strokes a frame on a canvas
 * take as long as everything else together.
 */
import type { Rgb } from "../scene/colors";

export class Trails {
  /** Red, green and blue of the ink, and opacity, of each pixel, row by row. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;

  constructor(
    readonly width: number,
    readonly height: number,
    ink: Rgb,
  ) {
    this.pixels = new Uint8ClampedArray(4 * width * height);
    for (let i = 0; i < this.pixels.length; i += 4) this.pixels.set(ink, i);
  }

  /** Leave a share of the opacity, rounded down, so that in the end nothing is left. */
  fade(share: number): void {
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
