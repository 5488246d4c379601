import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { pan, zoomBy } from "../scene/camera";
import { createDrift } from "../scene/drift";
import { createScene, type Scene } from "../scene/scene";
import { markShown } from "../scene/shown-mark";
import { turn } from "../scene/space";
import { createStreams } from "../scene/streams";
import { hasWebGL2 } from "../scene/webgl";
import { aboutPicture } from "../state/caption";
import type { Store } from "../state/store";
import { formatCount } from "../text";
import { ExportMenu } from "./export-menu";
import { FieldKey } from "./field-key";
import { Hover } from "./hover";
import {
  BoxIcon,
  FitIcon,
  FullIcon,
  HomeIcon,
  LassoIcon,
  MinusIcon,
  PauseIcon,
  PlayIcon,
  PlusIcon,
  SaveIcon,
} from "./icons";
import { Legend } from "./legend";
import { ErrorCard } from "./messages";
import type { PanelContext } from "./panel";
import { usePointing } from "./pointing";
import { Outline, useSelecting } from "./select";
import { StaleChip, StatusCard } from "./status";
import { Walkers } from "./walkers";

const PAN_PIXELS = 40;
const TURN_DEGREES = 10;
const ZOOM_STEP = 1.5;
const HINT_MS = 1600;

const NO_WEBGL = {
  message: "The cells cannot be drawn: this browser offers no WebGL 2.",
  hint: "Allow hardware acceleration in its settings, or open the notebook in another browser.",
};

const CONTEXT_LOST = {
  message: "The browser took the graphics away from this picture.",
  hint: "It does so when a page has more than about sixteen of them, or when the graphics driver restarts.",
};

export type PlotProps = Pick<PanelContext, "store" | "dynamics" | "theme" | "request">;

export function Plot({ store, dynamics, theme, request }: PlotProps) {
  const root = useRef<HTMLDivElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const lines = useRef<HTMLCanvasElement>(null);
  const drift = useRef<HTMLCanvasElement>(null);
  const [scene, setScene] = useState<Scene | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [problem, setProblem] = useState<{ message: string; hint: string } | null>(null);

  useEffect(() => {
    if (!root.current || !place.current || !lines.current || !drift.current) return;
    if (!hasWebGL2()) {
      setProblem(NO_WEBGL);
      return;
    }
    setProblem(null);
    const made = createScene(place.current, store, theme, {
      error: (error) => setProblem({ message: `The cells cannot be drawn: ${error.message}`, hint: "" }),
      contextLost: () => setProblem(CONTEXT_LOST),
    });
    const stopStreams = createStreams(lines.current, store, made.view, theme);
    const stopDrift = createDrift(drift.current, store, made.view, theme);
    setScene(made);
    const unmark = markShown(root.current, store, made);
    return () => {
      unmark();
      stopStreams();
      stopDrift();
      made.dispose();
    };
  }, [store, theme, attempt]);

  const stage = store.shown.value?.stage;
  const color = store.color.value;
  return (
    <div class="vw-plot" ref={root}>
      <Heading store={store} />
      {problem && (
        <ErrorCard error={problem}>
          {problem === CONTEXT_LOST && (
            <button type="button" class="vw-button" onClick={() => setAttempt(attempt + 1)}>
              Draw again
            </button>
          )}
        </ErrorCard>
      )}
      <div class="vw-figure" data-legend={color !== null}>
        <Canvas
          store={store}
          scene={scene}
          fullScreen={() => toggleFullScreen(root.current)}
          menu={(anchor, close) =>
            scene && (
              <ExportMenu
                scene={scene}
                store={store}
                theme={theme.value}
                drift={drift.current}
                request={request}
                anchor={anchor}
                close={close}
              />
            )
          }
        >
          <div class="vw-deck" ref={place} data-stale={store.stale.value} data-walked={store.player.shown.value} />
          <canvas class="vw-over" ref={lines} data-stale={store.stale.value} data-empty={stage !== "stream"} />
          <canvas class="vw-over" ref={drift} data-stale={store.stale.value} data-empty={stage !== "particles"} />
          {scene && <Walkers store={store} scene={scene} theme={theme} />}
          <div class="vw-overlay-bottom">
            <StaleChip store={store} />
            <StatusCard store={store} dynamics={dynamics} />
          </div>
        </Canvas>
        {color && <Legend store={store} color={color} theme={theme.value} />}
      </div>
      {scene && <FieldKey store={store} scene={scene} />}
    </div>
  );
}

function Heading({ store }: { store: Store }) {
  const embedding = store.embedding.value;
  const cells = store.cells.value;
  return (
    <div class="vw-heading">
      <div class="vw-title">
        <h2 class="vw-caption" title="The embedding, and the chain whose arrows are drawn">
          {aboutPicture(store).caption}
        </h2>{" "}
        <span class="vw-muted">
          {cells && `${formatCount(cells.n_cells)} ${cells.n_cells === 1 ? "cell" : "cells"}`}
          {embedding && embedding.missing > 0 && `, ${formatCount(embedding.missing)} without coordinates`}
        </span>
      </div>
      <Selected store={store} />
    </div>
  );
}

function Selected({ store }: { store: Store }) {
  const count = store.selection.value.length;
  return (
    <span class="vw-selected" role="status">
      {count > 0 && (
        <>
          <span>{formatCount(count)} selected</span>
          <button
            type="button"
            class="vw-button vw-button-small"
            title="Select no cell (Escape)"
            onClick={() => store.select(new Int32Array())}
          >
            clear
          </button>
        </>
      )}
    </span>
  );
}

/** Takes the focus, the keys and the wheel. */
function Canvas(props: {
  store: Store;
  scene: Scene | null;
  fullScreen: () => void;
  menu: (anchor: RefObject<HTMLElement | null>, close: () => void) => ComponentChildren;
  children: ComponentChildren;
}) {
  const { store, scene, fullScreen, menu, children } = props;
  const [saving, setSaving] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  const saver = useRef<HTMLButtonElement>(null);
  const hint = useHint();
  const selecting = useSelecting(store, scene);
  const { tool } = selecting;
  const pointing = usePointing(store, scene);

  const zoom = (factor: number) => {
    const view = scene?.view.value;
    if (view) store.setCamera(zoomBy(view.camera, factor, view.limits));
  };
  const move = (dx: number, dy: number) => {
    const view = scene?.view.value;
    if (view?.inSpace) store.setCamera(turn(view.camera, dx * TURN_DEGREES, dy * TURN_DEGREES));
    else if (view) store.setCamera(pan(view.camera, dx * PAN_PIXELS, dy * PAN_PIXELS));
  };
  const fit = () => {
    const camera = scene?.fit();
    if (camera) store.setCamera(camera);
  };
  const keys: Record<string, () => void> = {
    ArrowLeft: () => move(-1, 0),
    ArrowRight: () => move(1, 0),
    ArrowUp: () => move(0, -1),
    ArrowDown: () => move(0, 1),
    "+": () => zoom(ZOOM_STEP),
    "=": () => zoom(ZOOM_STEP),
    "-": () => zoom(1 / ZOOM_STEP),
    "0": () => store.setCamera(null),
    z: fit,
    f: fullScreen,
    " ": () => {
      store.paused.value = !store.paused.value;
    },
  };

  return (
    <div class="vw-frame">
      <div
        ref={frame}
        class="vw-canvas"
        data-picking={store.picking.value !== null}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is moved with the keyboard, which its label says
        tabIndex={0}
        role="application"
        aria-label="embedding: arrow keys move, or turn in space, plus and minus zoom, 0 shows everything, Z the selected cells, B selects with a box that arrow keys move and, with Shift, size; Enter takes it, Escape leaves"
        onPointerDownCapture={selecting.onPointerDownCapture}
        onPointerMoveCapture={selecting.onPointerMoveCapture}
        onPointerUpCapture={selecting.onPointerUpCapture}
        onPointerCancelCapture={selecting.onPointerCancelCapture}
        onPointerDown={(event) => {
          frame.current?.focus({ preventScroll: true });
          pointing.onPointerDown(event);
        }}
        onPointerEnter={pointing.onPointerEnter}
        onPointerLeave={pointing.onPointerLeave}
        onPointerMove={pointing.onPointerMove}
        onClick={pointing.onClick}
        onWheelCapture={(event) => {
          // The wheel scrolls the notebook, where there is one, until somebody means the picture.
          if (event.ctrlKey || event.metaKey || frame.current?.matches(":focus, :fullscreen *")) return;
          event.stopPropagation();
          hint.show();
        }}
        onKeyDown={(event) => {
          if (!event.ctrlKey && !event.metaKey && selecting.onKey(event)) {
            event.preventDefault();
            return;
          }
          const act = keys[event.key];
          if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
          act();
          event.preventDefault();
        }}
      >
        {children}
        {tool.value !== "move" && <div class="vw-shield" />}
        <Outline outline={selecting.outline} />
        {scene?.view.value && <Hover store={store} view={scene.view.value} hasPointer={pointing.hasPointer} />}
        {hint.visible && <div class="vw-hint">Click the picture to zoom with the wheel, or hold Ctrl.</div>}
      </div>
      <div class="vw-corner">
        <div class="vw-tools">
          <Tool name="zoom in" help="Zoom in (+)" onClick={() => zoom(ZOOM_STEP)} icon={<PlusIcon />} />
          <Tool name="zoom out" help="Zoom out (-)" onClick={() => zoom(1 / ZOOM_STEP)} icon={<MinusIcon />} />
          <Tool
            name="reset view"
            help="Show everything (0)"
            onClick={() => store.setCamera(null)}
            icon={<HomeIcon />}
          />
          <Tool
            name="fit"
            help="Frame the selected cells, or all that are shown if none is selected (Z)"
            onClick={fit}
            icon={<FitIcon />}
          />
          <Tool
            name="lasso"
            help="Select cells with a lasso (L). Shift adds, Alt takes away, Escape leaves. Shift and drag does it at any time."
            pressed={tool.value === "lasso"}
            onClick={() => selecting.choose(tool.value === "lasso" ? "move" : "lasso")}
            icon={<LassoIcon />}
          />
          <Tool
            name="box"
            help="Select cells with a box (B). Shift adds, Alt takes away, Escape leaves."
            pressed={tool.value === "box"}
            onClick={() => selecting.choose(tool.value === "box" ? "move" : "box")}
            icon={<BoxIcon />}
          />
          <Tool name="full screen" help="Fill the screen, or leave it (F)" onClick={fullScreen} icon={<FullIcon />} />
          <Tool
            name="export"
            button={saver}
            help="Save the picture, or the numbers behind it."
            expanded={saving}
            onClick={() => setSaving(!saving)}
            icon={<SaveIcon />}
          />
          {store.shown.value?.stage === "particles" && <PauseTool store={store} />}
        </div>
        {saving && menu(saver, () => setSaving(false))}
      </div>
    </div>
  );
}

function toggleFullScreen(element: HTMLElement | null): void {
  // Where a host forbids it, nothing happens.
  if (document.fullscreenElement) void document.exitFullscreen().catch(() => {});
  else void element?.requestFullscreen?.().catch(() => {});
}

function PauseTool({ store }: { store: Store }) {
  const paused = store.paused.value;
  return (
    <Tool
      name={paused ? "move particles" : "pause particles"}
      help={paused ? "Let the particles move (space)" : "Stop the particles (space)"}
      onClick={() => {
        store.paused.value = !paused;
      }}
      icon={paused ? <PlayIcon /> : <PauseIcon />}
    />
  );
}

function Tool(props: {
  name: string;
  help: string;
  pressed?: boolean;
  expanded?: boolean;
  button?: RefObject<HTMLButtonElement | null>;
  onClick: () => void;
  icon: ComponentChildren;
}) {
  return (
    <button
      ref={props.button}
      type="button"
      class="vw-icon-button"
      aria-label={props.name}
      aria-pressed={props.pressed}
      aria-expanded={props.expanded}
      title={props.help}
      onClick={props.onClick}
    >
      {props.icon}
    </button>
  );
}

/** A text that goes away by itself. */
function useHint(): { visible: boolean; show: () => void } {
  const [shownAt, setShownAt] = useState(0);
  useEffect(() => {
    if (!shownAt) return;
    const timer = setTimeout(() => setShownAt(0), HINT_MS);
    return () => clearTimeout(timer);
  }, [shownAt]);
  return { visible: shownAt > 0, show: () => setShownAt(Date.now()) };
}
