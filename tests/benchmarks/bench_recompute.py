"""What moving a slider repeats, for 10,000 simulated cells and 2,000 genes, with everything compiled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from measure import seconds, show, title

from velowidget import datasets
from velowidget.core.chain import transitions
from velowidget.core.grid import average, lattice
from velowidget.core.projection import project
from velowidget.core.similarity import similarity
from velowidget.core.softmax import row_softmax
from velowidget.data.embeddings import read_embedding
from velowidget.data.graphs import read_graph
from velowidget.data.velocity import read_velocity

PASSES, MOVES = 5, 30


def main():
    """Measure and print."""
    adata = datasets.bifurcation(n_cells=10_000, n_genes=2000)
    graph, _ = read_graph(adata)
    data = read_velocity(adata, gene_subset=np.ones(adata.n_vars, dtype=bool))
    positions = read_embedding(adata, "umap")
    title(f"{graph.n_cells:,} cells x {data.x.shape[1]:,} genes, {graph.n_edges / graph.n_cells:.1f} neighbours each")
    show("similarities, correlation", seconds(lambda: similarity(graph, data.x, data.v), PASSES))
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

    show("softmax scale -> T -> projection", seconds(arrows, MOVES))
    show("softmax scale -> T -> projection -> grid", seconds(lambda: arrows(grid=True), MOVES))
    show("softmax scale -> T as a sparse matrix -> projection", seconds(lambda: arrows(matrix=True), MOVES))
    show("automatic scale", seconds(lambda: replace(similar).automatic_scale, MOVES))
    show("grid points (once per embedding)", seconds(lambda: lattice(positions), PASSES))


if __name__ == "__main__":
    main()
