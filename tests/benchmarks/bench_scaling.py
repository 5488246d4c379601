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


def main():
    """Measure and print."""
    title(f"Scaling, {N_GENES:,} genes, float32, cells in 10 dimensions")
    ratios, memory = [], []
    with tempfile.TemporaryDirectory() as folder:
        warm = saved(manifold(300, 50, 10), folder, "warm")
        for n_cells in SIZES:
            adata = manifold(n_cells, N_GENES, 10)
            graph, x, v = arrays(adata)
            times = in_turn({"gather": lambda g=graph, x=x: gather(g, x), "pass": logits_pass(graph, x, v)}, ROUNDS)
            path = saved(adata, folder, "cells")
            with Side("velowidget", sys.executable) as side:
                side.run(warm)
                answer = side.run(path, softmax_scale=4.0)
            path.unlink()
            for name, of_run in times.items():
                show(f"{n_cells:,} cells, {name}", of_run)
            per_edge = {name: 1e9 * median(of_run) / graph.n_edges for name, of_run in times.items()}
            ratios.append(per_edge["pass"] / per_edge["gather"])
            memory.append(1e6 * answer["peak"] / graph.n_edges)
            print(
                f"  {graph.n_edges:,} edges: {per_edge['pass']:.0f} ns an edge, the gather {per_edge['gather']:.0f}, "
                f"so {ratios[-1]:.2f} x; kernel's peak above the inputs {answer['peak']:.0f} MB, "
                f"{memory[-1]:.0f} bytes an edge"
            )
    verdict("5. pass over gather: largest over smallest ratio", max(ratios) / min(ratios), 1.25, least=False)
    verdict("5. peak bytes an edge: most over fewest", max(memory) / min(memory), 1.25, least=False)


if __name__ == "__main__":
    main()
