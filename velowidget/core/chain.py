"""A Markov chain of cells: the value that kernels, pipeline, analyses and plots share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from velowidget.core.graph import Graph, freeze
from velowidget.core.similarity import Similarity


@dataclass(frozen=True, eq=False)
class Chain:
    """A Markov chain on the edges of a graph.

    Attributes
    ----------
    graph
        Neighbourhoods.
    probabilities
        float64, shape (n_edges,).
    staying
        float64, shape (n_cells,): probability of staying where a cell is, beyond that on an edge to itself. A velocity
        kernel's is 1 for cells that have 0 on all their edges, and 0 for the others.
    similarity
        Similarities that the probabilities were made of; None without velocities.
    softmax_scale
        The scale that made probabilities of them; NaN without velocities.
    direction
        ``'forward'``; ``'transpose'`` or ``'negate'`` backward, or ``'backward'`` where similarities have no part in
        it; None for a chain without direction.
    given
        The whole matrix, where it was not made of the probabilities; it may have entries that are on no edge.
    """

    graph: Graph
    probabilities: NDArray[np.float64]
    staying: NDArray[np.float64]
    similarity: Similarity | None = None
    softmax_scale: float = math.nan
    direction: str | None = None
    given: sp.csr_matrix | None = None

    @cached_property
    def matrix(self) -> sp.csr_matrix:
        """The row-stochastic matrix, CSR float64, shape (n_cells, n_cells), read-only; no stored zeros."""
        if self.given is not None:
            return self.given
        matrix = self.graph.matrix(self.probabilities)
        if self.staying.any():
            matrix = sp.csr_matrix(matrix + sp.diags_array(self.staying, format="csr"))
        if not matrix.data.all():
            matrix = matrix.copy()
            matrix.eliminate_zeros()
        freeze(matrix)
        return matrix


def chain_of(matrix: sp.csr_matrix, graph: Graph, direction: str | None) -> Chain:
    """The chain of a matrix that exists already, with its probabilities on the edges of a graph."""
    # SciPy makes one entry of none where there are no edges at all.
    on_edges = np.asarray(matrix[graph.sources, graph.indices]).ravel() if graph.n_edges else np.zeros(0)
    staying = np.asarray(matrix.diagonal(), dtype=np.float64)
    staying[graph.sources[graph.sources == graph.indices]] = 0.0
    return Chain(graph, on_edges, staying, direction=direction, given=matrix)


def transitions(
    graph: Graph,
    similarity: Similarity,
    probabilities: NDArray[np.float64],
    *,
    undefined_stay: bool,
    softmax_scale: float = math.nan,
    direction: str = "forward",
) -> Chain:
    """Complete transition probabilities where no similarity is defined.

    Parameters
    ----------
    graph, similarity
        Neighbourhoods and the similarities on their edges.
    probabilities
        float64, shape (n_edges,), as from `row_softmax`: 0 for cells without a defined similarity.
    undefined_stay
        What becomes of cells without a defined similarity: they stay, or go to each neighbour alike.
        Cells without neighbours stay in any case.
    softmax_scale, direction
        Of the chain.

    Returns
    -------
    The chain; cells with zero velocity go to each neighbour alike.
    """
    staying = similarity.undefined & (undefined_stay | (graph.degree == 0))
    uniform = (similarity.undefined & ~staying)[graph.sources]
    if uniform.any():
        probabilities = probabilities.copy()
        probabilities[uniform] = 1.0 / graph.degree[graph.sources[uniform]]
    return Chain(graph, probabilities, staying.astype(np.float64), similarity, softmax_scale, direction)
