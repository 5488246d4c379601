/** The picture of the flow as files. */

const PIXELS_PER_UNIT = 2;

/** A picture by itself: with its background, and the colours and the font that it has on the page. */
export function standaloneSvg(svg: SVGSVGElement): string {
  const copy = svg.cloneNode(true) as SVGSVGElement;
  const style = getComputedStyle(svg);
  const body = svg.closest(".vw-body");
  const ground = body ? getComputedStyle(svg.closest(".velowidget") ?? body).backgroundColor : "white";
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("style", `background: ${ground}; color: ${style.color}; font-family: ${style.fontFamily}`);
  for (const made of copy.querySelectorAll("[data-screen]")) made.remove();
  return new XMLSerializer().serializeToString(copy);
}

export async function toPng(svg: SVGSVGElement): Promise<Blob> {
  const { width, height } = svg.getBoundingClientRect();
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(standaloneSvg(svg))}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(PIXELS_PER_UNIT * width);
  canvas.height = Math.round(PIXELS_PER_UNIT * height);
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser made no picture."))), "image/png");
  });
}
