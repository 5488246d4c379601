"""From similarities to probabilities, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba as nb
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from velowidget.core.blocks import compiled_code
from velowidget.core.graph import Graph
from velowidget.core.similarity import Similarity


def row_softmax(graph: Graph, logits: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
    """Softmax of ``scale * logits`` over the edges of each cell.

    Parameters
    ----------
    graph
        Neighbourhoods.
    logits
        float64, shape (n_edges,); NaN marks an edge that takes no part.
    scale
        Inverse temperature, at least 0, which makes the defined edges of a cell equally likely.

    Returns
    -------
    float64, shape (n_edges,): rows sum to 1, except those without a defined edge, which are 0.
    """
    if logits.shape != (graph.n_edges,):
        raise ValueError(f"logits have shape {logits.shape}; one for each of {graph.n_edges} edges is needed.")
    probabilities = np.empty(graph.n_edges)
    with compiled_code:
        _softmax(graph.indptr, logits, float(scale), probabilities)
    return probabilities


@nb.njit(parallel=True, nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _softmax(indptr, logits, scale, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    for i in nb.prange(len(indptr) - 1):
        largest = -np.inf
        for edge in range(indptr[i], indptr[i + 1]):
            if logits[edge] > largest:  # false for NaN
                largest = logits[edge]
        total = 0.0
        for edge in range(indptr[i], indptr[i + 1]):
            weight = 0.0
            if not np.isnan(logits[edge]):
                weight = np.exp(scale * (logits[edge] - largest))  # the difference first: the product may overflow
            out[edge] = weight
            total += weight
        if total > 0:
            for edge in range(indptr[i], indptr[i + 1]):
                out[edge] /= total


def freeze(matrix: sp.csr_matrix) -> None:
    """Make the arrays of a matrix read-only."""
    for array in (matrix.data, matrix.indices, matrix.indptr):
        array.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Transitions:
    """Transition probabilities on the edges of a graph.

    Attributes
    ----------
    graph
        Neighbourhoods.
    probabilities
        float64, shape (n_edges,).
    staying
        float64, shape (n_cells,): probability of staying where a cell is, beyond that on an edge to itself. A velocity
        kernel's is 1 for cells that have 0 on all their edges, and 0 for the others.
    """

    graph: Graph
    probabilities: NDArray[np.float64]
    staying: NDArray[np.float64]

    @cached_property
    def matrix(self) -> sp.csr_matrix:
        """The row-stochastic matrix, CSR float64, shape (n_cells, n_cells), read-only; no stored zeros."""
        matrix = self.graph.matrix(self.probabilities)
        if self.staying.any():
            matrix = sp.csr_matrix(matrix + sp.diags_array(self.staying, format="csr"))
        if not matrix.data.all():
            matrix = matrix.copy()
            matrix.eliminate_zeros()
        freeze(matrix)
        return matrix


def transitions(
    graph: Graph, similarity: Similarity, probabilities: NDArray[np.float64], *, undefined_stay: bool
) -> Transitions:
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

    Returns
    -------
    The transitions; cells with zero velocity go to each neighbour alike.
    """
    staying = similarity.undefined & (undefined_stay | (graph.degree == 0))
    uniform = (similarity.undefined & ~staying)[graph.sources]
    if uniform.any():
        probabilities = probabilities.copy()
        probabilities[uniform] = 1.0 / graph.degree[graph.sources[uniform]]
    return Transitions(graph, probabilities, staying.astype(np.float64))
