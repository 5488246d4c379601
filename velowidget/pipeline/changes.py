"""One lock for every change of parameters in this process.

Traits are not thread-safe, and a change of one pipeline may change another that is linked to it, in whichever order: a
lock for each would let two threads wait for each other. What follows from a change is done when the outermost change
ends, without the lock: observers are told, who may assign further, wait for what other threads do, or take their time;
then what is asked for is computed.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol


class Follower(Protocol):
    """What a change may concern."""

    def aim(self) -> None:
        """Look at what is asked for now; called under the lock."""

    def advance(self) -> None:
        """Go for it; called without the lock."""

    def advance_elsewhere(self) -> None:
        """Go for it in another thread; called under the lock."""


class Observed(Protocol):
    """What observers are told of."""

    def tell_since(self, before: Mapping[str, Any]) -> None:
        """Tell observers of the values that are others than before; called without the lock."""


lock = threading.RLock()
"""Held for every change; its waiting is done through `threading.Condition`."""

# Observers are told by one thread at a time, as `traitlets.link` needs it. Nobody waits long for that: an observer may
# wait for the very thread.
_turn = threading.RLock()
_TURN_SECONDS = 0.1

_telling = threading.local()


@dataclass
class _Present:
    """The present change: how deep it is nested, in which thread, and whom it concerns. Guarded by the lock."""

    number: int = 0  # no two outermost ones have the same
    depth: int = 0
    owner: int | None = None
    concerned: dict[Follower, None] = field(default_factory=dict)
    before: dict[Observed, Mapping[str, Any]] = field(default_factory=dict)  # their values when it began

    def aimed(self) -> tuple[Follower, ...]:
        """Whom it concerns, each aimed at what is asked for now."""
        concerned = tuple(self.concerned)
        self.concerned.clear()
        for follower in concerned:
            follower.aim()
        return concerned


_present = _Present()


@contextmanager
def change(follower: Follower) -> Iterator[None]:
    """Hold the lock for a change that concerns `follower`; when the outermost change ends, go for what is asked for."""
    due: tuple[Follower, ...] = ()
    told: dict[Observed, Mapping[str, Any]] = {}
    # Not only what is written down: an interrupt may have come before a change could take itself off.
    is_outermost = not _is_held_here()
    try:
        with lock:
            depth, owner = (0, None) if is_outermost else (_present.depth, _present.owner)
            _present.number += is_outermost
            try:
                _present.depth, _present.owner = depth + 1, threading.get_ident()
                _present.concerned[follower] = None
                yield
            finally:
                _present.depth, _present.owner = depth, owner
                if depth == 0:
                    told, _present.before = _present.before, {}
                    due = _present.aimed()
    finally:
        try:
            if told:
                _tell(told)
        finally:
            for concerned in due:
                concerned.advance()


def tell(observed: Observed, before: Mapping[str, Any]) -> None:
    """When the present change ends, tell observers what is different from `before`."""
    _present.before.setdefault(observed, before)


def is_telling() -> bool:
    """Whether this thread is telling observers."""
    return getattr(_telling, "depth", 0) > 0


def _tell(told: Mapping[Observed, Mapping[str, Any]]) -> None:
    """Tell all observers; the errors of some do not keep others from hearing of it."""
    errors = []
    has_turn = _turn.acquire(timeout=_TURN_SECONDS)
    _telling.depth = getattr(_telling, "depth", 0) + 1
    try:
        for observed, before in told.items():
            try:
                observed.tell_since(before)
            except Exception as error:
                errors.append(error)
    finally:
        _telling.depth -= 1
        if has_turn:
            _turn.release()
    if errors:
        raise errors[0]


@contextmanager
def suspended() -> Iterator[None]:
    """Let the change that this thread is in the middle of count now; for an observer that waits for what follows.

    The lock must be held, and is meant to be given up inside by waiting on a condition.
    """
    depth, owner = _present.depth, _present.owner
    _present.depth, _present.owner = 0, None
    for concerned in _present.aimed():
        concerned.advance_elsewhere()
    try:
        yield
    finally:
        _present.depth, _present.owner = depth, owner


def is_mine() -> bool:
    """Whether this thread is in the middle of a change."""
    return _is_held_here() and _present.owner == threading.get_ident()


def mine() -> int | None:
    """The number of the change that this thread is in the middle of; None if it is in none."""
    return _present.number if is_mine() else None


def _is_held_here() -> bool:
    return bool(lock._is_owned())  # type: ignore[attr-defined]  # as threading.Condition asks it
