"""From starting Python to the first transition matrix, each time in a new process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from made import saved, simulated
from measure import PANCREAS, show, timed, title, verdict
from peers import cellrank_python

RUNS = 5
CODE = """import anndata
from {package} import VelocityKernel
kernel = VelocityKernel(anndata.read_h5ad({path!r}))
kernel.compute_transition_matrix(show_progress_bar=False)"""


def start(python, package, path, cache=None):
    """Run one process to its end."""
    environment = os.environ | ({"NUMBA_CACHE_DIR": str(cache)} if cache else {})
    code = CODE.format(package=package, path=str(path))
    subprocess.run([python, "-W", "ignore", "-c", code], check=True, capture_output=True, env=environment)


def main():
    """Measure and print."""
    peer = cellrank_python()
    with tempfile.TemporaryDirectory() as folder:
        path = PANCREAS if PANCREAS.exists() else saved(simulated(739, 804), folder, "simulated")
        title(f"Cold start: new process, import to the first transition matrix, {path.stem}")
        times = {"velowidget, compiled code in the cache": [], "velowidget, empty cache": [], "cellrank": []}
        start(sys.executable, "velowidget", path)
        for run in range(RUNS):
            times["velowidget, compiled code in the cache"].append(
                timed(lambda: start(sys.executable, "velowidget", path))
            )
            empty = Path(folder) / f"cache{run}"
            times["velowidget, empty cache"].append(
                timed(lambda empty=empty: start(sys.executable, "velowidget", path, empty))
            )
            if peer:
                times["cellrank"].append(timed(lambda: start(peer, "cellrank.kernels", path)))
    warm, cold, other = times.values()
    for name, of_run in times.items():
        if of_run:
            show(name, of_run)
    if other:
        verdict("6. cold start, CellRank's time over ours", median(other) / median(warm), 5, least=True)
        print(f"     with an empty cache: {median(other) / median(cold):.1f} x")


if __name__ == "__main__":
    main()
