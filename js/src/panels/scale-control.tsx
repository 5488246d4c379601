import { useRef, useState } from "preact/hooks";
import type { Store } from "../state/store";
import { parameterOf } from "../table";
import { formatNumber } from "../text";
import { Refused } from "./messages";
import { formatScale, fromSlider, parseScale, SLIDER, toSlider, whyFixed } from "./scale";
import { usePageId } from "./use-page-id";

export function ScaleControl({ store }: { store: Store }) {
  const id = usePageId();
  const auto = store.automaticScale.value;
  const scale = store.traits.softmax_scale.value;
  const isAuto = store.traits.auto_scale.value;
  const middle = useMiddle(auto, scale);
  const fixed = whyFixed(scale, store.failures.value);
  const options = store.options.value;
  const parameter = parameterOf(options, "softmax_scale");
  const help = fixed ?? parameter?.help ?? "";
  const autoHelp = parameterOf(options, "auto_scale")?.help ?? "";
  // While it is dragged the thumb is the pointer's: answers about earlier positions must not move it.
  const [dragged, setDragged] = useState<number | null>(null);
  const release = () => setDragged(null);

  return (
    <div class="vw-field vw-field-wide" title={help}>
      <div class="vw-scale-head">
        <label for={id}>{parameter?.title}</label>
        <ScaleNumber store={store} fixed={fixed} />
      </div>
      <div class="vw-slider">
        <input
          id={id}
          type="range"
          min={SLIDER.min}
          max={SLIDER.max}
          step={SLIDER.step}
          value={dragged ?? (scale === null ? 0 : toSlider(scale, middle))}
          aria-valuetext={dragged === null ? formatScale(scale) : formatNumber(fromSlider(dragged, middle))}
          aria-describedby={fixed === null ? undefined : `${id}-fixed`}
          title={help}
          disabled={fixed !== null}
          onInput={(event) => {
            const position = event.currentTarget.valueAsNumber;
            setDragged(position);
            store.set("softmax_scale", fromSlider(position, middle));
          }}
          onChange={release}
          onPointerUp={release}
          onPointerCancel={release}
          onBlur={release}
        />
        {auto !== null && <span class="vw-slider-tick" aria-hidden="true" />}
      </div>
      <div class="vw-scale-foot">
        <span aria-hidden="true">{scale === null ? "" : formatNumber(middle / 100)}</span>
        <button
          type="button"
          class="vw-button vw-button-small"
          aria-pressed={isAuto}
          // Not `disabled`, which would take the focus away from whoever just pressed it.
          aria-disabled={isAuto || fixed !== null}
          title={fixed ?? (auto === null ? autoHelp : `${autoHelp} Here: ${formatNumber(auto)}.`)}
          onClick={() => {
            if (!isAuto && fixed === null) store.set("auto_scale", true);
          }}
        >
          reset to auto
        </button>
        <span aria-hidden="true">{scale === null ? "" : formatNumber(middle * 100)}</span>
      </div>
      {fixed !== null && (
        <p class="vw-why" id={`${id}-fixed`}>
          {fixed}
        </p>
      )}
      <Refused store={store} traits={["softmax_scale", "auto_scale"]} />
    </div>
  );
}

function ScaleNumber({ store, fixed }: { store: Store; fixed: string | null }) {
  const [typed, setTyped] = useState<string | null>(null);
  const commit = () => {
    const value = typed === null ? null : parseScale(typed);
    if (value !== null) store.set("softmax_scale", value);
    setTyped(null);
  };
  return (
    <input
      class="vw-number"
      type="text"
      inputMode="decimal"
      aria-label="softmax scale value"
      aria-invalid={typed !== null && parseScale(typed) === null}
      title={fixed ?? "The softmax scale in use; any positive number can be typed."}
      disabled={fixed !== null}
      value={typed ?? formatScale(store.traits.softmax_scale.value)}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        if (event.key === "Escape") setTyped(null);
      }}
      onBlur={commit}
    />
  );
}

/** The automatic scale; before it is known, the first scale seen: one that moved along would run away from the pointer. */
function useMiddle(auto: number | null, scale: number | null): number {
  const last = useRef<number | null>(null);
  if (auto !== null && auto > 0) last.current = auto;
  else if (last.current === null && scale !== null) last.current = scale;
  return last.current ?? 1;
}
