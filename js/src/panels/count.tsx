/** A whole number, typed or stepped, that is set when it is finished. */
import { useState } from "preact/hooks";
import type { Store } from "../state/store";
import type { Traits } from "../state/traits";
import { Refused } from "./messages";
import { usePageId } from "./use-page-id";

export function Count(props: {
  store: Store;
  trait: keyof Traits & ("n_sims" | "max_iter" | "successive_hits" | "seed" | "n_samples");
  label: string;
  least: number;
  help: string;
}) {
  const { store, trait, label, least, help } = props;
  const id = usePageId();
  const [typed, setTyped] = useState<string | null>(null);
  const commit = () => {
    const value = typed === null ? Number.NaN : Number(typed);
    if (typed?.trim() && Number.isFinite(value) && value !== store.traits[trait].value) store.set(trait, value);
    setTyped(null);
  };
  return (
    <div class="vw-field" title={help}>
      <label for={id}>{label}</label>
      <input
        id={id}
        class="vw-number"
        type="number"
        min={least}
        step={1}
        value={typed ?? store.traits[trait].value}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onChange={commit}
        onBlur={commit}
      />
      <Refused store={store} traits={[trait]} />
    </div>
  );
}
