import { render } from "preact";
import { Embedding } from "./embedding";
import { FlowPanel } from "./flow/flow-panel";
import type { Panel } from "./panel";
import { Parameters } from "./parameters";
import { WalksPanel } from "./walks";

/** Our own panels by the keys that `velowidget/plugins/builtin.toml` gives them. */
export const BUILTIN_PANELS: Readonly<Record<string, Panel>> = {
  parameters: {
    mount(ctx) {
      render(<Parameters store={ctx.store} />, ctx.el);
      return () => render(null, ctx.el);
    },
  },
  flow: {
    mount(ctx) {
      render(<FlowPanel store={ctx.store} dynamics={ctx.dynamics} />, ctx.el);
      return () => render(null, ctx.el);
    },
  },
  embedding: {
    mount(ctx) {
      render(<Embedding {...ctx} />, ctx.el);
      return () => render(null, ctx.el);
    },
  },
  walks: {
    mount(ctx) {
      const release = ctx.dynamics.want("walks");
      const hide = ctx.store.player.show();
      render(<WalksPanel store={ctx.store} />, ctx.el);
      return () => {
        render(null, ctx.el);
        hide();
        release();
      };
    },
  },
};
