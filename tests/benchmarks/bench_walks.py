"""1000 walks of 200 steps beside CellRank's simulator, on chains of 10,000 and 50,000 cells with 30 neighbours each.

CellRank takes a few of the walks: its time per step does not depend on how many there are.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from measure import in_turn, seconds, show, title, verdict
from peers import cellrank_python
from scipy.spatial import cKDTree

from velowidget.core.walks import random_walks

SIZES, N_NEIGHBOURS = (10_000, 50_000), 30
N_WALKS, N_STEPS, PEER_WALKS, REPEATS = 1000, 200, 10, 15

# Its part in its own environment: seconds for each of three runs.
CELLRANK = """
import json, sys, time
import anndata, numpy, scipy.sparse
from cellrank.kernels.utils._random_walk import RandomWalk
matrix = scipy.sparse.load_npz(sys.argv[1])
walks = RandomWalk(anndata.AnnData(numpy.zeros((matrix.shape[0], 1))), matrix)
times = []
for seed in range(4):
    started = time.perf_counter()
    walks.simulate_many(int(sys.argv[2]), max_iter=int(sys.argv[3]), seed=seed, n_jobs=1, show_progress_bar=False)
    times.append(time.perf_counter() - started)
print(json.dumps(times[1:]))
"""


def chain(n_cells):
    """Cells in eight dimensions, each going to its nearest with uneven probabilities."""
    rng = np.random.default_rng(0)
    cells = rng.normal(size=(n_cells, 8)).cumsum(axis=1)
    near = np.sort(cKDTree(cells).query(cells, k=N_NEIGHBOURS + 1)[1][:, 1:], axis=1)
    weights = rng.gamma(0.3, size=near.shape) + 1e-9
    weights /= weights.sum(axis=1, keepdims=True)
    rows = np.arange(0, near.size + 1, N_NEIGHBOURS)
    return sp.csr_matrix((weights.ravel(), near.ravel(), rows), shape=(n_cells, n_cells))


def peer_seconds(python, matrix):
    """Seconds that CellRank takes for a step."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "matrix.npz"
        sp.save_npz(path, matrix, compressed=False)
        arguments = [python, "-W", "ignore", "-c", CELLRANK, path, str(PEER_WALKS), str(N_STEPS)]
        done = subprocess.run(arguments, check=True, capture_output=True, text=True)
    return [seconds / (PEER_WALKS * N_STEPS) for seconds in json.loads(done.stdout.splitlines()[-1])]


def main():
    """Ours in turn, so that a busy moment of the machine is one for both sizes; then CellRank's."""
    title(f"Random walks: {N_WALKS} walks of {N_STEPS} steps")
    chains = {n: chain(n) for n in SIZES}
    everywhere = {n: np.arange(n) for n in SIZES}
    ours = in_turn(
        {f"{n:,} cells": lambda n=n: random_walks(chains[n], everywhere[n], N_WALKS, N_STEPS, 0) for n in SIZES},
        REPEATS,
    )
    steps = N_WALKS * N_STEPS
    prepared = {}
    for n, times in zip(SIZES, ours.values(), strict=True):
        show(f"{n:,} cells", times)
        prepared[n] = seconds(lambda n=n: random_walks(chains[n], everywhere[n], 1, 1, 0), REPEATS)
        show("  of that, checking the chain: one walk of one step", prepared[n])
    per_step = {
        n: (statistics.median(times) - statistics.median(prepared[n])) / steps
        for n, times in zip(SIZES, ours.values(), strict=True)
    }
    for n in SIZES:
        print(f"{n:,} cells: {1e9 * per_step[n]:.0f} ns a step")
    verdict(
        f"a step among {SIZES[1]:,} against {SIZES[0]:,} cells",
        per_step[SIZES[1]] / per_step[SIZES[0]],
        2.5,
        least=False,
    )
    python = cellrank_python()
    if python is None:
        return
    for n, times in zip(SIZES, ours.values(), strict=True):
        theirs = peer_seconds(python, chains[n])
        show(f"{n:,} cells, CellRank, {PEER_WALKS} walks times {N_WALKS // PEER_WALKS}", [steps * s for s in theirs])
        verdict(
            f"as fast as CellRank, {n:,} cells",
            steps * statistics.median(theirs) / statistics.median(times),
            300,
            least=True,
        )


if __name__ == "__main__":
    main()
