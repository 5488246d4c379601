"""What every benchmark needs: the machine in a line, medians, and a verdict beside each limit."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[2]
PANCREAS = ROOT.parent / "shared" / "data" / "pancreas.h5ad"


def machine() -> str:
    """Cores, processor and versions; and how busy the machine is with other things."""
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, "
        f"NumPy {version('numpy')}, Numba {version('numba')}; load {os.getloadavg()[0]:.1f}"
    )


def seconds(run: Callable[[], object], repeats: int) -> list[float]:
    """Times of a call, after a first one that compiles."""
    run()
    return [timed(run) for _ in range(repeats)]


def timed(run: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def in_turn(runs: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Times of several calls that take turns, so that a busy moment of the machine is one for all."""
    for run in runs.values():
        run()
    times: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(repeats):
        for name, run in runs.items():
            times[name].append(timed(run))
    return times


def title(text: str) -> None:
    """Name of what follows, and the machine."""
    print(f"\n{text}\n{machine()}\n\n{'':62s} {'median ms':>10s}   (fastest .. slowest)", flush=True)


def show(label: str, times: Sequence[float]) -> None:
    """One line for the times of one thing."""
    low, middle, high = (1000 * f(times) for f in (min, statistics.median, max))
    print(f"{label:62s} {middle:10.1f}   ({low:.1f} .. {high:.1f})", flush=True)


def verdict(label: str, value: float, limit: float, *, least: bool, unit: str = "x") -> None:
    """One line for a figure that has a limit, which it has to reach (`least`) or must not pass."""
    met = value >= limit if least else value <= limit
    bound = f"at {'least' if least else 'most'} {limit:g} {unit}"
    print(f"  {label:60s} {value:10.2f} {unit:2s} {bound:18s} {'met' if met else 'MISSED'}", flush=True)
