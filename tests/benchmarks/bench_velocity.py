"""From counts to velocities, 50,000 cells x 2,000 genes: time and peak memory, beside scVelo's.

`python bench_velocity.py SIDE FOLDER MODE` is one measurement, in a process and an environment of its own; SIDE is
`velowidget` or `scvelo`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median

import anndata
import numpy as np
import scipy.sparse as sp
from measure import show, title, verdict
from peers import cellrank_python
from sides import STATUS, megabytes

SIZE, ROUNDS, MODES = (50_000, 2000), 3, ("deterministic", "stochastic")


def write_counts(folder, n_cells, n_genes, seed=0):
    """Cells anywhere in a square, whose counts follow the place: about one in seven is not 0; 37 nearest neighbours."""
    from made import manifold

    rng = np.random.default_rng(seed)
    adata = manifold(n_cells, n_genes, 2)
    for layer, abundance in (("spliced", 0.2), ("unspliced", 0.08)):
        rates = (abundance * np.exp(0.3 * x) for x in np.array_split(adata.layers["Ms"], 50))
        blocks = [sp.csr_matrix(rng.poisson(of_some)) for of_some in rates]
        sp.save_npz(folder / layer, sp.vstack(blocks, format="csr", dtype=np.float32), compressed=False)
    sp.save_npz(folder / "graph", sp.csr_matrix(adata.obsp["connectivities"]), compressed=False)


def read_counts(folder):
    """What was written: as matrices, since one side's AnnData cannot read the other's files."""
    spliced, unspliced, graph = (sp.load_npz(folder / f"{name}.npz") for name in ("spliced", "unspliced", "graph"))
    uns = {"neighbors": {"connectivities_key": "connectivities", "distances_key": "distances"}}
    uns["neighbors"]["params"] = {"n_neighbors": 30, "method": "umap"}
    layers, obsp = {"spliced": spliced, "unspliced": unspliced}, {"connectivities": graph, "distances": graph}
    return anndata.AnnData(spliced.copy(), layers=layers, obsp=obsp, uns=uns)


def measured(side, folder, mode):
    """Seconds of moments and of velocities after a small warm-up, and megabytes at the peak above the inputs."""
    if side == "velowidget":
        from velowidget import moments, velocity
    else:
        import scvelo

        scvelo.settings.verbosity = 0
        moments, velocity = scvelo.pp.moments, scvelo.tl.velocity
    adata = read_counts(Path(folder))
    small = adata[:300, :50].copy()
    small.obsp["connectivities"] = small.obsp["distances"] = sp.csr_matrix(
        np.roll(np.eye(300, dtype=np.float32), 1, axis=1)
    )
    moments(small)
    velocity(small, mode=mode)
    if STATUS.exists():
        Path("/proc/self/clear_refs").write_text("5")
    before, started = megabytes("VmRSS") if STATUS.exists() else float("nan"), time.perf_counter()
    moments(adata)
    halfway = time.perf_counter()
    velocity(adata, mode=mode)
    ended = time.perf_counter()
    peak = megabytes("VmHWM") - before if STATUS.exists() else float("nan")
    return {"moments": halfway - started, "velocity": ended - halfway, "whole": ended - started, "peak": peak}


def asked(python, side, folder, mode):
    """The same, of another process."""
    command = [python, "-W", "ignore", __file__, side, folder, mode]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1])


def main():
    """Measure and print."""
    title(f"From counts to velocities, {SIZE[0]:,} cells x {SIZE[1]:,} genes")
    theirs = os.environ.get("CELLRANK_PYTHON") or cellrank_python()
    sides = {"velowidget": sys.executable} | ({"scvelo": theirs} if theirs else {})
    with tempfile.TemporaryDirectory() as folder:
        write_counts(Path(folder), *SIZE)
        for mode in MODES:
            found = {side: [] for side in sides}
            for _ in range(ROUNDS):
                for side, python in sides.items():
                    found[side].append(asked(python, side, folder, mode))
            whole = {}
            for side, answers in found.items():
                for step in ("moments", "velocity"):
                    show(f"{side}, {mode}, {step}", [answer[step] for answer in answers])
                whole[side] = [
                    median(a["moments"] + a["velocity"] for a in answers),
                    median(a["peak"] for a in answers),
                ]
                print(f"  {side}: {whole[side][0]:.1f} s, peak {whole[side][1]:,.0f} MB above the inputs")
            if "scvelo" in whole:
                for what, ours, other in zip(
                    ("time", "peak memory"), whole["velowidget"], whole["scvelo"], strict=True
                ):
                    verdict(f"{mode}: scVelo's {what} over ours", other / ours, 1, least=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        warnings.simplefilter("ignore")
        print(json.dumps(measured(*sys.argv[1:])))
    else:
        main()
