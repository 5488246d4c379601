/** Random walks as an instrument: where they start and end, a player, and the count of arrivals. */
import { useComputed } from "@preact/signals";
import { type ColorBy, reached } from "../state/player";
import type { Store } from "../state/store";
import { sentence } from "./arrivals";
import { Control } from "./control";
import { failureOf } from "./failure";
import { NeedsKernel, reasonWithoutKernel } from "./kernel";
import { ErrorCard, Refused } from "./messages";
import { PlayerBar } from "./player-bar";
import { Tally } from "./tally";
import { usePageId } from "./use-page-id";

const COLORS: Record<ColorBy, string> = { end: "where they end", start: "where they start", step: "step" };

export function WalksPanel({ store }: { store: Store }) {
  const failure = failureOf("walks", store);
  const walks = store.walks.value;
  const step = useComputed(() => Math.min(reached(store.player, 5), store.walks.value?.n_steps ?? 0)).value;
  return (
    <section class="vw-walks" aria-label="Random walks">
      {failure && <ErrorCard error={failure} />}
      <PlayerBar store={store} />
      <div class="vw-walks-parts" data-stale={store.walksStale.value}>
        <Settings store={store} />
        <div class="vw-walks-result">
          <p class="vw-sentence" role="status">
            {walks ? <Summary store={store} /> : (reasonWithoutKernel(store) ?? "Waiting for the walks…")}
          </p>
          {walks && <Tally walks={walks} step={step} />}
        </div>
      </div>
    </section>
  );
}

/** Changes with the walks, not with the step that is shown: it is read aloud. */
function Summary({ store }: { store: Store }) {
  const walks = store.walks.value;
  return walks ? sentence(walks, store.cellName, store.choices.value) : null;
}

function Settings({ store }: { store: Store }) {
  const { backward, stop_ixs, seed } = store.traits;
  const isKernelRandom = store.mode.value.seed !== null;
  return (
    <div class="vw-walks-settings" title={reasonWithoutKernel(store) ?? undefined}>
      <NeedsKernel store={store}>
        <Control store={store} name="start_ixs" />
        <Control store={store} name="stop_ixs" />
        <div class="vw-walks-numbers">
          <Control store={store} name="n_sims" />
          <Control store={store} name="max_iter" />
          {stop_ixs.value !== null && <Control store={store} name="successive_hits" />}
          <Control store={store} name="seed" />
          <button
            type="button"
            class="vw-button vw-walks-more"
            title={
              isKernelRandom
                ? "The next seed: other walks, on a kernel of other random velocities."
                : "Other walks on the same kernel: the next seed."
            }
            onClick={() => store.set("seed", seed.value + 1)}
          >
            new walks
          </button>
        </div>
      </NeedsKernel>
      <div class="vw-walks-numbers">
        <NeedsKernel store={store}>
          <button
            type="button"
            class="vw-button"
            aria-pressed={backward.value}
            title="Walk the backward chain: where do these cells come from? It turns the kernel round, and so the arrows."
            onClick={() => store.set("backward", !backward.value)}
          >
            rewind
          </button>
        </NeedsKernel>
        <ColorChoice store={store} />
        <Trail store={store} />
      </div>
      <Refused store={store} traits={["step"]} />
    </div>
  );
}

function ColorChoice({ store }: { store: Store }) {
  const id = usePageId();
  const { colorBy } = store.player;
  return (
    <div class="vw-field" title="What the walkers' colours mean.">
      <label for={id}>coloured by</label>
      <select
        id={id}
        class="vw-select"
        value={colorBy.value}
        onChange={(event) => {
          colorBy.value = event.currentTarget.value as ColorBy;
        }}
      >
        {Object.entries(COLORS).map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </div>
  );
}

function Trail({ store }: { store: Store }) {
  const id = usePageId();
  const { trail } = store.player;
  return (
    <div class="vw-field" title="How many steps are drawn behind each walker.">
      <label for={id}>trail</label>
      <input
        id={id}
        class="vw-trail"
        type="range"
        min={0}
        max={30}
        step={1}
        value={trail.value}
        aria-valuetext={`${trail.value} steps`}
        onInput={(event) => {
          trail.value = event.currentTarget.valueAsNumber;
        }}
      />
    </div>
  );
}
