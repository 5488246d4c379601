"""How long an import takes, each time in a new process: velowidget beside numpy."""

from __future__ import annotations

import subprocess
import sys

from measure import show, title

RUNS = 15
STATEMENTS = (
    "import numpy",
    "import velowidget",
    "from velowidget import VelocityKernel",
    "from velowidget import VelocityWidget",
)
CODE = "import time; started = time.perf_counter(); {}; print(time.perf_counter() - started)"


def seconds(statement):
    """Times of a statement, after a first run that fills the disk's cache."""
    code = CODE.format(statement)
    runs = [subprocess.run([sys.executable, "-c", code], check=True, capture_output=True) for _ in range(RUNS + 1)]
    return [float(run.stdout) for run in runs[1:]]


def main():
    """Measure and print."""
    title(f"Imports, {RUNS} processes each")
    for statement in STATEMENTS:
        show(statement, seconds(statement))


if __name__ == "__main__":
    main()
