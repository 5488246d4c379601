/** The colour bar of numbers, and from where to where it goes. */
import { useState } from "preact/hooks";
import { rgb } from "../layers/rgb";
import type { ContinuousColor } from "../protocol";
import { viridis } from "../scene/colors";
import { type Beyond, beyond, keptLimits, parseLimit } from "../state/limits";
import type { Limit } from "../state/parameters";
import type { Store } from "../state/store";
import { endTexts, innerTicks } from "../state/ticks";
import { parameterOf } from "../table";
import { digitsBetween, formatCount, formatNumber } from "../text";
import type { ThemeName } from "../theme/theme";
import { Refused } from "./messages";
import { usePageId } from "./use-page-id";

/** Characters of two numbers that fit beside each other under the bar. */
const MOST_IN_A_ROW = 20;
/** How wide the bar is at least. */
const BAR_PIXELS = 148;
const STOPS = 16;

export function ColorBar({ store, color, theme }: { store: Store; color: ContinuousColor; theme: ThemeName }) {
  const { vmin, vmax } = color;
  const outside = beyond(color);
  const ends = endTexts(color, outside);
  const stops = Array.from({ length: STOPS + 1 }, (_, i) => rgb(viridis(i / STOPS, theme)));
  const isEmpty = color.arrays.values.length <= color.missing;
  return (
    <div class="vw-colorbar">
      {!isEmpty && (
        <>
          <div
            class="vw-colorbar-ramp"
            data-below={outside.below > 0}
            data-above={outside.above > 0}
            style={{ background: `linear-gradient(to right, ${stops.join(", ")})` }}
          />
          <div class="vw-colorbar-numbers" data-long={ends[0].length + ends[1].length > MOST_IN_A_ROW}>
            <span style={{ left: 0 }}>{ends[0]}</span>
            {innerTicks(vmin, vmax, ends, BAR_PIXELS).map(({ text, at }) => (
              <span key={text} class="vw-colorbar-tick" style={{ left: `${100 * at}%` }}>
                {text}
              </span>
            ))}
            {(vmax > vmin || outside.above > 0) && <span style={{ right: 0 }}>{ends[1]}</span>}
          </div>
          <p class="vw-muted" role="status">
            {swapped(store) && "vmin is above vmax: both count as vmax. "}
            {outsideText(outside)}
          </p>
          <LimitFields store={store} color={color} />
        </>
      )}
      <LayerChooser store={store} color={color} />
      <Missing count={color.missing} />
    </div>
  );
}

function swapped({ traits: { vmin, vmax } }: Store): boolean {
  return typeof vmin.value === "number" && typeof vmax.value === "number" && vmin.value > vmax.value;
}

function outsideText({ below, above, lowest, highest }: Beyond): string {
  const cells = (count: number) => `${formatCount(count)} ${count === 1 ? "cell" : "cells"}`;
  return [
    below && `${cells(below)} below, down to ${formatNumber(lowest)}.`,
    above && `${cells(above)} above, up to ${formatNumber(highest)}.`,
  ]
    .filter(Boolean)
    .join(" ");
}

function LimitFields({ store, color }: { store: Store; color: ContinuousColor }) {
  const { vmin, vmax } = store.traits;
  const automatic = store.automaticLimits.value ?? color;
  const digits = digitsBetween(automatic.vmin, automatic.vmax);
  return (
    <>
      <div class="vw-limits">
        <LimitField store={store} name="vmin" automatic={formatNumber(automatic.vmin, digits)} example="p1" />
        <LimitField store={store} name="vmax" automatic={formatNumber(automatic.vmax, digits)} example="p99" />
      </div>
      {(vmin.value !== null || vmax.value !== null) && (
        <button
          type="button"
          class="vw-button vw-button-small"
          title="Take the automatic limits again."
          onClick={() => store.setTogether({ vmin: null, vmax: null })}
        >
          automatic
        </button>
      )}
      <Refused store={store} traits={["vmin", "vmax"]} />
    </>
  );
}

function LimitField(props: { store: Store; name: "vmin" | "vmax"; automatic: string; example: string }) {
  const { store, name, automatic, example } = props;
  const id = usePageId();
  const [typed, setTyped] = useState<string | null>(null);
  const limit = store.traits[name].value;
  const commit = () => {
    setTyped(null);
    const next = typed === null ? limit : parseLimit(typed);
    if (next !== limit) store.set(name, next);
  };
  const end = name === "vmin" ? "below" : "above";
  const help = `Values ${end} have the colour of this one. A number, a percentile such as ${example}, or nothing for the automatic limit, ${automatic}.`;
  return (
    <div class="vw-field" title={help}>
      <label for={id}>{name}</label>
      <input
        id={id}
        class="vw-text"
        type="text"
        autocomplete="off"
        spellcheck={false}
        placeholder="auto"
        value={typed ?? textOf(limit)}
        onFocus={(event) => event.currentTarget.select()}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
          else if (event.key === "Escape") setTyped(null);
        }}
      />
    </div>
  );
}

function textOf(limit: Limit): string {
  return typeof limit === "number" ? String(Number(limit.toPrecision(6))) : (limit ?? "");
}

/** Of a gene, where there are several. */
function LayerChooser({ store, color }: { store: Store; color: ContinuousColor }) {
  const id = usePageId();
  const parameter = parameterOf(store.options.value, "layer");
  if (color.layer === null || !parameter || parameter.control.offers.length < 2) return null;
  const asked = store.traits.color.value;
  const isExplicit = asked === `${color.layer}:${color.key}`;
  return (
    <div class="vw-field" title={parameter.help}>
      <label for={id}>{parameter.title}</label>
      <select
        id={id}
        class="vw-select"
        value={color.layer}
        onChange={(event) =>
          store.setTogether({
            color: isExplicit ? `gene:${color.key}` : asked,
            layer: event.currentTarget.value,
            ...keptLimits(store.traits),
          })
        }
      >
        {parameter.control.offers.map(({ key, title }) => (
          <option key={key} value={key}>
            {title}
          </option>
        ))}
      </select>
      <Refused store={store} traits={["layer"]} />
    </div>
  );
}

function Missing({ count }: { count: number }) {
  if (!count) return null;
  return (
    <p class="vw-legend-row" title="Cells without a value">
      <span class="vw-swatch vw-swatch-missing" />
      <span class="vw-legend-name">missing</span>
      <span class="vw-legend-count">{formatCount(count)}</span>
    </p>
  );
}
