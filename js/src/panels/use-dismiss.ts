import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/**
 * While it is open, close a popup on Escape, and when the pointer or the focus goes elsewhere, be it to another popup.
 * `anchor` is what opened it and belongs to it: Escape gives it the focus.
 */
export function useDismiss(
  open: boolean,
  anchor: RefObject<HTMLElement | null>,
  popup: RefObject<HTMLElement | null>,
  close: () => void,
): void {
  const latest = useRef(close);
  latest.current = close;
  // At once, not after the next frame: Escape may come sooner.
  useLayoutEffect(() => {
    if (!open) return;
    // A path goes through shadow trees, in which some hosts show outputs; a target does not.
    const isOurs = (event: Event) =>
      event.composedPath().some((node) => node === anchor.current || node === popup.current);
    const leave = (event: Event) => {
      if (!isOurs(event)) latest.current();
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      latest.current();
      // Not every browser gives the focus to a button that is clicked: it is nobody's then.
      if (!isOurs(event) && event.target !== document.body) return;
      // It was for the popup alone.
      event.preventDefault();
      event.stopPropagation();
      anchor.current?.focus();
    };
    const listening = new AbortController();
    const how = { capture: true, signal: listening.signal };
    document.addEventListener("pointerdown", leave, how);
    document.addEventListener("keydown", onKey, how);
    document.addEventListener("focusin", leave, how);
    // Where the focus goes inside of a shadow tree, the page does not hear.
    anchor.current?.getRootNode().addEventListener("focusin", leave, how);
    return () => listening.abort();
  }, [open, anchor, popup]);
}
