"""Time and memory as the number of cells grows: beside the gather pass of the same size, and per edge."""

from __future__ import annotations

import sys
import tempfile
from statistics import median

from bench_limit import logits_pass
from gather import gather
from made import arrays, manifold, saved
from measure import in_turn, show, title, verdict
from peers import Side

SIZES, N_GENES, ROUNDS = (5_000, 20_000, 50_000), 2000, 7


def measured(n_cells, n_dims, folder, warm):
    """Pass over gather, and the kernel's peak memory above its inputs in bytes an edge."""
    adata = manifold(n_cells, N_GENES, n_dims)
    graph, x, v = arrays(adata)
    times = in_turn({"gather": lambda: gather(graph, x), "pass": logits_pass(graph, x, v)}, ROUNDS)
    with Side("velowidget", sys.executable) as side:
        side.run(warm)
        peak = side.run(saved(adata, folder, "cells"), softmax_scale=4.0)["peak"]
    for name, of_run in times.items():
        show(f"{n_cells:,} cells in {n_dims} dimensions, {name}", of_run)
    per_edge = {name: 1e9 * median(of_run) / graph.n_edges for name, of_run in times.items()}
    ratio, memory = per_edge["pass"] / per_edge["gather"], 1e6 * peak / graph.n_edges
    print(
        f"  {graph.n_edges:,} edges: {per_edge['pass']:.0f} ns an edge, the gather {per_edge['gather']:.0f}, so "
        f"{ratio:.2f} x; kernel's peak above the inputs {peak:.0f} MB, {memory:.0f} bytes an edge"
    )
    return ratio, memory


def main():
    """Measure and print."""
    title(f"Scaling, {N_GENES:,} genes, float32")
    with tempfile.TemporaryDirectory() as folder:
        warm = saved(manifold(300, 50, 2), folder, "warm")
        for n_dims in (2, 10):
            figures = [measured(n_cells, n_dims, folder, warm) for n_cells in SIZES]
            ratios, memory = zip(*figures, strict=True)
            spread, bytes_spread = (max(of) / min(of) for of in (ratios, memory))
            verdict(f"5. {n_dims} dimensions: largest over smallest ratio to gather", spread, 1.25, least=False)
            verdict(f"5. {n_dims} dimensions: most over fewest peak bytes an edge", bytes_spread, 1.25, least=False)


if __name__ == "__main__":
    main()
