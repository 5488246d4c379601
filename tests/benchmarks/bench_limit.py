"""How far the passes over edges are from the memory limit: their time over that of a plain gather."""

from __future__ import annotations

from statistics import median

import numpy as np
from gather import gather
from made import arrays, manifold
from measure import in_turn, show, title, verdict

from velowidget.core import similarity as module
from velowidget.core.similarity import SCHEMES, similarity

N_CELLS, N_GENES, ROUNDS = 10_000, 2000, 15


def logits_pass(graph, x, v):
    """The compiled pass alone, for correlations, without what `similarity` does before and after."""
    sums, squares = module._row_sums(x)
    logits, still = np.empty(graph.n_edges), np.empty(graph.n_cells, dtype=bool)
    settings = x, v, sums, squares, 1.0 / x.shape[1], True
    return lambda: module._similarities(
        graph.order, 0, graph.n_cells, graph.indptr, graph.indices, *settings, logits, still
    )


def main():
    """Measure and print."""
    title(f"Distance to the memory limit, {N_CELLS:,} cells x {N_GENES:,} genes, float32")
    for n_dims in (2, 10):
        graph, x, v = arrays(manifold(N_CELLS, N_GENES, n_dims))
        print(f"cells in {n_dims} dimensions, {graph.n_edges / N_CELLS:.1f} neighbours each")
        runs = {"gather": lambda g=graph, x=x: gather(g, x), "logits pass": logits_pass(graph, x, v)}
        for scheme in SCHEMES:
            for transposed in (False, True):
                name = f"similarity(), {scheme}, {'transposed' if transposed else 'forward'}"
                runs[name] = lambda g=graph, x=x, v=v, s=scheme, t=transposed: similarity(g, x, v, s, transposed=t)
        times = in_turn(runs, ROUNDS)
        for name, of_run in times.items():
            show(name, of_run)
        limit = median(times["gather"])
        print(f"  {1e9 * limit / graph.n_edges:.0f} ns an edge for the gather")
        verdict("2. logits pass over gather", median(times["logits pass"]) / limit, 3.0, least=False)
        for name, of_run in list(times.items())[2:]:
            print(f"     {name}: {median(of_run) / limit:.2f} x")


if __name__ == "__main__":
    main()
