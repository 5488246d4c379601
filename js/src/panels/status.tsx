/** What is being computed, and what the picture shows meanwhile. */
import type { Dynamics } from "../dynamics/dynamics";
import type { Store } from "../state/store";
import { describe } from "../text";

export function StatusCard({ store, dynamics }: { store: Store; dynamics: Dynamics }) {
  const status = store.status.value;
  if (store.kernel.value === "gone") return null;
  if (store.kernel.value === "busy") {
    return (
      <div class="vw-status" role="status">
        <span class="vw-status-label">
          Waiting for the kernel: it is busy. If this does not end, run the cell again.
        </span>
      </div>
    );
  }
  if (status?.state === "working" && store.working.value) {
    const { progress } = status;
    const label = status.label || "Computing";
    return (
      <div class="vw-status">
        <div class="vw-status-text">
          <span class="vw-status-label">{label}</span>
          <div
            class="vw-progress"
            role="progressbar"
            aria-label={label}
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={progress === null ? undefined : Math.round(100 * progress)}
            data-indeterminate={progress === null}
          >
            <div class="vw-progress-bar" style={progress === null ? undefined : { width: `${100 * progress}%` }} />
          </div>
        </div>
        <button
          type="button"
          class="vw-button"
          title="Stop computing; the picture stays as it is."
          onClick={() => dynamics.cancel()}
        >
          Cancel
        </button>
      </div>
    );
  }
  if (status?.state === "cancelled") {
    return (
      <div class="vw-status" role="status">
        <span class="vw-status-label">{status.label || "Cancelled"}</span>
        <button
          type="button"
          class="vw-button vw-button-primary"
          title="Compute for the present parameters."
          onClick={() => dynamics.resume()}
        >
          Compute
        </button>
      </div>
    );
  }
  return null;
}

/** What an old picture shows. */
export function StaleChip({ store }: { store: Store }) {
  const shown = store.shown.value;
  if (!shown || !store.stale.value) return null;
  return (
    <div class="vw-chip" role="status" title="The arrows belong to these parameters, not to the ones chosen now.">
      Showing: {describe(shown.params, store.options.value)}
    </div>
  );
}
