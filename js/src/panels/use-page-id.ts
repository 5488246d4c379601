import { useState } from "preact/hooks";

/** An id that no other display on the page has; Preact's own `useId` begins anew in every one. */
export function usePageId(): string {
  return useState(() => `vw-${Math.random().toString(36).slice(2, 10)}`)[0];
}
