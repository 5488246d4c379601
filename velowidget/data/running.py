"""How a computation runs, not what it gives: how many threads it takes, and what it shows meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba as nb
import numpy as np

from velowidget.core.blocks import Report
from velowidget.data.messages import shown

# Seconds without a progress bar: most computations are over by then.
_DELAY = 1.0


@contextmanager
def threads(n_jobs: int | None) -> Iterator[None]:
    """Let compiled code use a number of threads, and as many as before afterwards.

    Parameters
    ----------
    n_jobs
        At least 1; -1 is all there are, -2 all but one, and so on; None leaves the number as it is.

    Raises
    ------
    TypeError, ValueError
        If it is no whole number, or 0.
    """
    if n_jobs is None:
        yield
        return
    if isinstance(n_jobs, bool) or not isinstance(n_jobs, int | np.integer):
        raise TypeError(f"n_jobs must be a whole number or None, not {shown(n_jobs)}.")
    if n_jobs == 0:
        raise ValueError("n_jobs must not be 0: give the number of threads, -1 for all, or None.")
    available: int = nb.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    before = nb.get_num_threads()
    nb.set_num_threads(min(max(1, int(n_jobs) if n_jobs > 0 else available + 1 + int(n_jobs)), available))
    try:
        yield
    finally:
        nb.set_num_threads(before)


@contextmanager
def progress_bar(*, shown: bool, unit: str = "cells") -> Iterator[Report | None]:
    """What to give to core as `report`: None, or a bar that appears if a pass takes more than a second."""
    if not shown:
        yield None
        return
    bar = _Bar(unit)
    try:
        yield bar.report
    finally:
        bar.close()


class _Bar:
    """A bar for one pass after the other."""

    def __init__(self, unit: str) -> None:
        self._bar: Any = None
        self._unit = unit
        self._started = time.monotonic()

    def report(self, done: int, total: int) -> None:
        if done == 0:  # the next pass
            self.close()
            self._started = time.monotonic()
        elif self._bar is None and done < total and time.monotonic() - self._started > _DELAY:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=total, initial=done, unit=f" {self._unit}")
        if self._bar is not None:
            self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
