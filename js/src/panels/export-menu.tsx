/** Saving the picture, and the numbers behind it. */
import type { RefObject } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Offer } from "../protocol";
import { toPng, toSvg } from "../scene/export";
import type { Scene } from "../scene/scene";
import type { Store } from "../state/store";
import type { ThemeName } from "../theme/theme";
import { download } from "./download";
import { reasonWithoutKernel } from "./kernel";
import type { PanelContext } from "./panel";
import { useDismiss } from "./use-dismiss";
import { usePageId } from "./use-page-id";

const SCALES = [1, 2, 4];

export function ExportMenu(props: {
  scene: Scene;
  store: Store;
  theme: ThemeName;
  drift: HTMLCanvasElement | null;
  request: PanelContext["request"];
  /** What opened it. */
  anchor: RefObject<HTMLElement | null>;
  close: () => void;
}) {
  const { scene, store, theme, drift, request, anchor, close } = props;
  const menu = useRef<HTMLFieldSetElement>(null);
  useDismiss(true, anchor, menu, close);
  const id = usePageId();
  const [scale, setScale] = useState(2);
  const [background, setBackground] = useState(true);
  const [problem, setProblem] = useState<string | null>(null);
  const [writing, setWriting] = useState<string | null>(null);

  const finish = () => {
    close();
    anchor.current?.focus({ preventScroll: true });
  };

  async function save(write: typeof toPng, suffix: string): Promise<void> {
    if (!drift) return;
    try {
      const blob = await write(scene, store, theme, drift, { scale, background });
      download(`${store.embedding.value?.basis ?? "embedding"}.${suffix}`, blob);
      finish();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }

  async function exportNumbers(exporter: string): Promise<void> {
    setWriting(exporter);
    const { payload, arrays } = await request("export", exporter);
    const { name, problem } = payload as { name: string; problem: string | null };
    setWriting(null);
    setProblem(problem);
    if (problem !== null) return;
    download(name, new Blob([arrays.content as Uint8Array<ArrayBuffer>]));
    finish();
  }

  return (
    <fieldset ref={menu} class="vw-menu" aria-label="export">
      <label for={`${id}-scale`}>pixels</label>
      <select
        id={`${id}-scale`}
        class="vw-select"
        title="Pixels of the file for each on the screen."
        value={scale}
        onChange={(event) => setScale(Number(event.currentTarget.value))}
      >
        {SCALES.map((factor) => (
          <option key={factor} value={factor}>
            {factor} ×
          </option>
        ))}
      </select>
      <div class="vw-check">
        <input
          id={`${id}-background`}
          type="checkbox"
          title="Without it, the picture is transparent."
          checked={background}
          onChange={(event) => setBackground(event.currentTarget.checked)}
        />
        <label for={`${id}-background`}>background</label>
      </div>
      <div class="vw-menu-buttons">
        <button type="button" class="vw-button" title="Save a picture of pixels." onClick={() => save(toPng, "png")}>
          PNG
        </button>
        <button
          type="button"
          class="vw-button"
          title="Save a drawing to be edited: lines and text stay such, cells are one picture."
          onClick={() => save(toSvg, "svg")}
        >
          SVG
        </button>
      </div>
      <div class="vw-menu-list">
        {store.options.value?.exporters.map((offer) => (
          <ExporterButton
            key={offer.key}
            offer={offer}
            isWriting={writing === offer.key}
            reason={reasonWithoutKernel(store) ?? offer.reason}
            mustWait={writing !== null}
            onClick={() => exportNumbers(offer.key)}
          />
        ))}
      </div>
      {problem && (
        <p class="vw-refused" role="alert">
          {problem}
        </p>
      )}
    </fieldset>
  );
}

function ExporterButton(props: {
  offer: Offer;
  isWriting: boolean;
  mustWait: boolean;
  /** Why it cannot be used. */
  reason: string | null;
  onClick: () => void;
}) {
  const { offer, isWriting, mustWait, reason, onClick } = props;
  const isOff = mustWait || reason !== null;
  return (
    <button
      type="button"
      class="vw-button"
      aria-disabled={isOff}
      aria-busy={isWriting}
      title={reason ?? offer.help}
      onClick={() => isOff || onClick()}
    >
      {offer.title}
      {isWriting && " …"}
    </button>
  );
}
