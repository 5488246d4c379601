/** The clock of the walks. It runs in the browser and is shared by all displays; Python hears where it stops. */
import { effect, type ReadonlySignal, type Signal, signal, untracked } from "@preact/signals";

export type ColorBy = "end" | "start" | "step";

/** The step that has been reached, told no more than this often a second while the clock runs: text is slow to draw. */
export function reached(player: Player, perSecond: number): number {
  const every = player.playing.value ? Math.max(1, Math.round(player.speed.value / perSecond)) : 1;
  return Math.floor(player.time.value / every) * every;
}

/** After a pause of the page, no leap. */
const LONGEST_TICK_MS = 200;

export interface Player {
  /** In steps; between two of them while walkers glide. */
  time: ReadonlySignal<number>;
  playing: ReadonlySignal<boolean>;
  /** Steps a second. */
  speed: Signal<number>;
  loop: Signal<boolean>;
  /** Steps that are drawn behind a walker. */
  trail: Signal<number>;
  colorBy: Signal<ColorBy>;
  /** Whether a panel shows the walks. */
  shown: ReadonlySignal<boolean>;
  play(): void;
  /** Stop at the nearest step. */
  pause(): void;
  /** Stop at this step. */
  seek(step: number): void;
  /** Let walkers be drawn; returns how to end that. */
  show(): () => void;
}

/**
 * @param last The number of steps.
 * @param step Where Python has the player.
 * @param tell Tells Python where it stops.
 */
export function createPlayer(
  last: ReadonlySignal<number>,
  step: ReadonlySignal<number>,
  tell: (step: number) => void,
  until: AbortSignal,
): Player {
  const time = signal(step.value);
  const playing = signal(false);
  const speed = signal(15);
  const loop = signal(true);
  const viewers = signal(0);
  const shown = signal(false);
  let frame = 0;
  let before = 0;

  function stop(): void {
    if (!playing.value) return;
    cancelAnimationFrame(frame);
    playing.value = false;
  }

  function seek(to: number): void {
    stop();
    time.value = Math.min(Math.max(Math.round(to), 0), last.value);
    if (time.value !== step.value) tell(time.value);
  }

  function tick(now: number): void {
    const next = time.value + (Math.min(now - before, LONGEST_TICK_MS) / 1000) * speed.value;
    before = now;
    if (next >= last.value && !loop.value) {
      seek(last.value);
      return;
    }
    time.value = last.value ? next % last.value : 0;
    frame = requestAnimationFrame(tick);
  }

  const ends = [
    // Python moves the player, or takes part of its way.
    effect(() => {
      const asked = step.value;
      if (asked !== Math.round(untracked(() => time.value))) {
        untracked(stop);
        time.value = asked;
      }
    }),
    effect(() => {
      if (last.value && untracked(() => time.value) > last.value) time.value = last.value;
    }),
    effect(() => {
      shown.value = viewers.value > 0;
      if (!shown.value) untracked(stop);
    }),
  ];
  until.addEventListener("abort", () => {
    stop();
    for (const end of ends) end();
  });

  return {
    time,
    playing,
    speed,
    loop,
    trail: signal(8),
    colorBy: signal<ColorBy>("end"),
    shown,
    play() {
      if (playing.value || !last.value) return;
      if (time.value >= last.value) time.value = 0;
      playing.value = true;
      before = performance.now();
      frame = requestAnimationFrame(tick);
    },
    pause: () => seek(time.value),
    seek,
    show() {
      viewers.value += 1;
      return () => {
        viewers.value -= 1;
      };
    },
  };
}
