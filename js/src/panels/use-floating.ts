import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

const MARGIN = 4;
const HEIGHT = 280;

/**
 * Show a popover below its anchor, or above it where there is more room. In the browser's top layer, because notebooks cut
 * off what leaves an output.
 */
export function useFloating(
  open: boolean,
  anchor: RefObject<HTMLElement | null>,
  popover: RefObject<HTMLElement | null>,
): void {
  useLayoutEffect(() => {
    const [at, list] = [anchor.current, popover.current];
    if (!open || !at || !list) return;
    const place = () => {
      const box = at.getBoundingClientRect();
      const below = window.innerHeight - box.bottom - 2 * MARGIN;
      const above = box.top - 2 * MARGIN;
      const upwards = below < HEIGHT && above > below;
      Object.assign(list.style, {
        left: `${box.left}px`,
        width: `${box.width}px`,
        maxHeight: `${Math.min(HEIGHT, upwards ? above : below)}px`,
        top: upwards ? "auto" : `${box.bottom + MARGIN}px`,
        bottom: upwards ? `${window.innerHeight - box.top + MARGIN}px` : "auto",
      });
    };
    list.showPopover?.();
    place();
    window.addEventListener("scroll", place, { capture: true, passive: true });
    window.addEventListener("resize", place);
    return () => {
      list.hidePopover?.();
      window.removeEventListener("scroll", place, { capture: true });
      window.removeEventListener("resize", place);
    };
  }, [open, anchor, popover]);
}
