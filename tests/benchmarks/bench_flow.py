"""Flow between clusters: beside CellRank's `compute_flow` where that fits into memory, and on 50,000 cells."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from measure import in_turn, seconds, show, title, verdict
from peers import cellrank_python

CLUSTERS, TIMES, NEIGHBOURS = 40, 4, 30
BOTH, LARGE = 5_000, 50_000
REPEATS = 5

THEIRS = """
import json, sys, time
import numpy as np, pandas as pd, scipy.sparse as sp
from anndata import AnnData
from cellrank.kernels.utils._tmat_flow import FlowPlotter
stored = np.load(sys.argv[1])
n = len(stored["clusters"])
matrix = sp.csr_matrix((stored["data"], stored["indices"], stored["indptr"]), shape=(n, n))
obs = pd.DataFrame({"clusters": pd.Categorical(stored["clusters"]), "day": stored["times"].astype(float)})
obs.index = obs.index.astype(str)
plotter = FlowPlotter(AnnData(np.zeros((n, 1), np.float32), obs=obs), matrix, "clusters", "day")
days = np.unique(stored["times"]).astype(float)
pairs = list(zip(days[:-1], days[1:]))
times = []
for _ in range(1 + int(sys.argv[2])):
    started = time.perf_counter()
    flow = plotter.compute_flow(pairs)
    times.append(time.perf_counter() - started)
np.save(sys.argv[3], flow.to_numpy())
print(json.dumps(times[1:]))
"""


def made(n_cells: int):
    """A kernel of a random chain on neighbours along a line, with 40 clusters along it and four times."""
    import pandas as pd
    import scipy.sparse as sp
    from anndata import AnnData

    from velowidget import PrecomputedKernel

    rng = np.random.default_rng(0)
    indices = np.arange(n_cells)[:, None] + rng.integers(-3 * NEIGHBOURS, 3 * NEIGHBOURS, (n_cells, NEIGHBOURS))
    values = rng.gamma(0.5, size=indices.shape)
    rows = np.repeat(np.arange(n_cells), NEIGHBOURS)
    matrix = sp.csr_matrix((values.ravel(), (rows, indices.ravel() % n_cells)), shape=(n_cells, n_cells))
    clusters = np.arange(n_cells) * CLUSTERS // n_cells
    obs = pd.DataFrame({"clusters": pd.Categorical(clusters), "day": rng.integers(0, TIMES, n_cells).astype(float)})
    obs.index = obs.index.astype(str)
    return PrecomputedKernel(matrix, AnnData(np.zeros((n_cells, 1), np.float32), obs=obs))


def theirs(kernel, folder: Path):
    """CellRank's times and table for a kernel's matrix; None where CellRank is not to be had."""
    python = cellrank_python()
    if python is None:
        return None
    matrix, obs = kernel.transition_matrix, kernel.adata.obs
    parts = {name: getattr(matrix, name) for name in ("data", "indices", "indptr")}
    np.savez(folder / "chain.npz", clusters=obs["clusters"].cat.codes, times=obs["day"], **parts)
    arguments = [python, "-W", "ignore", "-c", THEIRS, folder / "chain.npz", str(REPEATS), folder / "flow.npy"]
    answer = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
    return json.loads(answer.splitlines()[-1]), np.load(folder / "flow.npy")


def main() -> None:
    title(f"Flow between {CLUSTERS} clusters, {NEIGHBOURS} neighbours, {TIMES} times")
    small, large = made(BOTH), made(LARGE)
    ours = seconds(lambda: small.flow(time_key="day"), REPEATS)
    show(f"{BOTH:,} cells, over time", ours)
    with tempfile.TemporaryDirectory() as folder:
        peer = theirs(small, Path(folder))
    if peer is not None:
        times, table = peer
        show(f"{BOTH:,} cells, over time, CellRank 2.0.7", times)
        ratio = float(np.median(times) / np.median(ours))
        print(f"  ratio {ratio:.0f} x; largest difference {np.abs(table - small.flow(time_key='day')).max().max():.1e}")
    from velowidget.core.flow import interval, null
    from velowidget.data.groups import read_cells

    groups, graph = read_cells(large.adata).groups, large.chain.graph
    values = large.chain.probabilities
    found = null(graph, values, groups)
    runs = {
        f"{LARGE:,} cells, without time": lambda: large.flow(),
        f"{LARGE:,} cells, over time": lambda: large.flow(time_key="day"),
        f"{LARGE:,} cells, expectation and z": lambda: null(graph, values, groups),
        f"{LARGE:,} cells, 200 permutations": lambda: interval(graph, values, groups, found, 200, 0),
    }
    for name, measured in in_turn(runs, REPEATS).items():
        show(name, measured)
    rows = large.flow().sum(axis=1)
    verdict("largest distance of a row's sum from 1", float(np.abs(rows - 1).max()), 1e-9, least=False, unit="")


if __name__ == "__main__":
    main()
