"""One lock for every change of parameters in this process.

Traits are not thread-safe, and a change of one pipeline may change another that is linked to it, in whichever order: a
lock for each would let two threads wait for each other. What follows from a change is done when the outermost change
ends, without the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol


class Follower(Protocol):
    """What a change may concern."""

    def aim(self) -> None:
        """Look at what is asked for now; called under the lock."""

    def advance(self) -> None:
        """Go for it; called without the lock."""

    def advance_elsewhere(self) -> None:
        """Go for it in another thread; called under the lock."""


lock = threading.RLock()
"""Held for every change; its waiting is done through `threading.Condition`."""


@dataclass
class _Present:
    """The present change: how deep it is nested, in which thread, and whom it concerns. Guarded by the lock."""

    depth: int = 0
    owner: int | None = None
    concerned: dict[Follower, None] = field(default_factory=dict)

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
    # Not only what is written down: an interrupt may have come before a change could take itself off.
    is_outermost = not _is_held_here()
    try:
        with lock:
            depth, owner = (0, None) if is_outermost else (_present.depth, _present.owner)
            try:
                _present.depth, _present.owner = depth + 1, threading.get_ident()
                _present.concerned[follower] = None
                yield
            finally:
                _present.depth, _present.owner = depth, owner
                if depth == 0:
                    due = _present.aimed()
    finally:
        for concerned in due:
            concerned.advance()


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


def _is_held_here() -> bool:
    return bool(lock._is_owned())  # type: ignore[attr-defined]  # as threading.Condition asks it
