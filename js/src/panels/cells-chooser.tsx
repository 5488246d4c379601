/** Where walks start, or where they end. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { CellRule } from "../state/parameters";
import type { Store } from "../state/store";
import { formatCount } from "../text";
import { type Column, columnOf, firstRule, isList, toggled, valuesOf } from "./cell-rule";
import type { ControlProps } from "./control-props";
import { usePageId } from "./use-page-id";

const CELLS = "\u0000cells";
const SELECTION = "\u0000selection";

export function CellsChooser(
  props: ControlProps<CellRule> & { store: Store; trait: "start_ixs" | "stop_ixs"; children: ComponentChildren },
) {
  const { store, trait, title, help, parameter, value: rule, disabled, children } = props;
  const id = usePageId();
  const columns = store.choices.value;
  const picking = store.picking.value === trait;
  const name = columnOf(rule);
  const column = columns.find((candidate) => candidate.name === name);
  const chosen = picking || isList(rule) ? CELLS : (name ?? "");

  const choose = (value: string) => {
    store.picking.value = value === CELLS ? trait : null;
    if (value === SELECTION) store.set(trait, [...store.selection.value]);
    const other = columns.find((candidate) => candidate.name === value);
    if (value === "") store.set(trait, null);
    else if (other) store.set(trait, firstRule(other));
  };

  return (
    <div class="vw-field" title={help}>
      <label for={id}>{title}</label>
      <select
        id={id}
        class="vw-select"
        value={chosen}
        disabled={disabled}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {parameter.control.offers.map((none) => (
          <option key={none.key} value={none.key}>
            {none.title}
          </option>
        ))}
        {columns.map((candidate) => (
          <option key={candidate.name} value={candidate.name}>
            by {candidate.name}
          </option>
        ))}
        <option value={CELLS}>{isList(rule) && rule.length > 1 ? "chosen cells" : "one cell…"}</option>
        {store.selection.value.length > 0 && (
          <option value={SELECTION}>the {formatCount(store.selection.value.length)} selected cells</option>
        )}
        {name !== null && !column && <option value={name}>by {name}</option>}
      </select>
      {chosen === CELLS && <OneCell store={store} trait={trait} />}
      {column?.categories && chosen !== CELLS && <Categories {...{ store, trait }} label={title} column={column} />}
      {column?.range && chosen !== CELLS && <Range {...{ store, trait }} column={column} />}
      {children}
    </div>
  );
}

function Categories(props: { store: Store; trait: "start_ixs" | "stop_ixs"; label: string; column: Column }) {
  const { store, trait, label, column } = props;
  const rule = store.traits[trait].value;
  const on = new Set(valuesOf(rule).map(String));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would draw a frame
    <div class="vw-chips" role="group" aria-label={`${label}: ${column.name}`}>
      {column.categories?.map((category) => (
        <button
          key={category}
          type="button"
          class="vw-chip-button"
          aria-pressed={on.has(category)}
          title={category}
          onClick={() => {
            // The last one stays: a rule for no cell is none.
            if (!on.has(category) || on.size > 1) store.set(trait, toggled(rule, category));
          }}
        >
          {category}
        </button>
      ))}
    </div>
  );
}

function Range({ store, trait, column }: { store: Store; trait: "start_ixs" | "stop_ixs"; column: Column }) {
  const [low = 0, high = 0] = valuesOf(store.traits[trait].value).map(Number);
  const set = (values: [number, number]) => store.set(trait, { [column.name]: values });
  return (
    <div class="vw-range">
      <Bound label={`least ${column.name}`} value={low} onChange={(value) => set([value, Math.max(value, high)])} />
      <span>to</span>
      <Bound label={`largest ${column.name}`} value={high} onChange={(value) => set([Math.min(low, value), value])} />
    </div>
  );
}

function Bound({ label, value, onChange }: { label: string; value: number; onChange: (value: number) => void }) {
  return (
    <input
      class="vw-number"
      type="number"
      step="any"
      aria-label={label}
      value={Number(value.toPrecision(6))}
      onChange={(event) => {
        if (Number.isFinite(event.currentTarget.valueAsNumber)) onChange(event.currentTarget.valueAsNumber);
      }}
    />
  );
}

function OneCell({ store, trait }: { store: Store; trait: "start_ixs" | "stop_ixs" }) {
  const [typed, setTyped] = useState<string | null>(null);
  const rule = store.traits[trait].value;
  const picking = store.picking.value === trait;
  const several = isList(rule) && rule.length !== 1;
  const named = isList(rule) && rule.length === 1 ? store.cellName(Number(rule[0])) : "";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a key that is pressed in what is inside
    <div
      class="vw-one-cell"
      onKeyDown={(event) => {
        if (event.key === "Escape") store.picking.value = null;
      }}
    >
      <input
        class="vw-text"
        type="text"
        aria-label="name of the cell"
        placeholder={several ? `${rule.length} cells` : "click one above, or type a name"}
        autocomplete="off"
        spellcheck={false}
        value={typed ?? named}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !typed?.trim()) return;
          store.picking.value = null;
          store.set(trait, [typed.trim()]);
          setTyped(null);
        }}
        onBlur={() => setTyped(null)}
      />
      <button
        type="button"
        class="vw-button vw-button-small"
        aria-pressed={picking}
        title="Then click a cell of the picture."
        onClick={() => {
          store.picking.value = picking ? null : trait;
        }}
      >
        {picking ? "click a cell…" : "pick"}
      </button>
    </div>
  );
}
