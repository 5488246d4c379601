/** A field for a whole number, that is set when it is finished; null if it is left empty. */
import { useState } from "preact/hooks";

export function NumberInput(props: {
  id?: string;
  label?: string;
  value: number | null;
  least: number | undefined;
  disabled: boolean;
  /** Shown in the empty field, if it may be empty. */
  empty?: string;
  set(value: number | null): void;
}) {
  const { id, label, value, least, disabled, empty, set } = props;
  const [typed, setTyped] = useState<string | null>(null);
  const commit = () => {
    const text = typed?.trim() ?? "";
    const number = text ? Number(text) : null;
    const isMeant = typed !== null && (number === null ? empty !== undefined : Number.isFinite(number));
    if (isMeant && number !== value) set(number);
    setTyped(null);
  };
  return (
    <input
      id={id}
      class="vw-number"
      type="number"
      aria-label={label}
      min={least}
      step={1}
      disabled={disabled}
      placeholder={empty}
      value={typed ?? value ?? ""}
      onInput={(event) => setTyped(event.currentTarget.value)}
      onChange={commit}
      onBlur={commit}
    />
  );
}
