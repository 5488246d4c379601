/** A whole number, typed or stepped, that is set when it is finished. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { ControlProps } from "./control-props";
import { usePageId } from "./use-page-id";

export function Count(props: ControlProps<number> & { children: ComponentChildren }) {
  const { title, help, parameter, value, disabled, set, children } = props;
  const id = usePageId();
  const [typed, setTyped] = useState<string | null>(null);
  const commit = () => {
    const number = typed === null ? Number.NaN : Number(typed);
    if (typed?.trim() && Number.isFinite(number) && number !== value) set(number);
    setTyped(null);
  };
  return (
    <div class="vw-field" title={help}>
      <label for={id}>{title}</label>
      <input
        id={id}
        class="vw-number"
        type="number"
        min={parameter.control.low ?? undefined}
        step={1}
        disabled={disabled}
        value={typed ?? value}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onChange={commit}
        onBlur={commit}
      />
      {children}
    </div>
  );
}
