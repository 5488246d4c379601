/** On or off. */
import type { ComponentChildren } from "preact";
import type { ControlProps } from "./control-props";
import { usePageId } from "./use-page-id";

export function Toggle(props: ControlProps<boolean> & { children: ComponentChildren }) {
  const { title, help, value, disabled, set, children } = props;
  const id = usePageId();
  return (
    <div class="vw-check" title={help}>
      <input
        id={id}
        type="checkbox"
        title={help}
        checked={value}
        disabled={disabled}
        onChange={(event) => set(event.currentTarget.checked)}
      />
      <label for={id}>{title}</label>
      {children}
    </div>
  );
}
