/** What colours mean, beside the picture. */
import type { Color } from "../protocol";
import { MEANING } from "../scene/meaning";
import type { Store } from "../state/store";
import type { ThemeName } from "../theme/theme";
import { Categories } from "./legend-categories";
import { ColorBar } from "./legend-numbers";
import { withoutMiddle } from "./short-names";

const MOST_OF_TITLE = 60;

export function Legend({ store, color, theme }: { store: Store; color: Color; theme: ThemeName }) {
  const layer = color.type === "continuous" ? color.layer : null;
  return (
    <aside class="vw-legend" aria-label="Legend">
      <h3 class="vw-legend-title" title={layer === null ? color.key : `${color.key}, a gene, in ${layerName(layer)}`}>
        {withoutMiddle(color.key, MOST_OF_TITLE)}
        {layer !== null && <span class="vw-muted"> ({withoutMiddle(layer, MOST_OF_TITLE)})</span>}
      </h3>
      {color.type === "categorical" ? (
        <Categories key={color.key} store={store} color={color} />
      ) : (
        <ColorBar store={store} color={color} theme={theme} />
      )}
      {color.source === "diagnostics" && <p class="vw-muted">{MEANING[color.key]}</p>}
    </aside>
  );
}

function layerName(layer: string): string {
  return layer === "X" ? "adata.X" : `layer ${layer}`;
}
