import type { Store } from "../state/store";
import { offersOf, parameterOf } from "../table";
import { formatDirection } from "../text";
import { Choice } from "./choice";
import { ColorControl } from "./color-control";
import { Components } from "./components";
import { Control, Group, type Own } from "./control";
import { reasonWithoutKernel } from "./kernel";
import { Refused } from "./messages";
import { ScaleControl } from "./scale-control";

const OWN: Own = {
  softmax_scale: ScaleControl,
  mode: ModeControl,
  backward: DirectionControl,
  components: Components,
  color: ColorControl,
};

export function Scale({ store }: { store: Store }) {
  const fixed = store.options.value?.fixed;
  return (
    <div class="vw-parameters vw-scale" title={reasonWithoutKernel(store) ?? undefined}>
      {fixed ? <p class="vw-field-note">{fixed.reason}</p> : <Group store={store} group="scale" own={OWN} />}
    </div>
  );
}

export function Settings({ store }: { store: Store }) {
  return (
    <div class="vw-parameters" title={reasonWithoutKernel(store) ?? undefined}>
      {!store.options.value?.fixed && (
        <>
          <Group store={store} group="chain" own={OWN} />
          <details class="vw-more">
            <summary>data and graph</summary>
            <Group store={store} group="data" own={OWN} />
          </details>
        </>
      )}
      <Group store={store} group="embedding" own={OWN} />
      <Group store={store} group="view" own={OWN} />
      <Group store={store} group="drawing" own={OWN} />
    </div>
  );
}

function ModeControl({ store }: { store: Store }) {
  const parameter = parameterOf(store.options.value, "mode");
  if (!parameter) return null;
  const { offers } = parameter.control;
  const asked = store.traits.mode.value;
  const inUse = store.mode.value.mode;
  const numbers = offers.find(({ key }) => key === inUse)?.numbers ?? [];
  return (
    <Choice
      title={parameter.title}
      help={offers.find(({ key }) => key === asked)?.help || parameter.help}
      value={asked}
      offers={offers}
      onChange={(value) => store.set("mode", value)}
    >
      {inUse !== asked && (
        <p class="vw-field-note">
          Backward by transpose is always deterministic; {formatDirection(true, "negate")} has every mode.
        </p>
      )}
      {numbers.length > 0 && (
        <div class="vw-pair">
          {numbers.map((name) => (
            <Control key={name} store={store} name={name} />
          ))}
        </div>
      )}
      <Refused store={store} traits={["mode"]} />
    </Choice>
  );
}

function DirectionControl({ store }: { store: Store }) {
  const parameter = parameterOf(store.options.value, "backward");
  if (!parameter) return null;
  const { backward, backward_mode } = store.traits;
  return (
    <Choice
      title={parameter.title}
      help={parameter.help}
      value={backward.value ? backward_mode.value : "forward"}
      offers={[
        { key: "forward", title: formatDirection(false, ""), help: "", reason: null },
        ...offersOf(store.options.value, "backward_mode"),
      ]}
      onChange={(value) => {
        // Forward keeps the mode, which then means nothing.
        store.setTogether(value === "forward" ? { backward: false } : { backward: true, backward_mode: value });
      }}
    >
      <Refused store={store} traits={["backward", "backward_mode"]} />
    </Choice>
  );
}
