/** How the field is drawn: sliders that answer while they are dragged. */
import type { ComponentChildren } from "preact";
import type { Store } from "../state/store";
import type { Traits } from "../state/traits";
import { formatNumber } from "../text";
import { reasonWithoutKernel } from "./kernel";
import { Refused } from "./messages";
import { Off, whyNoArrows, whyNoPicture } from "./off";
import { usePageId } from "./use-page-id";

type NumberName = keyof Traits & ("smooth" | "density" | "arrow_length" | "point_size" | "opacity");

/** Which fields a control has something to do with. */
const AVERAGED = ["grid", "stream", "particles"];

export function Drawing({ store }: { store: Store }) {
  const asked = store.traits.field.value;
  const field = asked === "particles" && store.calm.value ? "stream" : asked; // then lines are drawn
  const withoutArrows = whyNoArrows(store);
  const withoutKernelOrArrows = reasonWithoutKernel(store) ?? withoutArrows;
  return (
    <>
      <Off reason={withoutKernelOrArrows}>
        {AVERAGED.includes(field) && (
          <NumberSlider
            store={store}
            name="smooth"
            label="smoothing"
            help="How far around arrows are averaged, in distances of grid points. Large: calm, and blind to what is small."
          />
        )}
        {(field === "grid" || field === "stream") && (
          <NumberSlider
            store={store}
            name="density"
            label="density"
            help="How close together arrows or lines are: 32 along the longest side, times this."
          />
        )}
      </Off>
      {field !== "none" && (
        <Off reason={withoutArrows}>
          <NumberSlider
            store={store}
            name="arrow_length"
            label={{ stream: "line width", particles: "speed" }[field] ?? "arrow length"}
            help="How long arrows, how wide lines, how fast particles are. Their proportions stay: they are how strongly the next step prefers a direction."
          />
        </Off>
      )}
      <Off reason={whyNoPicture(store)}>
        <NumberSlider store={store} name="point_size" label="point size" help="Size of the cells, times this." />
        <NumberSlider
          store={store}
          name="opacity"
          label="opacity"
          help="How opaque cells are: where many lie on each other, less shows how many they are."
        />
      </Off>
      {field !== "none" && (
        <Off reason={withoutKernelOrArrows}>
          <Honest store={store} />
        </Off>
      )}
    </>
  );
}

function NumberSlider({ store, name, label, help }: { store: Store; name: NumberName; label: string; help: string }) {
  const id = usePageId();
  const [low, high] = store.options.value?.ranges[name] ?? [0.1, 10];
  const value = store.traits[name].value;
  // Equal ways on the slider are equal factors.
  const [from, to] = [Math.log(low as number), Math.log(high as number)];
  return (
    <Labelled id={id} label={label} help={help} value={formatNumber(value)}>
      <div class="vw-slider">
        <input
          id={id}
          type="range"
          min={from}
          max={to}
          step={(to - from) / 100}
          value={Math.log(value)}
          aria-valuetext={formatNumber(value)}
          title={help}
          onInput={(event) =>
            store.set(name, rounded(Math.exp(event.currentTarget.valueAsNumber), low as number, high as number))
          }
        />
      </div>
      <Refused store={store} traits={[name]} />
    </Labelled>
  );
}

function Labelled(props: { id: string; label: string; help: string; value: string; children: ComponentChildren }) {
  const { id, label, help, value, children } = props;
  return (
    <div class="vw-field vw-field-slim" title={help}>
      <div class="vw-slim-head">
        <label for={id}>{label}</label>
        <span class="vw-slim-value">{value}</span>
      </div>
      {children}
    </div>
  );
}

function Honest({ store }: { store: Store }) {
  const id = usePageId();
  const fixed = store.options.value?.fixed;
  const isFixed = fixed?.names.includes("honest") ?? false;
  const help =
    fixed && isFixed
      ? fixed.reason
      : "Arrows, lines and particles fade where the picture, or the velocities, deserve less belief: by the smaller of fidelity and support.";
  return (
    <div class="vw-check" title={help}>
      <input
        id={id}
        type="checkbox"
        title={help}
        checked={store.traits.honest.value}
        disabled={isFixed}
        onChange={(event) => store.set("honest", event.currentTarget.checked)}
      />
      <label for={id}>fade by belief</label>
    </div>
  );
}

/** Two digits after the point are enough. */
function rounded(value: number, low: number, high: number): number {
  return Math.min(Math.max(Math.round(value * 100) / 100, low), high);
}
