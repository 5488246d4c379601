"""The kernel alone: the similarities of 10,000 simulated cells and 2,000 genes, and what a slider repeats.

Medians in milliseconds, with everything compiled.
"""

from __future__ import annotations

import os
import platform
import statistics
import time
from dataclasses import replace

import numba
import numpy as np

from velowidget import datasets
from velowidget.core.grid import average, lattice
from velowidget.core.projection import project
from velowidget.core.similarity import SCHEMES, similarity
from velowidget.core.softmax import row_softmax, transitions
from velowidget.kernels.annotations import read_embedding
from velowidget.kernels.data import read_graph, read_velocity

PASSES, MOVES = 5, 30


def milliseconds(run, repeats):
    """Median, smallest and largest time of a call, after a first one that compiles."""
    run()
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - started))
    return statistics.median(times), min(times), max(times)


def show(label, times):
    """One line."""
    print(f"{label:58s} {times[0]:9.1f}   ({times[1]:.1f} .. {times[2]:.1f})", flush=True)


def main():
    """Measure and print."""
    adata = datasets.bifurcation(n_cells=10_000, n_genes=2000)
    graph, _ = read_graph(adata)
    data = read_velocity(adata, gene_subset=np.ones(adata.n_vars, dtype=bool))
    positions = read_embedding(adata, "umap")
    print(
        f"{graph.n_cells:,} cells x {data.x.shape[1]:,} genes ({data.x.dtype}), "
        f"{graph.n_edges / graph.n_cells:.1f} neighbours each; "
        f"{os.cpu_count()} cores, {numba.get_num_threads()} threads, {platform.machine()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}, Numba {numba.__version__}; "
        f"load {os.getloadavg()[0]:.1f}\n"
    )
    print(f"{'':58s} {'median ms':>9s}   (fastest .. slowest)")
    for scheme in SCHEMES:
        for transposed in (False, True):
            times = milliseconds(
                lambda s=scheme, t=transposed: similarity(graph, data.x, data.v, s, transposed=t), PASSES
            )
            show(f"similarities, {scheme}, {'transposed' if transposed else 'forward'}", times)

    similar = similarity(graph, data.x, data.v)
    on = lattice(positions)
    scales = iter(np.geomspace(0.01, 100, 5 * MOVES) * similar.automatic_scale)

    def arrows(*, matrix=False, grid=False):
        chain = transitions(graph, similar, row_softmax(graph, similar.logits, next(scales)), undefined_stay=True)
        if matrix:
            assert chain.matrix.nnz
        steps = project(graph, chain.probabilities, positions)
        if grid:
            average(on, steps)

    show("softmax scale -> T -> projection", milliseconds(arrows, MOVES))
    show("softmax scale -> T -> projection -> grid", milliseconds(lambda: arrows(grid=True), MOVES))
    show("softmax scale -> T as a sparse matrix -> projection", milliseconds(lambda: arrows(matrix=True), MOVES))
    show("automatic scale", milliseconds(lambda: replace(similar).automatic_scale, MOVES))
    show("grid points (once per embedding)", milliseconds(lambda: lattice(positions), PASSES))


if __name__ == "__main__":
    main()
