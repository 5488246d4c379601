/** Errors and notices as text. */
import type { ComponentChildren } from "preact";
import type { Failure } from "../protocol";
import { refusedTraits, type Store } from "../state/store";
import { CloseIcon } from "./icons";

export function ErrorCard(props: {
  error: Pick<Failure, "message" | "hint">;
  onDismiss?: () => void;
  /** What to do about it, beside the text. */
  children?: ComponentChildren;
}) {
  const { error, onDismiss, children } = props;
  return (
    <div class="vw-card vw-card-error" role="alert">
      <div>
        <p class="vw-card-message">{error.message}</p>
        {error.hint && <p class="vw-card-hint">{error.hint}</p>}
      </div>
      {children}
      {onDismiss && <DismissButton onClick={onDismiss} />}
    </div>
  );
}

/** Why values of these traits were refused, beside their control. */
export function Refused({ store, traits }: { store: Store; traits: readonly string[] }) {
  const refusals = store.refusals.value.filter((refusal) =>
    refusedTraits(refusal).some((name) => traits.includes(name)),
  );
  return refusals.map((refusal) => (
    <ErrorCard key={refusal.trait} error={refusal} onDismiss={() => store.dismissRefusal(refusal)} />
  ));
}

/** What concerns all panels: that the data have changed, and what Python could not tell. Put into a live region. */
export function Banner({ store }: { store: Store }) {
  const changed = store.reading.value?.changed;
  return (
    <>
      {changed && (
        <div class="vw-card vw-changed">
          <p class="vw-card-message">{changed} Everything shown is of the data as they were.</p>
          <button
            type="button"
            class="vw-button vw-button-primary"
            title="Read the data again and compute for them, as w.refresh() does."
            onClick={() => store.refresh()}
          >
            Read again
          </button>
        </div>
      )}
      {store.problems.value.map((problem) => (
        <ErrorCard key={problem.part} error={problem} onDismiss={() => store.dismissProblem(problem)} />
      ))}
    </>
  );
}

export function Notices({ store }: { store: Store }) {
  return store.notices.value.map((notice) => (
    <div class="vw-card vw-card-notice" key={notice}>
      <p class="vw-card-message">{notice}</p>
      <DismissButton onClick={() => store.dismissNotice(notice)} />
    </div>
  ));
}

function DismissButton({ onClick }: { onClick: () => void }) {
  return (
    <button type="button" class="vw-icon-button vw-dismiss" aria-label="dismiss" title="Dismiss" onClick={onClick}>
      <CloseIcon />
    </button>
  );
}
