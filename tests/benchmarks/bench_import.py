"""How long an import takes, each time in a new process: velowidget beside numpy."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys

RUNS = 15
STATEMENTS = (
    "import numpy",
    "import velowidget",
    "from velowidget import VelocityKernel",
    "from velowidget import VelocityWidget",
)
CODE = "import time; started = time.perf_counter(); {}; print(1000 * (time.perf_counter() - started))"


def milliseconds(statement):
    """Median, smallest and largest time of a statement, after a first run that fills the disk's cache."""
    times = [
        float(subprocess.run([sys.executable, "-c", CODE.format(statement)], check=True, capture_output=True).stdout)
        for _ in range(RUNS + 1)
    ][1:]
    return statistics.median(times), min(times), max(times)


def main():
    """Measure and print."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, load {os.getloadavg()[0]:.1f}"
    print(f"{machine}, Python {platform.python_version()}; {RUNS} processes each\n")
    print(f"{'':58s} {'median ms':>9s}   (fastest .. slowest)")
    for statement in STATEMENTS:
        median, fastest, slowest = milliseconds(statement)
        print(f"{statement:58s} {median:9.1f}   ({fastest:.1f} .. {slowest:.1f})", flush=True)


if __name__ == "__main__":
    main()
