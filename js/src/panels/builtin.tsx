import { render } from "preact";
import { Embedding } from "./embedding";
import type { Panel } from "./panel";
import { Parameters } from "./parameters";

export const BUILTIN_PANELS: readonly Panel[] = [
  {
    id: "parameters",
    title: "Parameters",
    place: "side",
    mount(ctx) {
      render(<Parameters store={ctx.store} />, ctx.el);
      return () => render(null, ctx.el);
    },
  },
  {
    id: "embedding",
    title: "Embedding",
    place: "main",
    mount(ctx) {
      render(<Embedding store={ctx.store} dynamics={ctx.dynamics} theme={ctx.theme} />, ctx.el);
      return () => render(null, ctx.el);
    },
  },
];
