import { type ReadonlySignal, signal } from "@preact/signals";

export type ThemeName = "light" | "dark";

/** A host says first which theme it will have, and loads the style sheet then. */
const STYLES_LOAD_MS = [0, 100, 500, 2000];

/**
 * Dark or light, by the background that the host's colours give the root; every host names its themes in another way, but
 * each marks them on the page's root or body. `body` is told, not the root: a `color-scheme` on the root could change what
 * is measured.
 */
export function watchTheme(root: HTMLElement, body: HTMLElement, until: AbortSignal): ReadonlySignal<ThemeName> {
  const theme = signal<ThemeName>("light");
  const measure = () => {
    theme.value = brightness(getComputedStyle(root).backgroundColor) < 0.5 ? "dark" : "light";
    body.dataset.theme = theme.value;
  };
  const measureSoon = () => {
    for (const ms of STYLES_LOAD_MS) setTimeout(measure, ms);
  };
  measure();
  const marks = new MutationObserver(measureSoon);
  for (const marked of [document.documentElement, document.body]) marks.observe(marked, { attributes: true });
  const preference = matchMedia("(prefers-color-scheme: dark)");
  preference.addEventListener("change", measureSoon, { signal: until });
  // There are no styles while it is outside the document.
  const places = new ResizeObserver(measure);
  places.observe(root);
  until.addEventListener("abort", () => {
    marks.disconnect();
    places.disconnect();
  });
  return theme;
}

/** From 0 to 1, of any CSS colour; a transparent one lets the white page through. */
function brightness(color: string): number {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  if (!context) return 1;
  context.fillStyle = "white";
  context.fillRect(0, 0, 1, 1);
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red = 255, green = 255, blue = 255] = context.getImageData(0, 0, 1, 1).data;
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}
