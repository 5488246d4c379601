"""Working towards the results that are asked for: one at a time, newest parameters only, with progress and cancel.

Parameters change in any thread, always under one lock (:mod:`velowidget.pipeline.changes`). When the outermost change
ends, `Jobs` looks at what is asked for now. Stages that took less than 50 ms last time run at once, in the thread that
made the change; others go to one background thread. Whoever runs takes the first stale stage, computes it without the
lock, publishes the result with one swap under the lock, and looks again: so a result that is no longer asked for is
never published, and a long stage that is still right is never started twice.
"""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from velowidget.pipeline import changes
from velowidget.pipeline.events import Computed, Event, Failed, Listener, Outbox, Status
from velowidget.pipeline.inputs import Inputs
from velowidget.pipeline.parameters import Parameters
from velowidget.pipeline.stage import Context, Stage
from velowidget.pipeline.stages import STAGES, Hashes, key, with_ancestors

_log = logging.getLogger(__name__)

LIGHT_SECONDS = 0.05
_SECONDS_BETWEEN_REPORTS = 0.1

_loaded: set[tuple[Any, ...]] = set()  # compiled code that this process has used, see `_Job.code`


@dataclass(frozen=True)
class Target:
    """What is asked for: stages, the most urgent first, of these inputs for these parameters."""

    stages: tuple[str, ...]
    inputs: Inputs
    parameters: Parameters
    refused: Exception | None = None  # why nothing can be computed for them, if so

    @functools.cached_property
    def hashes(self) -> Hashes:
        """Of the values that the stages depend on."""
        return Hashes(self.parameters)


class _Superseded(Exception):
    """The running stage is no longer asked for."""


@dataclass(frozen=True, eq=False)
class _Job:
    stage: Stage
    hashes: Mapping[str, str]
    inputs: Inputs
    parameters: Parameters
    upstream: tuple[Any, ...]

    @property
    def hash(self) -> str:
        """Of the values that its result depends on."""
        return self.hashes[self.stage.name]

    @property
    def code(self) -> tuple[Any, ...]:
        """Says which compiled code it runs."""
        return self._described_by(self.stage.code)

    @property
    def pace(self) -> tuple[Any, ...]:
        """Says what its time is to be told from: that of the last job of this pace."""
        return self._described_by(self.stage.pace)

    def _described_by(self, names: tuple[str, ...]) -> tuple[Any, ...]:
        return self.stage.name, *(getattr(self.parameters, name) for name in names)


class Jobs:
    """Computes what is asked for.

    Parameters
    ----------
    target
        Says what is asked for now; called under the lock.
    published
        Called under the lock when a stage has a new result.
    """

    def __init__(self, target: Callable[[], Target], published: Callable[[str, Any], None]) -> None:
        self.generation = 0
        self.outbox = Outbox()
        self._read_target = target
        self._published = published
        self._target: Target | None = None
        self._results: dict[str, Computed] = {}
        self._seconds: dict[tuple[Any, ...], float] = {}  # by the pace of the job
        self._failures: dict[str, tuple[str, Failed]] = {}  # with the hash of the values that it failed for
        self._status = Status(0, "working")
        self._cancelled = False
        self._running = False
        self._settled = threading.Condition(changes.lock)
        self._runner: int | None = None
        self._last_report = 0.0
        self._told: tuple[Exception, ...] = ()

    # -- changes -----------------------------------------------------------------------------------

    def changing(self) -> AbstractContextManager[None]:
        """Hold the lock for a change; when the outermost change ends, go for what is asked for then."""
        return changes.change(self)

    def cancel(self) -> None:
        """Stop the running job; nothing more is computed until a parameter changes or `resume` is called."""
        with changes.lock:
            if self._running and self._next() is not None:
                self._cancelled = True

    def resume(self) -> None:
        """Go on after `cancel`, or try failed stages again."""
        with self.changing():
            self._cancelled = False
            self._failures = {}
            self._status, self._told = Status(self.generation, "working"), ()

    def aim(self) -> None:
        """Look at what is asked for now."""
        target = self._read_target()
        if self._target == target:
            return
        if self._target is None or target.parameters != self._target.parameters:
            self.generation += 1
        if self._target is not None and target.inputs is not self._target.inputs:
            self._drop_results(target)
        self._target = target
        self._cancelled = False

    def _drop_results(self, target: Target) -> None:
        """Forget results of data that were read anew since, also those of other parameters."""
        for name, computed in tuple(self._results.items()):
            if computed.hash != key(STAGES[name], target.inputs.dated(computed.parameters)):
                del self._results[name]

    # -- results -----------------------------------------------------------------------------------

    def announce(self, event: Event) -> None:
        """Hand out an event of the owner's when the present change ends, in order with the others."""
        with self.changing():
            self.outbox.put(event)

    def replay(self, listener: Listener) -> None:
        """Call `listener` with the last result of each stage, stale or not, the present status and failure."""
        with self.outbox.in_order():
            with changes.lock:
                events: list[Event] = list(self._results.values())
                events += [self._completed(self._status), *self._present_failures()]
            for event in events:
                listener(event)

    def latest(self, stage: str, parameters: Parameters | None = None) -> Computed | None:
        """The stage's result if it is right for these parameters, by default the present ones; else None."""
        with changes.lock:
            stored = self._results.get(stage)
            if stored is None or self._target is None:
                return None
            hashes = self._target.hashes if parameters is None else Hashes(parameters)
            return stored if stored.hash == hashes[stage] else None

    @property
    def status(self) -> Status:
        """What is going on, and the hashes of the present parameters."""
        with changes.lock:
            return self._completed(self._status)

    def wait(self, timeout: float | None, only: str | None = None) -> None:
        """Return when everything asked for is computed and its events are handed out.

        Parameters
        ----------
        timeout
            Seconds; None waits without end.
        only
            Wait for no more than this stage of those asked for, nor for its event.

        Raises
        ------
        TimeoutError
            If that takes longer than `timeout` seconds.
        concurrent.futures.CancelledError
            If the computation was cancelled.
        Exception
            The stage's own error, if it failed.
        """
        with self.changing():
            pass  # what is asked for is looked at again, as an interrupt may have kept a change from counting
        if self._runner == threading.get_ident():
            self._finish_inside()
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._settled, changes.suspended():
            while self._runner != threading.get_ident() and self._is_busy(only):
                remaining = None if deadline is None else deadline - time.monotonic()
                if remaining is not None and remaining <= 0:
                    raise TimeoutError(
                        f"Not computed within {timeout:g} seconds; it goes on in the background ({self._status.label})."
                    )
                self._settled.wait(remaining)
            for failed in self._present_failures(only):
                raise failed.error.with_traceback(failed.traceback)
            if self._cancelled and (only is None or self.latest(only) is None):
                raise CancelledError("The computation was cancelled; change a parameter, or call compute(), to go on.")

    def _is_busy(self, only: str | None) -> bool:
        if only is not None and (self.latest(only) is not None or self._present_failures(only)):
            return False
        return self._running or self._next() is not None

    def _finish_inside(self) -> None:
        """Compute the rest for an observer of a result that asks for it; waiting would be for itself."""
        if not (changes.is_mine() or changes.is_telling()):
            raise RuntimeError(
                "wait() was called by a listener, in the thread that computes; it would wait for itself."
            )
        while True:
            with changes.lock:
                self.aim()  # also after each job: similarities tell the automatic scale
                job = self._next()
            if job is None:
                return
            self._compute(job)

    # -- running -----------------------------------------------------------------------------------

    def _next(self) -> _Job | None:
        """The most urgent stage that can be computed; None where there is none, or it was cancelled."""
        if self._target is None or self._target.refused is not None or self._cancelled:
            return None
        target = self._target
        for asked in target.stages:
            for stage in with_ancestors(asked):
                if self._failure(stage, target) is not None:
                    break
                stored = self._results.get(stage.name)
                if stored is None or stored.hash != target.hashes[stage.name]:
                    upstream = tuple(self._results[name].value for name in stage.after)
                    return _Job(stage, target.hashes.of(stage.name), target.inputs, target.parameters, upstream)
        return None

    def _failure(self, stage: Stage, target: Target) -> Failed | None:
        hash_, failed = self._failures.get(stage.name, (None, None))
        return failed if hash_ == target.hashes[stage.name] else None

    def _present_failures(self, only: str | None = None) -> list[Failed]:
        """Why stages that are asked for, or `only` this one of them, cannot be computed."""
        if self._target is None:
            return []
        if self._target.refused is not None:
            return [Failed(self.generation, "parameters", self._target.refused)]  # its traceback says nothing
        failures: dict[str, Failed] = {}
        for asked in self._target.stages if only is None else (only,):
            each = [self._failure(stage, self._target) for stage in with_ancestors(asked)]
            if (first := next(filter(None, each), None)) is not None:
                failures[first.stage] = first
        return list(failures.values())

    def _is_light(self, job: _Job | None) -> bool:
        return job is None or self._seconds.get(job.pace, float("inf")) < LIGHT_SECONDS

    def advance(self) -> None:
        """Go for what is asked for: in this thread where that is light, in the background otherwise."""
        with changes.lock:
            if self._running:
                return  # whoever runs looks at the target again before it ends
            if not self._is_light(self._next()):
                self.advance_elsewhere()
                return
            self._running = True
        self._run(only_light=True)

    def advance_elsewhere(self) -> None:
        """Go for what is asked for in the background."""
        with changes.lock:
            if not self._running:
                self._running = True
                self._start_worker()

    def _start_worker(self) -> None:
        self._runner = None
        threading.Thread(target=self._run, args=(False,), name="velowidget", daemon=True).start()

    def _run(self, only_light: bool) -> None:
        self._runner = threading.get_ident()
        try:
            self._work(only_light)
        except BaseException:  # the user interrupts the cell whose thread this is
            with changes.lock:
                self._start_worker()
            raise

    def _work(self, only_light: bool) -> None:
        while True:
            with changes.lock:
                job = self._next()
                if job is None:
                    self._settle()
            self.outbox.send()
            if job is None:
                with changes.lock:
                    if self._next() is None:  # nothing new was asked for meanwhile
                        self._running = False
                        self._runner = None
                        self._settled.notify_all()
                        return
            elif only_light and not self._is_light(job):
                self._start_worker()
                return
            else:
                self._compute(job)

    def _compute(self, job: _Job) -> None:
        heavy = not self._is_light(job)
        self._last_report = 0.0
        elsewhere = 0.0

        def report(done: int, total: int) -> None:
            nonlocal elsewhere
            self._check(job)
            if heavy:
                elsewhere += self._compute_before(job)
                self._progress(job, done, total)

        started = time.perf_counter()
        try:
            report(0, 0)
            value = job.stage.compute(Context(job.inputs, job.parameters, report), *job.upstream)
        except (_Superseded, CancelledError):
            return
        except (Exception, SystemExit) as error:  # what others wrote may want to end Python
            reason = RuntimeError("It called sys.exit().") if isinstance(error, SystemExit) else error
            with changes.lock:
                failed = Failed(self.generation, job.stage.name, reason, error.__traceback__)
                self._failures[job.stage.name] = (job.hash, failed)
            return
        self._seconds[job.pace] = time.perf_counter() - started - elsewhere
        _loaded.add(job.code)
        self._publish(job, value)

    def _compute_before(self, job: _Job) -> float:
        """Between two blocks of a long job, compute what has become more urgent; returns the seconds it took."""
        started = time.perf_counter()
        while True:
            with changes.lock:
                urgent = self._next()
            if urgent is None or urgent.stage is job.stage:
                break
            self._compute(urgent)
            self._check(job)
        return time.perf_counter() - started

    def _check(self, job: _Job) -> None:
        """End the running stage if it was cancelled, or is no longer asked for."""
        with changes.lock:
            if self._cancelled:
                raise CancelledError
            target = self._target
            needed = target is not None and any(
                stage is job.stage and target.hashes[stage.name] == job.hash
                for asked in target.stages
                for stage in with_ancestors(asked)
            )
        if not needed:
            raise _Superseded

    def _progress(self, job: _Job, done: int, total: int) -> None:
        stage, now = job.stage, time.monotonic()
        if now - self._last_report < _SECONDS_BETWEEN_REPORTS and done < total:
            return
        self._last_report = now
        if job.code not in _loaded and done == 0:
            label, progress = f"{stage.label}: preparing, first use only", None
        elif total:
            label, progress = f"{stage.label}: {done:,} of {total:,} {stage.unit}", done / total
        else:
            label, progress = stage.label, None
        with changes.lock:
            self._set_status(Status(self.generation, "working", stage.name, progress, label))
        self.outbox.send()

    def _publish(self, job: _Job, value: Any) -> None:
        try:
            with self.changing():  # observers hear of it when that ends
                self._check(job)
                computed = Computed(job.stage.name, self.generation, job.parameters, value, job.hashes)
                self._results[job.stage.name] = computed
                self.outbox.put(computed)
                self._settled.notify_all()
                self._published(job.stage.name, value)
        except (_Superseded, CancelledError):
            return
        except Exception:
            _log.exception("An observer of a computed value failed.")
        except BaseException:  # the user interrupts before all have heard of it: it is computed once more
            with changes.lock:
                self._results.pop(job.stage.name, None)
            raise
        self.outbox.send()

    def _settle(self) -> None:
        if self._cancelled:
            self._set_status(Status(self.generation, "cancelled", label="Cancelled"))
        else:
            self._set_status(Status(self.generation, "failed" if self._present_failures() else "ready"))

    def _set_status(self, status: Status) -> None:
        status, failures = self._completed(status), self._present_failures()
        if status != self._status:
            self._status = status
            self.outbox.put(status)
        for failed in failures:
            if failed.error not in self._told:
                self.outbox.put(failed)
        self._told = tuple(failed.error for failed in failures)

    def _completed(self, status: Status) -> Status:
        """The status with what the present target and results tell."""
        target = self._target
        if target is None:
            return status
        return replace(
            status,
            pending=tuple(stage for stage in target.stages if self.latest(stage) is None),
            failed=tuple(failed.stage for failed in self._present_failures()),
            hashes={stage: target.hashes[stage] for stage in {*target.stages, *self._results}},
        )
