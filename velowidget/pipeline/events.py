"""What a pipeline tells its listeners, and in which order."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from velowidget.pipeline import changes
from velowidget.pipeline.parameters import Parameters

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Computed:
    """A new result of a stage.

    Attributes
    ----------
    stage, generation, parameters, value
        Which stage's, for which parameters, and the result.
    hashes
        Of the values that it depends on: its own, and by stage those of the results that it is made of.
    """

    stage: str
    generation: int
    parameters: Parameters
    value: Any
    hashes: Mapping[str, str]

    @property
    def hash(self) -> str:
        """Its own: it is right for parameters if they give its stage the same."""
        return self.hashes[self.stage]


@dataclass(frozen=True)
class Status:
    """What is going on.

    Attributes
    ----------
    generation
        Of the parameters.
    state
        ``'ready'``, ``'working'``, ``'cancelled'`` or ``'failed'`` (some stage; the others are computed).
    stage, progress, label
        What is being computed, how much of it is done (0 to 1, None if unknown), and that in words.
    pending
        Stages that are asked for, and whose result is not (yet) right for the present parameters.
    failed
        Stages that could not be computed for the present parameters.
    hashes
        Of the values that results depend on now, by stage, of those asked for and of those that there are results of:
        a picture is current if its result has this one.
    """

    generation: int
    state: str
    stage: str | None = None
    progress: float | None = None
    label: str = ""
    pending: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    hashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Failed:
    """A stage could not be computed, or (stage ``'parameters'``) nothing could, for the parameters given."""

    generation: int
    stage: str
    error: Exception
    traceback: TracebackType | None = None


@dataclass(frozen=True)
class Changed:
    """A parameter that no stage's result can tell, or ``'data'``: the face must look at it again."""

    name: str


@dataclass(frozen=True)
class Read:
    """The data were read anew: the face must look at everything again."""


Event = Computed | Status | Failed | Changed | Read
Listener = Callable[[Event], None]


class Outbox:
    """Events, handed to every listener in the order in which they arose, never under the lock of changes."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._listeners: list[Listener] = []
        self._sending = threading.RLock()

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with each event from now on, in the thread where it arises.

        Returns a function that ends this, however often it is called.
        """
        self._listeners.append(listener)

        def stop() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def put(self, event: Event) -> None:
        """Keep an event until `send`; the lock of changes must be held."""
        self._waiting.append(event)

    def in_order(self) -> AbstractContextManager[bool]:
        """Hold back events while something else is told to a listener."""
        return self._sending

    def send(self) -> None:
        """Hand out what waits; in the middle of a change that is done when it has ended."""
        if changes.is_mine():
            return
        with self._sending:
            while True:
                with changes.lock:
                    if not self._waiting:
                        return
                    event = self._waiting.popleft()
                try:
                    for listener in tuple(self._listeners):
                        _tell(listener, event)
                except BaseException:  # the user interrupts the cell whose thread this is
                    with changes.lock:
                        self._waiting.appendleft(event)
                    raise


def _tell(listener: Listener, event: Event) -> None:
    try:
        listener(event)
    except Exception:
        _log.exception("A listener failed.")
