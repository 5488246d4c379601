import { interpolateViridis } from "d3-scale-chromatic";
import type { CategoricalColor, Color, ContinuousColor } from "../protocol";
import { MEANING } from "../scene/meaning";
import { largest } from "../state/color";
import { isolated, toggled } from "../state/hidden";
import type { Store } from "../state/store";
import { innerTicks } from "../state/ticks";
import { digitsBetween, formatCount, formatNumber } from "../text";

/** Characters of two numbers that fit beside each other under the bar. */
const MOST_IN_A_ROW = 20;
/** How wide the bar is at least. */
const BAR_PIXELS = 148;

const GRADIENT = `linear-gradient(to right, ${Array.from({ length: 17 }, (_, i) => interpolateViridis(i / 16)).join(", ")})`;

export function Legend({ store, color }: { store: Store; color: Color }) {
  return (
    <aside class="vw-legend" aria-label="Legend">
      <h3 class="vw-legend-title" title={color.key}>
        {color.key}
        {color.source === "gene" && <span class="vw-muted"> gene</span>}
      </h3>
      {color.type === "categorical" ? <Categories store={store} color={color} /> : <ColorBar color={color} />}
      {color.source === "diagnostics" && <p class="vw-muted">{MEANING[color.key]}</p>}
    </aside>
  );
}

/** More rows than this nobody reads, and browsers are slow to lay out. */
const MOST_LISTED = 300;

const ENTRY_HELP = "Click: hide or show these cells. Double click, or the key I: show them alone.";

function Categories({ store, color }: { store: Store; color: CategoricalColor }) {
  const categories = color.categories.map((category, code) => ({ ...category, code }));
  const missing = color.missing ? [{ name: "missing", count: color.missing, color: "", code: -1 }] : [];
  const codes = [...categories, ...missing].map(({ code }) => code);
  const listed = largest(categories, MOST_LISTED);
  const unlisted = categories.length - listed.length;
  const hidden = store.hidden.value;
  return (
    <>
      <ul class="vw-legend-list">
        {[...listed, ...missing].map(({ code, ...category }) => {
          const isShown = !hidden.has(code);
          return (
            <li key={code}>
              <button
                type="button"
                class="vw-legend-row vw-legend-entry"
                aria-pressed={isShown}
                title={`${category.name}\n${ENTRY_HELP}`}
                onClick={() => {
                  store.hidden.value = toggled(hidden, code);
                }}
                onDblClick={() => {
                  store.hidden.value = isolated(hidden, code, codes);
                }}
                onKeyDown={(event) => {
                  if (event.key === "i") store.hidden.value = isolated(hidden, code, codes);
                }}
              >
                <span
                  class={`vw-swatch${category.color ? "" : " vw-swatch-missing"}`}
                  style={category.color ? { background: category.color } : undefined}
                />
                <span class="vw-legend-name">{category.name}</span>
                <span class="vw-legend-count">{formatCount(category.count)}</span>
              </button>
            </li>
          );
        })}
      </ul>
      {unlisted > 0 && (
        <p class="vw-muted">
          The {MOST_LISTED} largest of {formatCount(categories.length)} categories are listed.
        </p>
      )}
      {hidden.size > 0 && (
        <button
          type="button"
          class="vw-button vw-button-small"
          title="Show the cells of every category."
          onClick={() => {
            store.hidden.value = new Set();
          }}
        >
          show all
        </button>
      )}
    </>
  );
}

function ColorBar({ color }: { color: ContinuousColor }) {
  const { vmin, vmax } = color;
  const digits = digitsBetween(vmin, vmax);
  const ends = [formatNumber(vmin, digits), formatNumber(vmax, digits)] as const;
  const isEmpty = color.arrays.values.length <= color.missing;
  return (
    <div class="vw-colorbar">
      {!isEmpty && (
        <>
          <div class="vw-colorbar-ramp" style={{ background: GRADIENT }} />
          <div class="vw-colorbar-numbers" data-long={ends[0].length + ends[1].length > MOST_IN_A_ROW}>
            <span style={{ left: 0 }}>{ends[0]}</span>
            {innerTicks(vmin, vmax, ends, BAR_PIXELS).map(({ text, at }) => (
              <span key={text} class="vw-colorbar-tick" style={{ left: `${100 * at}%` }}>
                {text}
              </span>
            ))}
            {vmax > vmin && <span style={{ right: 0 }}>{ends[1]}</span>}
          </div>
        </>
      )}
      <ul class="vw-legend-list">
        <Missing count={color.missing} />
      </ul>
    </div>
  );
}

function Missing({ count }: { count: number }) {
  if (!count) return null;
  return (
    <li class="vw-legend-row" title="Cells without a value">
      <span class="vw-swatch vw-swatch-missing" />
      <span class="vw-legend-name">missing</span>
      <span class="vw-legend-count">{formatCount(count)}</span>
    </li>
  );
}
