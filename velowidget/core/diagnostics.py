"""How far a picture of velocities can be believed: three numbers per cell, which answer three different questions.

* :func:`fidelity`: is the arrow on the embedding what the chain does among the genes?
* :func:`support`: do the velocities point at the neighbours any better than velocities without meaning?
* :func:`entropy`: how evenly does the chain spread over the neighbours? That follows from the softmax scale; with the
  automatic one, noise looks as certain as signal.
"""

from __future__ import annotations

import numba as nb
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from velowidget.core.blocks import Report, compiled_code, over_blocks
from velowidget.core.graph import Graph
from velowidget.core.grid import Lattice, average
from velowidget.core.random import GENE_SHUFFLE, key_of, philox

# Edges times genes of one block: some ten milliseconds.
_BLOCK_WORK = 30_000_000

_FAST = {"reassoc", "contract", "nsz"}


def fidelity(
    graph: Graph,
    probabilities: NDArray[np.float64],
    x: NDArray[np.floating],
    positions: NDArray[np.floating],
    arrows: NDArray[np.float64],
    report: Report | None = None,
) -> NDArray[np.float64]:
    """Agreement of each cell's arrow with the chain's mean step in expression space, over the cell's neighbours.

    With the chain's mean step beyond a uniform walk, ``D_i = sum_j (T_ij - 1 / K_i) (x_j - x_i)``, how far neighbour j
    lies along it among the genes is ``a_j = D_i . (x_j - x_i) / |x_j - x_i|``, and along the arrow on the embedding
    ``b_j = P_i . (y_j - y_i) / |y_j - y_i|``. Fidelity is Pearson's correlation of a and b over the neighbours that
    have a place, negative ones counted as 0: 1 if the arrow orders the neighbours as the chain does, 0 if it has
    nothing to do with that.

    Parameters
    ----------
    graph
        Neighbourhoods.
    probabilities
        float64, shape (n_edges,).
    x
        Expression, float32 or float64, C-contiguous, shape (n_cells, n_genes).
    positions, arrows
        The embedding and the arrows on it (:func:`velowidget.core.projection.project`), shape (n_cells, n_dims).
    report
        Progress, in cells.

    Returns
    -------
    float64, shape (n_cells,), from 0 to 1; NaN where the cell has no arrow, or fewer than three such neighbours.
    """
    positions = np.ascontiguousarray(positions, dtype=np.float64)
    arrows = np.ascontiguousarray(arrows, dtype=np.float64)
    out = np.empty(graph.n_cells)

    def compute(start: int, stop: int) -> None:
        _fidelity(graph.order, start, stop, graph.indptr, graph.indices, probabilities, x, positions, arrows, out)

    edges_per_cell = max(1, graph.n_edges // max(1, graph.n_cells))
    over_blocks(compute, graph.n_cells, _BLOCK_WORK // (edges_per_cell * max(1, x.shape[1])), report)
    return out


def support(graph: Graph, logits: NDArray[np.float64], null: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of a cell's similarities that velocities without meaning do not reach.

    ``max(0, 1 - m0_i / m_i)``, with m the mean squared similarity over the neighbours, and m0 that of the same data
    with the genes of each velocity shuffled, averaged over the cell and its neighbours, because a single shuffle says
    little. Similarities are those before scale and softmax, so that support does not depend on the scale.

    Parameters
    ----------
    graph
        Neighbourhoods.
    logits, null
        Similarities of the velocities, and of those with shuffled genes (:func:`shuffled_genes`), shape (n_edges,);
        NaN where undefined.

    Returns
    -------
    float64, shape (n_cells,), from 0 to 1; 0 where all similarities are zero, NaN where none is defined.
    """
    found, single = strength(graph, logits) ** 2, strength(graph, null) ** 2
    around = graph.matrix(np.ones(graph.n_edges)) + sp.identity(graph.n_cells, format="csr")
    defined = ~np.isnan(single)
    expected = (around @ np.where(defined, single, 0.0)) / np.maximum(around @ defined.astype(np.float64), 1.0)
    share = np.divide(expected, found, out=np.ones(graph.n_cells), where=found > 0)
    return np.where(np.isnan(found), np.nan, np.clip(1.0 - share, 0.0, 1.0))


def strength(graph: Graph, logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root mean square of each cell's similarities, shape (n_cells,); NaN where none is defined."""
    defined = ~np.isnan(logits)
    counts = np.bincount(graph.sources[defined], minlength=graph.n_cells)
    squares = np.bincount(graph.sources[defined], weights=logits[defined] ** 2, minlength=graph.n_cells)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.sqrt(squares / counts))


def entropy(graph: Graph, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Entropy of each cell's row over that of a uniform one, ``-sum_j T_ij log T_ij / log K_i``.

    Parameters
    ----------
    graph
        Neighbourhoods.
    probabilities
        float64, shape (n_edges,).

    Returns
    -------
    float64, shape (n_cells,): 0 for a sure step, 1 for a uniform row, as that of a cell with a single neighbour; NaN
    for a cell without neighbours.
    """
    terms = np.zeros(graph.n_edges)
    some = probabilities > 0
    terms[some] = -probabilities[some] * np.log(probabilities[some])
    sums = np.bincount(graph.sources, weights=terms, minlength=graph.n_cells)
    out = np.ones(graph.n_cells)
    np.divide(sums, np.log(np.maximum(graph.degree, 1)), out=out, where=graph.degree > 1)
    out[graph.degree == 0] = np.nan
    return out


def belief(
    on: Lattice, fidelity: NDArray[np.float64], support: NDArray[np.float64], report: Report | None = None
) -> NDArray[np.float64]:
    """How far to believe averages of arrows: the smaller of fidelity and support, averaged as the arrows are.

    Parameters
    ----------
    on
        The lattice of the averages.
    fidelity, support
        Of each cell, float64, shape (n_cells,), from 0 to 1; cells where either is NaN are left out.
    report
        Progress, in cells.

    Returns
    -------
    float64, shape `on.shape`, from 0 to 1; 0 where no cell around has both numbers, NaN where there are no cells.
    """
    values = average(on, np.minimum(fidelity, support)[:, None], report)[..., 0]
    return np.where(on.mass > 0, values, np.nan)


def shuffled_genes(v: NDArray[np.floating], seed: int = 0) -> NDArray[np.floating]:
    """The genes of each velocity in an order of the cell's own.

    Genes, separately for each cell: shuffled cells would change nothing where all cells move one way. By Fisher and
    Yates, with numbers that depend on nothing but the seed and the cell's index.

    Parameters
    ----------
    v
        Velocities, shape (n_cells, n_genes).
    seed
        From 0 to 2^64 - 1.

    Returns
    -------
    A C-contiguous copy of the same dtype.
    """
    out = np.array(v, order="C")
    with compiled_code:
        _shuffle_rows(key_of(seed), out)
    return out


@nb.njit(parallel=True, nogil=True, cache=True)
def _shuffle_rows(key, values):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    n = values.shape[1]
    for i in nb.prange(len(values)):
        for left in range(n - 1, 0, -1):
            word = philox(key, GENE_SHUFFLE, i, left, 0)[0]
            other = (word * np.uint64(left + 1)) >> np.uint64(32)
            values[i, left], values[i, other] = values[i, other], values[i, left]


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _fidelity(order, start, stop, indptr, indices, probabilities, x, positions, arrows, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    n_genes, n_dims = x.shape[1], positions.shape[1]
    for k in nb.prange(start, stop):
        i = order[k]
        degree = indptr[i + 1] - indptr[i]
        out[i] = np.nan
        if degree < 3:
            continue
        step = np.zeros(n_genes)
        for edge in range(indptr[i], indptr[i + 1]):
            weight = probabilities[edge] - 1.0 / degree
            j = indices[edge]
            for g in range(n_genes):
                step[g] += weight * (np.float64(x[j, g]) - np.float64(x[i, g]))
        n, sa, sb, saa, sbb, sab = 0, 0.0, 0.0, 0.0, 0.0, 0.0
        for edge in range(indptr[i], indptr[i + 1]):
            j = indices[edge]
            along, squared = 0.0, 0.0
            for g in range(n_genes):
                d = np.float64(x[j, g]) - np.float64(x[i, g])
                along += step[g] * d
                squared += d * d
            drawn, far = 0.0, 0.0
            for c in range(n_dims):
                d = positions[j, c] - positions[i, c]
                drawn += arrows[i, c] * d
                far += d * d
            if squared == 0.0 or not far > 0.0:  # also of neighbours without a place
                continue
            a, b = along / np.sqrt(squared), drawn / np.sqrt(far)
            n += 1
            sa, sb, saa, sbb, sab = sa + a, sb + b, saa + a * a, sbb + b * b, sab + a * b
        if n < 3:
            continue
        va, vb, cov = saa - sa * sa / n, sbb - sb * sb / n, sab - sa * sb / n
        if va > 1e-24 * saa and vb > 1e-24 * sbb:
            out[i] = max(0.0, cov / np.sqrt(va * vb))
