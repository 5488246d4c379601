"""Long passes over cells, in blocks: the one place where progress, cancelling and compiled code meet.

Numba's ``workqueue`` threading layer aborts the process when two threads enter parallel code at once,
so every parallel call holds one process-wide lock, for one block at a time: light work gets in between.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

Report = Callable[[int, int], None]
"""Called as ``report(done, total)`` between blocks; whatever it raises ends the pass."""

compiled_code = threading.RLock()
"""Held around every call of parallel compiled code in this process."""


def over_blocks(
    compute: Callable[[int, int], None],
    total: int,
    block: int,
    report: Report | None = None,
) -> None:
    """Call ``compute(start, stop)`` over ``range(total)`` in blocks.

    Parameters
    ----------
    compute
        Does the work of the half-open range ``[start, stop)``.
    total
        How many items there are.
    block
        How many items one call takes, at least 1.
    report
        Called before each block and once at the end.
    """
    for start in range(0, total, max(1, block)):
        if report is not None:
            report(start, total)
        with compiled_code:
            compute(start, min(start + max(1, block), total))
    if report is not None:
        report(total, total)
