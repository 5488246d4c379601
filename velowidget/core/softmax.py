"""From similarities to probabilities, row by row."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from velowidget.core.blocks import compiled_code
from velowidget.core.graph import Graph


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


def above(graph: Graph, probabilities: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Probabilities with those below a threshold set to 0, and each row divided by its new sum.

    Parameters
    ----------
    graph
        Neighbourhoods.
    probabilities
        float64, shape (n_edges,): rows sum to 1, or are 0.
    threshold
        At least 0. A row whose entries are all below it keeps the largest of them.

    Returns
    -------
    float64, shape (n_edges,): rows sum to 1, or are 0 as they were.
    """
    kept = np.empty(graph.n_edges)
    with compiled_code:
        _above(graph.indptr, probabilities, float(threshold), kept)
    return kept


@nb.njit(parallel=True, nogil=True, cache=True)
def _above(indptr, probabilities, threshold, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    for i in nb.prange(len(indptr) - 1):
        largest = 0.0
        for edge in range(indptr[i], indptr[i + 1]):
            largest = max(largest, probabilities[edge])
        least = min(threshold, largest)
        total = 0.0
        for edge in range(indptr[i], indptr[i + 1]):
            out[edge] = probabilities[edge] if probabilities[edge] >= least else 0.0
            total += out[edge]
        if total > 0:
            for edge in range(indptr[i], indptr[i + 1]):
                out[edge] /= total
