/** Panels under the picture that open and close. */
import { useEffect, useRef } from "preact/hooks";
import type { Store } from "../state/store";
import { reasonWithoutKernel } from "./kernel";
import type { MountPanel } from "./panel";
import { usePageId } from "./use-page-id";

export function Dock({ store, mount }: { store: Store; mount: MountPanel }) {
  const id = usePageId();
  const panels = store.options.value?.panels.filter(({ place }) => place === "dock") ?? [];
  if (!panels.length) return null;
  const open = panels.filter(({ key, reason }) => reason === null && store.open.value.includes(key));
  return (
    <>
      <div class="vw-dock-bar">
        {panels.map((panel) => {
          const isOpen = open.includes(panel);
          const reason = panel.reason ?? (isOpen ? null : reasonWithoutKernel(store));
          return (
            <button
              key={panel.key}
              type="button"
              class="vw-button vw-dock-button"
              aria-expanded={isOpen}
              aria-controls={`${id}-${panel.key}`}
              aria-disabled={reason !== null}
              title={reason ?? `${panel.help} ${isOpen ? "Close" : "Open"} the panel below.`.trim()}
              onClick={() => reason === null && store.setOpen(panel.key, !isOpen)}
            >
              {panel.title}
            </button>
          );
        })}
      </div>
      {panels.map((panel) => (
        <div key={panel.key} id={`${id}-${panel.key}`} class="vw-dock-place" hidden={!open.includes(panel)}>
          {open.includes(panel) && (
            <>
              <h3 class="vw-dock-title">{panel.title}</h3>
              <Place id={panel.key} mount={mount} />
            </>
          )}
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
