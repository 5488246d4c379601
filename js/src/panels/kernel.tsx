/** What is said, and what is off, when there is no kernel any more. */
import type { ComponentChildren } from "preact";
import type { Store } from "../state/store";
import { ErrorCard } from "./messages";
import { Off } from "./off";

const GONE = {
  message: "The kernel has stopped or was restarted. Run the cell again.",
  hint: "Until then, what needs the kernel is off. Moving, zooming, hovering and saving the picture still work.",
};

/** Why a control that needs the kernel cannot be used; null if it can. */
export function reasonWithoutKernel(store: Store): string | null {
  return store.kernel.value === "gone" ? GONE.message : null;
}

export function KernelBanner({ store }: { store: Store }) {
  return store.kernel.value === "gone" ? <ErrorCard error={GONE} /> : null;
}

/** Controls whose values only the kernel makes something of. */
export function NeedsKernel({ store, children }: { store: Store; children: ComponentChildren }) {
  return <Off reason={reasonWithoutKernel(store)}>{children}</Off>;
}
