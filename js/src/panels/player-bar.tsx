/** Play, pause, step, scrub. */
import { useComputed } from "@preact/signals";
import { reached } from "../state/player";
import type { Store } from "../state/store";
import { NextIcon, PauseIcon, PlayIcon, PreviousIcon } from "./icons";

const SPEEDS = [5, 15, 30, 60] as const;

export function PlayerBar({ store }: { store: Store }) {
  const { player } = store;
  const last = store.walks.value?.n_steps ?? 0;
  const step = useComputed(() => reached(player, 15)).value;
  const playing = player.playing.value;
  const label = playing ? "pause" : "play";
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would draw a frame
    <div
      class="vw-player"
      role="group"
      aria-label="Player"
      onKeyDown={(event) => {
        if (event.key !== " " || event.target instanceof HTMLButtonElement) return;
        if (playing) player.pause();
        else player.play();
        event.preventDefault();
      }}
    >
      <button
        type="button"
        class="vw-icon-button vw-play"
        aria-label={label}
        title={playing ? "Pause (space)" : "Play (space)"}
        disabled={!last}
        onClick={() => (playing ? player.pause() : player.play())}
      >
        {playing ? <PauseIcon /> : <PlayIcon />}
      </button>
      <button
        type="button"
        class="vw-icon-button"
        aria-label="one step back"
        title="One step back"
        disabled={!last}
        onClick={() => player.seek(step - 1)}
      >
        <PreviousIcon />
      </button>
      <button
        type="button"
        class="vw-icon-button"
        aria-label="one step on"
        title="One step on"
        disabled={!last}
        onClick={() => player.seek(step + 1)}
      >
        <NextIcon />
      </button>
      <input
        class="vw-scrub"
        type="range"
        min={0}
        max={last}
        step={1}
        value={step}
        disabled={!last}
        aria-label="step"
        aria-valuetext={`step ${step} of ${last}`}
        title="Drag to any step."
        onInput={(event) => player.seek(event.currentTarget.valueAsNumber)}
      />
      <output class="vw-step" title="Steps since the start">
        {step} / {last}
      </output>
      <Speed store={store} />
      <label class="vw-check" title="Begin again at the end.">
        <input
          type="checkbox"
          checked={player.loop.value}
          onChange={(event) => {
            player.loop.value = event.currentTarget.checked;
          }}
        />
        loop
      </label>
    </div>
  );
}

function Speed({ store }: { store: Store }) {
  const { speed } = store.player;
  return (
    <select
      class="vw-select vw-speed"
      aria-label="speed"
      title="Steps a second"
      value={speed.value}
      onChange={(event) => {
        speed.value = Number(event.currentTarget.value);
      }}
    >
      {SPEEDS.map((steps) => (
        <option key={steps} value={steps}>
          {steps} steps/s
        </option>
      ))}
    </select>
  );
}
