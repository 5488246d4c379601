/** A whole number, typed or stepped, that is set when it is finished; where it can be none, a field left empty. */
import type { ComponentChildren } from "preact";
import type { ControlProps } from "./control-props";
import { NumberInput } from "./number-input";
import { usePageId } from "./use-page-id";

export function Count(props: ControlProps<number | null> & { children: ComponentChildren }) {
  const { title, help, parameter, value, disabled, set, children } = props;
  const id = usePageId();
  const { low, offers } = parameter.control;
  return (
    <div class="vw-field" title={help}>
      <label for={id}>{title}</label>
      <NumberInput
        id={id}
        value={value}
        least={low ?? undefined}
        disabled={disabled}
        empty={offers[0]?.title}
        set={set}
      />
      {children}
    </div>
  );
}
