/** A number between two ends, that follows while it is dragged. */
import type { ComponentChildren } from "preact";
import { formatNumber } from "../text";
import type { ControlProps } from "./control-props";
import { usePageId } from "./use-page-id";

const STEPS = 100;

/** So many digits are enough. */
const DIGITS = 3;

/** Where values are on the slider. */
const SCALES = {
  log_slider: { to: Math.log, from: Math.exp },
  slider: { to: Number, from: Number },
};

export function NumberSlider(props: ControlProps<number> & { children: ComponentChildren }) {
  const { title, help, parameter, value, disabled, set, children } = props;
  const id = usePageId();
  const { kind, low, high } = parameter.control;
  const scale = SCALES[kind === "slider" ? "slider" : "log_slider"];
  const [least, most] = [low ?? 0, high ?? 1];
  const [from, to] = [scale.to(least), scale.to(most)];
  return (
    <div class="vw-field vw-field-slim" title={help}>
      <div class="vw-slim-head">
        <label for={id}>{title}</label>
        <span class="vw-slim-value">{formatNumber(value)}</span>
      </div>
      <div class="vw-slider">
        <input
          id={id}
          type="range"
          min={from}
          max={to}
          step={(to - from) / STEPS}
          value={scale.to(value)}
          disabled={disabled}
          aria-valuetext={formatNumber(value)}
          title={help}
          onInput={(event) => {
            const chosen = Number(scale.from(event.currentTarget.valueAsNumber).toPrecision(DIGITS));
            set(Math.min(Math.max(chosen, least), most));
          }}
        />
      </div>
      {children}
    </div>
  );
}
