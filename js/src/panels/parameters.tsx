import type { ComponentChildren } from "preact";
import type { Offer } from "../protocol";
import type { Store } from "../state/store";
import type { Traits } from "../state/traits";
import { formatDirection } from "../text";
import { ColorControl } from "./color-control";
import { Components } from "./components";
import { Count } from "./count";
import { Drawing } from "./drawing";
import { NeedsKernel, reasonWithoutKernel } from "./kernel";
import { Refused } from "./messages";
import { Off, whyNoPicture } from "./off";
import { ScaleControl } from "./scale-control";
import { usePageId } from "./use-page-id";

const FIELD_LABELS: Record<string, string> = {
  grid: "grid of arrows",
  arrows: "arrow per cell",
  stream: "streamlines",
  particles: "particles",
  none: "nothing",
};
const BACKWARD_MODES = ["transpose", "negate"] as const;

export function Scale({ store }: { store: Store }) {
  const fixed = store.options.value?.fixed;
  return (
    <div class="vw-parameters vw-scale" title={reasonWithoutKernel(store) ?? undefined}>
      <NeedsKernel store={store}>
        {fixed ? <p class="vw-field-note">{fixed.reason}</p> : <ScaleControl store={store} />}
      </NeedsKernel>
    </div>
  );
}

export function Settings({ store }: { store: Store }) {
  const options = store.options.value;
  return (
    <div class="vw-parameters" title={reasonWithoutKernel(store) ?? undefined}>
      <NeedsKernel store={store}>
        {!options?.fixed && (
          <>
            <TraitSelect
              store={store}
              name="scheme"
              help="How a neighbour is compared with the velocity: by correlation, by cosine (without centring), or by dot product (longer steps count more)."
              choices={options?.schemes.map(choice)}
            />
            <ModeControl store={store} />
            <DirectionControl store={store} />
          </>
        )}
        <TraitSelect store={store} name="basis" help="The embedding to draw on." choices={options?.bases.map(named)} />
        <Components store={store} />
        <Off reason={whyNoPicture(store)}>
          <ColorControl store={store} />
          {store.color.value?.type === "categorical" && (
            <TraitSelect
              store={store}
              name="palette"
              help="Colours of the categories: the data's own where they have some, or a palette's."
              choices={options && [{ value: "auto", label: "automatic" }, ...options.palettes.map(choice)]}
            />
          )}
          <TraitSelect
            store={store}
            name="field"
            help="How to draw the velocity: averaged, as arrows on a grid, lines or moving particles; one arrow per cell; or not at all."
            choices={options?.fields.map((field) => ({ value: field, label: FIELD_LABELS[field] ?? field }))}
          />
        </Off>
      </NeedsKernel>
      <Drawing store={store} />
    </div>
  );
}

interface Choice {
  value: string;
  label: string;
  help?: string;
  /** Whether the data cannot support it. */
  disabled?: boolean;
}

function named(value: string): Choice {
  return { value, label: value };
}

function choice({ key, title, reason }: Offer): Choice {
  return { value: key, label: reason === null ? title : `${title}: ${reason}`, disabled: reason !== null };
}

function TraitSelect(props: {
  store: Store;
  name: keyof Traits & ("scheme" | "basis" | "palette" | "field");
  help: string;
  choices: readonly Choice[] | null | undefined;
}) {
  const { store, name, help, choices } = props;
  return (
    <Select
      name={name}
      help={help}
      value={store.traits[name].value}
      choices={choices}
      onChange={(value) => store.set(name, value)}
    >
      <Refused store={store} traits={[name]} />
    </Select>
  );
}

function ModeControl({ store }: { store: Store }) {
  const asked = store.traits.mode.value;
  const { mode, n_samples, seed } = store.mode.value;
  const modes = store.options.value?.modes;
  return (
    <Select
      name="mode"
      help={modes?.find(({ key }) => key === asked)?.help ?? ""}
      value={asked}
      choices={modes?.map(({ key, title, help }) => ({ value: key, label: title, help }))}
      onChange={(value) => store.set("mode", value)}
    >
      {mode !== asked && (
        <p class="vw-field-note">
          Backward by transpose is always deterministic; {formatDirection(true, "negate")} has every mode.
        </p>
      )}
      {seed !== null && (
        <div class="vw-pair">
          {n_samples !== null && (
            <Count
              store={store}
              trait="n_samples"
              label="samples"
              least={1}
              help="How many velocities of each cell are drawn. More: surer numbers, and longer waiting."
            />
          )}
          <Count
            store={store}
            trait="seed"
            label="seed"
            least={0}
            help="Chooses the random velocities, and the random walks: the same seed, the same numbers."
          />
        </div>
      )}
      <Refused store={store} traits={["mode"]} />
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

export function Select(props: {
  name: string;
  help: string;
  value: string;
  /** Undefined until Python has told. */
  choices: readonly Choice[] | null | undefined;
  onChange: (value: string) => void;
  children: ComponentChildren;
}) {
  const id = usePageId();
  const { name, help, value, onChange, children } = props;
  const choices = props.choices ?? [];
  // A value that Python took is shown, even if it is none of the choices.
  const other: Choice = { value, label: value || (props.choices ? "none" : "") };
  const shown = choices.some((choice) => choice.value === value) ? choices : [other, ...choices];
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
          <option key={choice.value} value={choice.value} disabled={choice.disabled} title={choice.help}>
            {choice.label}
          </option>
        ))}
      </select>
      {children}
    </div>
  );
}
