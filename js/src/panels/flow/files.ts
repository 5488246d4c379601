/** The picture of the flow as files. */
import { ROW, wrapped } from "../../scene/legend-shapes";
import { describedPng, escaped, svgMetadata } from "../../scene/metadata";
import type { About } from "../../state/caption";

const PIXELS_PER_UNIT = 2;
const MARGIN = 8;

/** A picture by itself: with its background, the colours and the font that it has on the page, and what it shows. */
export function standaloneSvg(svg: SVGSVGElement, about: About): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const style = getComputedStyle(svg);
  const body = svg.closest(".vw-body");
  const ground = body ? getComputedStyle(svg.closest(".velowidget") ?? body).backgroundColor : "white";
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("style", `background: ${ground}; color: ${style.color}; font-family: ${style.fontFamily}`);
  for (const made of copy.querySelectorAll("[data-screen]")) made.remove();
  const { width, height } = svg.getBoundingClientRect();
  const lines = wrapped(about.caption, width - 2 * MARGIN);
  copy.setAttribute("height", String(height + ROW * lines.length + MARGIN));
  const texts = lines.map((line, i) => `<text x="${MARGIN}" y="${height + ROW * (i + 1)}">${escaped(line)}</text>`);
  const caption = `<g font-size="12" fill="currentColor">${texts.join("")}</g>`;
  const made = new XMLSerializer().serializeToString(copy);
  return made.replace(/>/, () => `>${svgMetadata(about)}`).replace(/<\/svg>$/, () => `${caption}</svg>`);
}

export async function toPng(svg: SVGSVGElement, about: About): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standaloneSvg(svg, about))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(PIXELS_PER_UNIT * image.width);
  canvas.height = Math.round(PIXELS_PER_UNIT * image.height);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  const png = await new Promise<Blob>((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser made no picture."))), "image/png");
  });
  return describedPng(png, PIXELS_PER_UNIT, about);
}
