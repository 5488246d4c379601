"""One side of a comparison, in a process and an environment of its own: `python sides.py velowidget` or `cellrank`.

Reads tasks from standard input, one JSON object a line, and answers each with one. Runs under CellRank's Python too, so
nothing here may import velowidget unless that is the side.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import anndata

STATUS = Path("/proc/self/status")


def megabytes(field):
    """A line of the kernel's account of this process: `VmRSS` (now) or `VmHWM` (most since the last reset)."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def velowidget_kernel(adata, options):
    """Make a velocity kernel of ours, and say how to compute."""
    from velowidget import VelocityKernel

    return VelocityKernel(adata), options


def cellrank_kernel(adata, options):
    """Make CellRank's, and say how to compute."""
    from cellrank.kernels import VelocityKernel

    names = {"mode": "model", "scheme": "similarity"}
    return VelocityKernel(adata), {names.get(name, name): value for name, value in options.items()}


def run(task, adata, make):
    """Constructor and first transition matrix, then one with each of `scales` on the same kernel."""
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")
    before = megabytes("VmRSS") if STATUS.exists() else float("nan")
    started = time.perf_counter()
    kernel, options = make(adata, task["options"])
    made = time.perf_counter()
    kernel.compute_transition_matrix(**options, show_progress_bar=False)
    answer = {"constructor": made - started, "compute": time.perf_counter() - made}
    answer["peak"] = megabytes("VmHWM") - before if STATUS.exists() else float("nan")
    answer["again"] = []
    for scale in task.get("scales", ()):
        started = time.perf_counter()
        kernel.compute_transition_matrix(**options | {"softmax_scale": scale}, show_progress_bar=False)
        answer["again"].append(time.perf_counter() - started)
    return answer


def main():
    """Answer tasks until there are no more."""
    warnings.simplefilter("ignore")
    make = {"velowidget": velowidget_kernel, "cellrank": cellrank_kernel}[sys.argv[1]]
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever libraries print is no answer
    path, adata = None, None
    for line in sys.stdin:
        task = json.loads(line)
        if task["path"] != path:
            path, adata = task["path"], anndata.read_h5ad(task["path"])
        print(json.dumps(run(task, adata, make)), file=answers, flush=True)


if __name__ == "__main__":
    main()
