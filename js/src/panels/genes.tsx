/** Which genes are in use: one of several choices, some of which take a number. */
import type { ComponentChildren } from "preact";
import type { GeneSubset } from "../state/parameters";
import { Choice } from "./choice";
import type { ControlProps } from "./control-props";
import { NumberInput } from "./number-input";

/** Genes that are taken from a column of numbers at first. */
const FIRST = 500;
const TOP = "top:";
const LISTED = "listed";

export function Genes(props: ControlProps<GeneSubset> & { inUse: number | null; children: ComponentChildren }) {
  const { title, help, parameter, value, disabled, inUse, set, children } = props;
  const ranked = value !== null && typeof value === "object" && !Array.isArray(value);
  const [column, number] = ranked ? (Object.entries(value)[0] ?? ["", 0]) : ["", 0];
  const { offers } = parameter.control;
  const listed = { key: LISTED, title: "a list of genes", help: "", reason: null };
  return (
    <Choice
      title={title}
      help={help}
      value={keyOf(value)}
      offers={Array.isArray(value) ? [...offers, listed] : offers}
      disabled={disabled}
      onChange={(key) => {
        if (key.startsWith(TOP)) set({ [key.slice(TOP.length)]: ranked ? Number(number) : FIRST });
        else if (key !== LISTED) set(key || null);
      }}
    >
      {ranked && (
        <NumberInput
          label="number of genes"
          value={Number(number)}
          least={1}
          disabled={disabled}
          set={(typed) => typed !== null && set({ [column]: typed })}
        />
      )}
      {inUse !== null && <p class="vw-field-note">{`${inUse.toLocaleString("en")} genes in use`}</p>}
      {children}
    </Choice>
  );
}

/** The offer that a value is one of. */
export function keyOf(value: GeneSubset): string {
  if (value === null || typeof value === "string") return value ?? "";
  return Array.isArray(value) ? LISTED : `${TOP}${Object.keys(value)[0] ?? ""}`;
}
