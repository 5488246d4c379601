import { useEffect, useRef, useState } from "preact/hooks";
import type { Matches } from "../protocol";
import { keptLimits } from "../state/limits";
import type { Store } from "../state/store";
import { parameterOf } from "../table";
import { formatCount } from "../text";
import { type ColorOption, colorOptions, lettersOf, typedColor } from "./color-options";
import { Refused } from "./messages";
import { useDismiss } from "./use-dismiss";
import { useFloating } from "./use-floating";
import { usePageId } from "./use-page-id";

const SEARCH_AFTER_MS = 120;
const MOST_GENES = 50;

/** A combobox (ARIA 1.2): columns at once, genes as Python finds them. */
export function ColorControl({ store }: { store: Store }) {
  const id = usePageId();
  const [typed, setTyped] = useState<string | null>(null);
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const found = useGenes(store, open ? (typed ?? "") : "");
  useFloating(open, input, list);
  useDismiss(open, input, list, () => close());

  const parameter = parameterOf(store.options.value, "color");
  const options = colorOptions(typed ?? "", store.options.value, found);
  const close = () => {
    setOpen(false);
    setActive(-1);
    setTyped(null);
  };
  const commit = (value: string) => {
    close();
    if (value !== store.traits.color.value) store.setTogether({ color: value, ...keptLimits(store.traits) });
  };
  const move = (step: 1 | -1) => {
    setOpen(true);
    if (!options.length) return;
    const from = open ? active : -1;
    setActive(from < 0 && step < 0 ? options.length - 1 : (from + step + options.length) % options.length);
  };

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  }, [active]);

  return (
    <div class="vw-field" title={open ? undefined : parameter?.help}>
      <label for={id}>{parameter?.title}</label>
      <input
        ref={input}
        id={id}
        class="vw-text"
        type="text"
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-activedescendant={open && active >= 0 ? `${id}-${active}` : undefined}
        autocomplete="off"
        spellcheck={false}
        title={open ? undefined : parameter?.help}
        placeholder="column or gene"
        value={typed ?? store.traits.color.value}
        onFocus={(event) => event.currentTarget.select()}
        onClick={() => setOpen(true)}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setActive(-1);
          setOpen(true);
        }}
        onKeyDown={(event) => {
          const picked = open ? options[active] : undefined;
          if (event.key === "ArrowDown") move(1);
          else if (event.key === "ArrowUp") move(-1);
          else if (event.key === "Enter")
            commit(picked?.value ?? typedColor(typed ?? store.traits.color.value, options));
          else return;
          event.preventDefault();
        }}
      />
      <div
        ref={list}
        id={`${id}-list`}
        class="vw-list"
        role="listbox"
        aria-label={parameter?.title}
        // It scrolls, so browsers would make it a stop for the Tab key.
        tabIndex={-1}
        popover="manual"
        hidden={!open}
        // Keeps the focus in the text.
        onMouseDown={(event) => event.preventDefault()}
      >
        {open && (
          <>
            <Group
              title="Columns"
              source="obs"
              {...{ id, options, active }}
              current={store.traits.color.value}
              onPick={commit}
            />
            <Group
              title="Confidence"
              source="diagnostics"
              {...{ id, options, active }}
              current={store.traits.color.value}
              onPick={commit}
            />
            <Group
              title="Genes"
              source="gene"
              {...{ id, options, active }}
              current={store.traits.color.value}
              onPick={commit}
            />
            <p class="vw-list-note">{note(typed, options, store.options.value?.n_genes ?? 0, found)}</p>
          </>
        )}
      </div>
      <Refused store={store} traits={["color"]} />
    </div>
  );
}

function Group(props: {
  title: string;
  source: ColorOption["source"];
  id: string;
  options: readonly ColorOption[];
  active: number;
  current: string;
  onPick: (value: string) => void;
}) {
  const { title, source, id, options, active, current, onPick } = props;
  if (!options.some((option) => option.source === source)) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is no part of a listbox
    <div role="group" aria-label={title}>
      <div class="vw-list-title" aria-hidden="true">
        {title}
      </div>
      {options.map((option, i) =>
        option.source === source ? (
          // biome-ignore lint/a11y/useKeyWithClickEvents lint/a11y/useFocusableInteractive: the text field has focus and keys
          <div
            key={option.value}
            id={`${id}-${i}`}
            class="vw-option"
            role="option"
            aria-selected={i === active}
            data-current={option.value === current}
            title={option.name}
            onClick={() => onPick(option.value)}
          >
            {option.name}
          </div>
        ) : null,
      )}
    </div>
  );
}

function note(typed: string | null, options: readonly ColorOption[], nGenes: number, found: Matches | null): string {
  if (!typed?.trim()) return nGenes ? `Type to search ${formatCount(nGenes)} genes.` : "";
  if (!found) return "Searching genes…";
  if (found.more) return `and ${formatCount(found.more)} more genes; type more letters.`;
  return options.length ? "" : "No column or gene has these letters.";
}

/** Genes that contain the letters; null while Python has not answered for them. */
function useGenes(store: Store, query: string): Matches | null {
  const [answer, setAnswer] = useState<{ query: string; matches: Matches } | null>(null);
  const letters = lettersOf(query.trim(), store.options.value);
  useEffect(() => {
    if (!letters) return;
    let wanted = true;
    const timer = setTimeout(async () => {
      const matches = await store.search(letters, MOST_GENES);
      if (wanted) setAnswer({ query: letters, matches });
    }, SEARCH_AFTER_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [store, letters]);
  return letters && answer?.query === letters ? answer.matches : null;
}
