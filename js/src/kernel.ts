/** Whether the kernel that the widget belongs to is there. */
import type { AnyModel } from "@anywidget/types";
import { type ReadonlySignal, signal } from "@preact/signals";

/** Gone: it has stopped, or was restarted and does not know this widget. */
export type KernelState = "here" | "busy" | "gone";

/** After something was sent, nothing is heard for so long: ask whether anybody is there. */
const SILENCE_MS = 1500;
/** A question unanswered for so long: the kernel is busy. */
const BUSY_MS = 2500;
/** And then it is asked again. */
const AGAIN_MS = 5000;
/** A kernel that is done with the question has answered it before; the answer may be on its way through the page. */
const GRACE_MS = 1000;

export interface Kernel {
  state: ReadonlySignal<KernelState>;
  /** Something was sent, or a trait was changed here. */
  sent(): void;
  heard(): void;
  lost(): void;
  /** The kernel is done with a question. */
  done(): void;
}

/** `ask` sends a question that every kernel which knows the widget answers. */
export function createKernel(model: AnyModel, ask: () => void, until: AbortSignal): Kernel {
  const state = signal<KernelState>("here");
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsked = false;

  const wait = (ms: number, then: () => void) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = undefined;
      then();
    }, ms);
  };
  const question = () => {
    isAsked = true;
    wait(BUSY_MS, () => {
      state.value = "busy";
      // Of a kernel that another page stopped, the host may hear late.
      wait(AGAIN_MS, question);
    });
    ask();
  };
  const lost = () => {
    clearTimeout(timer);
    timer = undefined;
    state.value = "gone";
  };
  // Jupyter says so of a kernel that is restarted from its menu.
  model.on("comm_live_update", lost);
  until.addEventListener("abort", () => {
    model.off("comm_live_update", lost);
    clearTimeout(timer);
  });

  return {
    state,
    lost,
    sent() {
      if (timer !== undefined || state.value === "gone") return;
      wait(SILENCE_MS, question);
    },
    heard() {
      clearTimeout(timer);
      timer = undefined;
      isAsked = false;
      state.value = "here";
    },
    done() {
      if (isAsked) wait(GRACE_MS, lost);
    },
  };
}
