import { render } from "preact";
import { Embedding } from "./embedding";
import { FlowPanel } from "./flow/flow-panel";
import type { Panel } from "./panel";
import { Scale, Settings } from "./parameters";
import { WalksPanel } from "./walks";

/** The two parts of the parameters, which the whole widget shows in places of their own. */
export const SCALE = "scale";
export const SETTINGS = "settings";

/** Our own panels by the keys that `velowidget/plugins/builtin.toml` gives them, and the parts. */
export const BUILTIN_PANELS: Readonly<Record<string, Panel>> = {
  parameters: {
    mount(ctx) {
      render(
        <>
          <Scale store={ctx.store} />
          <Settings store={ctx.store} />
        </>,
        ctx.el,
      );
      return () => render(null, ctx.el);
    },
  },
  [SCALE]: {
    mount(ctx) {
      render(<Scale store={ctx.store} />, ctx.el);
      return () => render(null, ctx.el);
    },
  },
  [SETTINGS]: {
    mount(ctx) {
      render(<Settings store={ctx.store} />, ctx.el);
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
