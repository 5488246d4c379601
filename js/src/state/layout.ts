/** Which panels are open: shared by all displays, and kept in the private trait `_ui`. */
import type { AnyModel } from "@anywidget/types";
import { type ReadonlySignal, signal } from "@preact/signals";
import { list, shape, text } from "../guards";

const ui = shape({ open: list(text) });

export interface Layout {
  open: ReadonlySignal<readonly string[]>;
  setOpen(panel: string, isOpen: boolean): void;
}

export function createLayout(model: AnyModel, until: AbortSignal): Layout {
  const open = signal(read(model));
  const follow = () => {
    open.value = read(model);
  };
  model.on("change:_ui", follow);
  until.addEventListener("abort", () => model.off("change:_ui", follow));

  return {
    open,
    setOpen(panel, isOpen) {
      const others = open.value.filter((other) => other !== panel);
      open.value = isOpen ? [...others, panel] : others;
      model.set("_ui", { ...model.get("_ui"), open: open.value });
      model.save_changes();
    },
  };
}

function read(model: AnyModel): readonly string[] {
  const stored: unknown = model.get("_ui");
  return ui(stored) ? stored.open : [];
}
