"""Moments over a cell's neighbours and itself, all with the same weight, gene by gene.

Of abundances, the means that velocities are estimated from (Bergen et al. 2020). Of velocities, ``m_i = mean_j v_j``
and ``S_i = mean_j (v_j - m_i)^2``: what the stochastic modes know of their uncertainty (Lange et al. 2022).
"""

from __future__ import annotations

import numba as nb
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from velowidget.core.blocks import Report, over_blocks
from velowidget.core.graph import Graph
from velowidget.core.random import SAMPLING, key_of, normals

# Edges times genes of one block: some ten milliseconds.
_BLOCK_WORK = 50_000_000

_FAST = {"reassoc", "contract", "nsz"}  # never "nnan": NaN must stay NaN


def abundance_means(graph: Graph, values: sp.csr_matrix, *, report: Report | None = None) -> NDArray[np.float32]:
    """Mean of sparse values over each cell's neighbours and itself.

    Parameters
    ----------
    graph
        Neighbourhoods; a cell that is its own neighbour counts once.
    values
        CSR, shape (n_cells, n_genes).
    report
        Progress, in cells.

    Returns
    -------
    float32, C-contiguous, shape (n_cells, n_genes), summed in float64.
    """
    _check_cells(graph, values)
    means = np.empty(values.shape, dtype=np.float32)

    def compute(start: int, stop: int) -> None:
        arrays = values.indptr, values.indices, values.data
        _abundance_means(graph.order, start, stop, graph.indptr, graph.indices, *arrays, means)

    stored_per_cell = values.nnz // max(1, graph.n_cells)
    over_blocks(compute, graph.n_cells, cells_per_block(graph, stored_per_cell, _BLOCK_WORK), report)
    return means


def second_moments(
    graph: Graph, spliced: sp.csc_matrix, unspliced: sp.csc_matrix, genes: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means of sparse squares and products over each cell's neighbours and itself, for some genes.

    Parameters
    ----------
    graph
        Neighbourhoods; a cell that is its own neighbour counts once.
    spliced, unspliced
        CSC with sorted indices, shape (n_cells, n_genes).
    genes
        Columns, int64.

    Returns
    -------
    Means of ``spliced * spliced`` and of ``spliced * unspliced``, float64, shape (len(genes), n_cells).
    """
    _check_cells(graph, spliced)
    members, n_members = graph.members
    squares, products = np.zeros((2, len(genes), graph.n_cells))
    s, u = ((of_layer.indptr, of_layer.indices, of_layer.data) for of_layer in (spliced, unspliced))
    _add_second_moments(members.indptr, members.indices, genes, *s, *u, squares, products)
    squares /= n_members
    products /= n_members
    return squares, products


def velocity_moments(
    graph: Graph, v: NDArray[np.floating], *, report: Report | None = None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and variance of the velocities over each cell's neighbours and itself.

    Parameters
    ----------
    graph
        Neighbourhoods; a cell that is its own neighbour counts once.
    v
        Velocity, float32 or float64, C-contiguous, shape (n_cells, n_genes).
    report
        Progress, in cells.

    Returns
    -------
    Mean and variance (of the population, at least 0), float64, shape (n_cells, n_genes).
    """
    _check_cells(graph, v)
    mean, variance = np.empty(v.shape), np.empty(v.shape)

    def compute(start: int, stop: int) -> None:
        _moments(graph.order, start, stop, graph.indptr, graph.indices, v, mean, variance)

    over_blocks(compute, graph.n_cells, cells_per_block(graph, v.shape[1], _BLOCK_WORK), report)
    return mean, variance


def draw_velocities(
    graph: Graph, v: NDArray[np.floating], seed: int, *, report: Report | None = None
) -> NDArray[np.floating]:
    """One random velocity per cell, from the normal distributions with the moments of its neighbourhood.

    Genes are independent. The numbers of a cell depend on the seed and its index only.

    Parameters
    ----------
    graph, v, report
        As in `velocity_moments`.
    seed
        From 0 to 2^64 - 1.

    Returns
    -------
    Velocities with shape and type of `v`; zero where all velocities of the neighbourhood are.
    """
    _check_cells(graph, v)
    key = key_of(seed)
    drawn = np.empty_like(v)

    def compute(start: int, stop: int) -> None:
        _draw(graph.order, start, stop, graph.indptr, graph.indices, v, key, drawn)

    over_blocks(compute, graph.n_cells, cells_per_block(graph, v.shape[1], _BLOCK_WORK), report)
    return drawn


def cells_per_block(graph: Graph, n_genes: int, work: int) -> int:
    """How many cells make about `work` edges times genes, at least 1."""
    edges_per_cell = max(1, graph.n_edges // max(1, graph.n_cells))
    return max(1, work // (edges_per_cell * max(1, n_genes)))


def _check_cells(graph: Graph, v: NDArray[np.floating] | sp.csr_matrix) -> None:
    if v.shape[0] != graph.n_cells:
        raise ValueError(f"v has shape {v.shape}; one row for each of {graph.n_cells} cells is needed.")


@nb.njit(nogil=True, fastmath=_FAST)
def cell_moments(i, indptr, indices, v, mean, variance):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  # pragma: no cover
    """Fill `mean` and `variance`, shape (n_genes,), with those of cell i.

    Deviations are taken from the cell's own velocity, so that a variance far below the squared mean keeps its digits,
    and equal velocities have variance 0.
    """
    mean[:] = 0.0
    variance[:] = 0.0
    count = 1
    last = indptr[i + 1]
    for edge in range(indptr[i], last, 4):  # four at a time share the loads and stores; the cell itself adds nothing
        j0 = indices[edge]
        j1 = indices[edge + 1] if edge + 1 < last else i
        j2 = indices[edge + 2] if edge + 2 < last else i
        j3 = indices[edge + 3] if edge + 3 < last else i
        count += (j0 != i) + (j1 != i) + (j2 != i) + (j3 != i)
        _add_deviations(v[i], v[j0], v[j1], v[j2], v[j3], mean, variance)
    for g in range(len(mean)):
        shift = mean[g] / count
        mean[g] = np.float64(v[i, g]) + shift
        variance[g] = max(variance[g] / count - shift * shift, 0.0)


@nb.njit(nogil=True, fastmath=_FAST)
def _add_deviations(own, v0, v1, v2, v3, total, squared):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Add the deviations of four velocities from a cell's own, and their squares."""
    for g in range(len(own)):
        origin = np.float64(own[g])
        d0, d1 = np.float64(v0[g]) - origin, np.float64(v1[g]) - origin
        d2, d3 = np.float64(v2[g]) - origin, np.float64(v3[g]) - origin
        total[g] += (d0 + d1) + (d2 + d3)
        squared[g] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _abundance_means(order, start, stop, indptr, indices, rows, columns, values, means):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    for k in nb.prange(start, stop):
        i = order[k]
        total = np.zeros(means.shape[1])
        for place in range(rows[i], rows[i + 1]):
            total[columns[place]] += values[place]
        count = 1
        for edge in range(indptr[i], indptr[i + 1]):
            j = indices[edge]
            if j != i:
                count += 1
                for place in range(rows[j], rows[j + 1]):
                    total[columns[place]] += values[place]
        for g in range(len(total)):
            means[i, g] = total[g] / count


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _add_second_moments(cells, ends, genes, s_genes, s_cells, s, u_genes, u_cells, u, squares, products):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Add what each cell has stored to the cells whose neighbourhood it is in: zeros cost nothing."""
    for k in nb.prange(len(genes)):
        square, product = squares[k], products[k]
        of_u, last_u = u_genes[genes[k]], u_genes[genes[k] + 1]
        for of_s in range(s_genes[genes[k]], s_genes[genes[k] + 1]):
            j = s_cells[of_s]
            members = ends[cells[j] : cells[j + 1]]
            value = np.float64(s[of_s])
            for i in members:
                square[i] += value * value
            while of_u < last_u and u_cells[of_u] < j:
                of_u += 1
            if of_u < last_u and u_cells[of_u] == j:
                for i in members:
                    product[i] += value * u[of_u]


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _moments(order, start, stop, indptr, indices, v, mean, variance):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    for k in nb.prange(start, stop):
        cell_moments(order[k], indptr, indices, v, mean[order[k]], variance[order[k]])


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _draw(order, start, stop, indptr, indices, v, key, drawn):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    n_genes = v.shape[1]
    for k in nb.prange(start, stop):
        i = order[k]
        mean, variance = np.empty(n_genes), np.empty(n_genes)
        cell_moments(i, indptr, indices, v, mean, variance)
        for first in range(0, n_genes, 4):
            numbers = normals(key, SAMPLING, i, 0, first // 4)
            for g in range(first, min(first + 4, n_genes)):
                drawn[i, g] = mean[g] + np.sqrt(variance[g]) * numbers[g - first]
