/** Panels under the picture that open and close. */
import { useEffect, useRef } from "preact/hooks";
import type { Store } from "../state/store";
import type { MountPanel, Panel } from "./panel";
import { usePageId } from "./use-page-id";

export function Dock({ store, panels, mount }: { store: Store; panels: readonly Panel[]; mount: MountPanel }) {
  const id = usePageId();
  if (!panels.length) return null;
  const open = store.open.value;
  return (
    <>
      <div class="vw-dock-bar">
        {panels.map((panel) => {
          const isOpen = open.includes(panel.id);
          return (
            <button
              key={panel.id}
              type="button"
              class="vw-button vw-dock-button"
              aria-expanded={isOpen}
              aria-controls={`${id}-${panel.id}`}
              title={`${isOpen ? "Close" : "Open"} the panel below.`}
              onClick={() => store.setOpen(panel.id, !isOpen)}
            >
              {panel.title}
            </button>
          );
        })}
      </div>
      {panels.map((panel) => (
        <div key={panel.id} id={`${id}-${panel.id}`} class="vw-dock-place" hidden={!open.includes(panel.id)}>
          {open.includes(panel.id) && <Place id={panel.id} mount={mount} />}
        </div>
      ))}
    </>
  );
}

function Place({ id, mount }: { id: string; mount: MountPanel }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => (place.current ? mount(id, place.current) : undefined), [id, mount]);
  return <div class="vw-panel" ref={place} />;
}
