/** One of several values. */
import type { ComponentChildren } from "preact";
import type { Offer } from "../protocol";
import { usePageId } from "./use-page-id";

export function Choice(props: {
  title: string;
  help: string;
  value: string;
  /** Empty until Python has told. */
  offers: readonly Pick<Offer, "key" | "title" | "help" | "reason">[];
  disabled?: boolean;
  onChange: (value: string) => void;
  children?: ComponentChildren;
}) {
  const id = usePageId();
  const { title, help, value, offers, onChange, children } = props;
  // A value that Python took is shown, even if it is none of the offers.
  const isOffered = offers.some(({ key }) => key === value);
  const shown = isOffered ? offers : [{ key: value, title: value || "none", help: "", reason: null }, ...offers];
  return (
    <div class="vw-field" title={help}>
      <label for={id}>{title}</label>
      <select
        id={id}
        class="vw-select"
        title={help}
        disabled={props.disabled || !offers.length}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      >
        {shown.map((offer) => (
          <option key={offer.key} value={offer.key} disabled={offer.reason !== null} title={offer.help || undefined}>
            {offer.reason === null ? offer.title : `${offer.title}: ${offer.reason}`}
          </option>
        ))}
      </select>
      {children}
    </div>
  );
}
