/** Drawing the same on a canvas and into a file of shapes. */

/** An outline in SVG's own words, which a canvas understands, too. */
export interface Shape {
  d: string;
  fill?: string;
  stroke?: string;
  width?: number;
  opacity: number;
}

/** Through these places; in space, what is behind the eye is nowhere. */
export function outline(places: readonly (readonly number[])[], closed: boolean): string {
  const seen = places.filter(([x, y]) => Number.isFinite(x) && Number.isFinite(y));
  const steps = seen.map(([x, y], i) => `${i ? "L" : "M"}${x?.toFixed(1)} ${y?.toFixed(1)}`);
  return steps.join("") + (closed && steps.length ? "Z" : "");
}

/** The part of a canvas' context that draws lines and discs. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "arc"
  | "stroke"
  | "fill"
  | "lineCap"
  | "lineWidth"
  | "strokeStyle"
  | "fillStyle"
  | "globalAlpha"
>;

/** What is drawn with it becomes shapes. */
export class ShapePen implements Pen {
  readonly shapes: Shape[] = [];
  lineCap: Pen["lineCap"] = "butt";
  lineWidth = 1;
  strokeStyle: Pen["strokeStyle"] = "";
  fillStyle: Pen["fillStyle"] = "";
  globalAlpha = 1;
  #outline = "";

  beginPath(): void {
    this.#outline = "";
  }

  moveTo(x: number, y: number): void {
    this.#go("M", x, y);
  }

  lineTo(x: number, y: number): void {
    this.#go(this.#outline ? "L" : "M", x, y);
  }

  /** As on a canvas, what is nowhere is left out. */
  #go(how: "M" | "L", x: number, y: number): void {
    if (Number.isFinite(x) && Number.isFinite(y)) this.#outline += `${how}${x.toFixed(1)} ${y.toFixed(1)}`;
  }

  /** Whole circles, whose beginning is where the pen is. */
  arc(x: number, y: number, r: number): void {
    if (Number.isFinite(x) && Number.isFinite(y))
      this.#outline += `a${r} ${r} 0 1 0 ${-2 * r} 0a${r} ${r} 0 1 0 ${2 * r} 0Z`;
  }

  stroke(): void {
    const { lineWidth: width, globalAlpha: opacity } = this;
    if (this.#outline) this.shapes.push({ d: this.#outline, stroke: String(this.strokeStyle), width, opacity });
  }

  fill(): void {
    if (this.#outline) this.shapes.push({ d: this.#outline, fill: String(this.fillStyle), opacity: this.globalAlpha });
  }
}
