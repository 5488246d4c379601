/** Panels of a widget in another cell. This module has no code of theirs: it asks the host for the widget. */
import type { RenderProps } from "@anywidget/types";
import type { WidgetExports } from "./index";

interface ViewTraits {
  widget: string;
  panels: string[];
}

export default {
  async render({ model, el, signal, host }: RenderProps<ViewTraits>) {
    const say = (text: string) => {
      const line = document.createElement("p");
      line.setAttribute("role", "alert");
      line.textContent = text;
      el.replaceChildren(line);
    };
    if (!host?.getWidget) {
      say("This notebook cannot show a panel by itself. Display the whole widget instead.");
      return;
    }
    try {
      const { exports } = await host.getWidget<WidgetExports>(model.get("widget"));
      return exports.mount(model.get("panels"), el, signal);
    } catch (error) {
      say(
        `The widget of this panel was not found; run its cell again. (${error instanceof Error ? error.message : error})`,
      );
    }
  },
};
