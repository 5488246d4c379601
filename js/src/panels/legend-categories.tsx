/** Categories that have cells: to find, to hide and to show alone. */
import { useState } from "preact/hooks";
import type { CategoricalColor } from "../protocol";
import { largest } from "../state/color";
import { isolated, toggled } from "../state/hidden";
import type { Store } from "../state/store";
import { formatCount } from "../text";
import { shortNames } from "./short-names";

/** More rows than this nobody reads, and browsers are slow to lay out. */
const MOST_LISTED = 300;
/** From so many on, letters find them. */
const SEARCH_FROM = 12;

const ENTRY_HELP = "Click: hide or show these cells. Double click, or the key I: show them alone.";

export function Categories({ store, color }: { store: Store; color: CategoricalColor }) {
  const [letters, setLetters] = useState("");
  const [focused, setFocused] = useState<number | null>(null);
  const categories = color.categories.map((category, code) => ({ ...category, code }));
  const used = categories.filter(({ count }) => count > 0);
  const isSearched = used.length >= SEARCH_FROM;
  const found = isSearched ? used.filter(({ name }) => contains(name, letters)) : used;
  const missing = color.missing ? [{ name: "missing", count: color.missing, color: "", code: -1 }] : [];
  const codes = [...categories, ...missing].map(({ code }) => code);
  const listed = [...largest(found, MOST_LISTED), ...missing.filter(({ name }) => contains(name, letters))];
  const short = shortNames(listed.map(({ name }) => name));
  const hidden = store.hidden.value;
  return (
    <>
      {isSearched && (
        <input
          class="vw-text vw-legend-search"
          type="search"
          aria-label={`find one of ${formatCount(used.length)} categories`}
          placeholder={`find in ${formatCount(used.length)}`}
          autocomplete="off"
          spellcheck={false}
          value={letters}
          onInput={(event) => setLetters(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape" && letters) setLetters("");
          }}
        />
      )}
      <ul class="vw-legend-list">
        {listed.map(({ code, name, count, color: fill }, i) => {
          const isWhole = short[i] === name || focused === code;
          return (
            <li key={code}>
              <button
                type="button"
                class="vw-legend-row vw-legend-entry"
                aria-pressed={!hidden.has(code)}
                title={`${name}\n${ENTRY_HELP}`}
                onFocus={() => setFocused(code)}
                onBlur={() => setFocused(null)}
                onClick={() => {
                  store.hidden.value = toggled(hidden, code);
                }}
                onDblClick={() => {
                  store.hidden.value = isolated(hidden, code, codes);
                }}
                onKeyDown={(event) => {
                  if (event.key === "i") store.hidden.value = isolated(hidden, code, codes);
                }}
              >
                <span
                  class={`vw-swatch${fill ? "" : " vw-swatch-missing"}`}
                  style={fill ? { background: fill } : undefined}
                />
                <span class="vw-legend-name" aria-hidden={!isWhole}>
                  {isWhole ? name : short[i]}
                </span>
                {!isWhole && <span class="vw-hidden">{name}</span>}
                <span class="vw-legend-count">{formatCount(count)}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <p class="vw-muted" role="status">
        {note(letters, found.length, used.length, categories.length)}
      </p>
      {hidden.size > 0 && (
        <button
          type="button"
          class="vw-button vw-button-small"
          title="Show the cells of every category."
          onClick={() => {
            store.hidden.value = new Set();
          }}
        >
          show all
        </button>
      )}
    </>
  );
}

function contains(name: string, letters: string): boolean {
  return name.toLowerCase().includes(letters.trim().toLowerCase());
}

/** What is not in the list. */
function note(letters: string, nFound: number, nUsed: number, nAll: number): string {
  if (letters.trim() && !nFound) return "No category has these letters.";
  const parts = [];
  if (nFound > MOST_LISTED) parts.push(`The ${MOST_LISTED} largest of ${formatCount(nFound)} are listed.`);
  else if (letters.trim()) parts.push(`${formatCount(nFound)} of ${formatCount(nUsed)} are listed.`);
  if (nAll > nUsed) parts.push(`${formatCount(nAll - nUsed)} more ${nAll - nUsed === 1 ? "has" : "have"} no cells.`);
  return parts.join(" ");
}
