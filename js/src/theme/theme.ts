import { type ReadonlySignal, signal } from "@preact/signals";
import type { ThemeName } from "../scene/colors";

/**
 * Dark or light, by the background that the host's colours give the root; every host names its themes in another way. The
 * style sheet puts a transition of a millisecond on that background, so that each change of it, whatever its reason, is an
 * event. `body` is told, not the root: a `color-scheme` on the root could change what is measured.
 */
export function watchTheme(root: HTMLElement, body: HTMLElement, until: AbortSignal): ReadonlySignal<ThemeName> {
  const theme = signal<ThemeName>("light");
  const measure = () => {
    theme.value = brightness(getComputedStyle(root).backgroundColor) < 0.5 ? "dark" : "light";
    body.dataset.theme = theme.value;
  };
  measure();
  root.addEventListener("transitionend", (event) => {
    if (event.target === root) measure();
  });
  // There are no transitions while it is hidden, nor styles while it is outside the document.
  const observer = new ResizeObserver(measure);
  observer.observe(root);
  until.addEventListener("abort", () => observer.disconnect());
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
