import type { ComponentChildren } from "preact";
import type { Store } from "../state/store";
import type { Traits } from "../state/traits";
import { ColorControl } from "./color-control";
import { Drawing } from "./drawing";
import { Refused } from "./messages";
import { ScaleControl } from "./scale-control";
import { formatDirection, formatScheme } from "./text";
import { usePageId } from "./use-page-id";

const FIELD_LABELS: Record<string, string> = {
  grid: "grid of arrows",
  arrows: "arrow per cell",
  stream: "streamlines",
  particles: "particles",
  none: "nothing",
};
const BACKWARD_MODES = ["transpose", "negate"] as const;

export function Parameters({ store }: { store: Store }) {
  const options = store.options.value;
  return (
    <div class="vw-parameters">
      <ScaleControl store={store} />
      <TraitSelect
        store={store}
        name="scheme"
        help="How a neighbour is compared with the velocity: by correlation, by cosine (without centring), or by dot product (longer steps count more)."
        choices={options?.schemes}
        label={formatScheme}
      />
      <DirectionControl store={store} />
      <TraitSelect store={store} name="basis" help="The embedding to draw on." choices={options?.bases} />
      <ColorControl store={store} />
      <TraitSelect
        store={store}
        name="field"
        help="How to draw the velocity: averaged, as arrows on a grid, lines or moving particles; one arrow per cell; or not at all."
        choices={options?.fields}
        label={(field) => FIELD_LABELS[field] ?? field}
      />
      <Drawing store={store} />
    </div>
  );
}

function TraitSelect(props: {
  store: Store;
  name: keyof Traits & ("scheme" | "basis" | "field");
  help: string;
  choices: readonly string[] | undefined;
  label?: (choice: string) => string;
}) {
  const { store, name, help, choices, label = (choice: string) => choice } = props;
  return (
    <Select
      name={name}
      help={help}
      value={store.traits[name].value}
      choices={choices?.map((value) => ({ value, label: label(value) }))}
      onChange={(value) => store.set(name, value)}
    >
      <Refused store={store} traits={[name]} />
    </Select>
  );
}

function DirectionControl({ store }: { store: Store }) {
  const { backward, backward_mode } = store.traits;
  return (
    <Select
      name="direction"
      help="Forward: where cells go. Backward: where they came from, by transposing the similarities or by negating the velocities."
      value={backward.value ? backward_mode.value : "forward"}
      choices={[
        { value: "forward", label: formatDirection(false, "") },
        ...BACKWARD_MODES.map((mode) => ({ value: mode, label: formatDirection(true, mode) })),
      ]}
      onChange={(value) => {
        // Forward keeps the mode, which then means nothing.
        store.setTogether(value === "forward" ? { backward: false } : { backward: true, backward_mode: value });
      }}
    >
      <Refused store={store} traits={["backward", "backward_mode"]} />
    </Select>
  );
}

function Select(props: {
  name: string;
  help: string;
  value: string;
  /** Undefined until Python has told. */
  choices: readonly { value: string; label: string }[] | undefined;
  onChange: (value: string) => void;
  children: ComponentChildren;
}) {
  const id = usePageId();
  const { name, help, value, choices = [], onChange, children } = props;
  // A value that Python took is shown, even if it is none of the choices.
  const shown = choices.some((choice) => choice.value === value) ? choices : [{ value, label: value }, ...choices];
  return (
    <div class="vw-field" title={help}>
      <label for={id}>{name}</label>
      <select
        id={id}
        class="vw-select"
        title={help}
        disabled={!choices.length}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {shown.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
      {children}
    </div>
  );
}
