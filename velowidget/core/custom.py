"""Schemes of a user's own: any callable, asked about one cell after the other.

``scheme(v, d, scale)`` is given float64 arrays of its own: velocities `v`, shape (1, n_genes) for the cell's own or
(n_neighbors, n_genes) for the neighbours' (transposed), and displacements `d`, shape (n_neighbors, n_genes). It returns
the probabilities and the similarities before scale and softmax, each of shape (n_neighbors,). Probabilities sum to 1; a
cell all of whose probabilities are NaN has no defined similarity. For the expectation to second order,
``scheme.hessian(v, d, scale)`` with `v` of shape (n_genes,) returns the second derivatives of the probabilities by the
velocity, shape (n_neighbors, n_genes, n_genes), or their diagonals, shape (n_neighbors, n_genes). It is the contract of
CellRank's similarity schemes, which can be used as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from numpy.typing import NDArray

from velowidget.core.blocks import Report, over_blocks
from velowidget.core.graph import Graph
from velowidget.core.random import MONTE_CARLO, key_of, normals
from velowidget.core.similarity import Similarity

Array = NDArray[np.float64]
Scheme = Callable[[Array, Array, float], Any]

CONTRACT = (
    "A scheme is called as scheme(v, d, scale) and returns (probabilities, similarities), each of shape "
    "(n_neighbors,); probabilities are at least 0 and sum to 1, or are all NaN where nothing is defined"
)
# Cells between two reports of progress: one where it takes second derivatives or many samples.
_BLOCK, _SLOW_BLOCK = 16, 1
# Sums of probabilities in float32 are this close to 1.
_CLOSE = 1e-5


def custom_similarity(
    graph: Graph,
    x: NDArray[np.floating],
    v: NDArray[np.floating],
    scheme: Scheme,
    scale: float,
    *,
    transposed: bool = False,
    sign: float = 1.0,
    report: Report | None = None,
) -> tuple[Similarity, Array]:
    """Similarities and probabilities of a callable scheme, velocities as they are.

    Parameters
    ----------
    graph
        Neighbourhoods.
    x, v
        Expression and velocity, shape (n_cells, n_genes).
    scheme
        The callable.
    scale
        Handed to it.
    transposed
        Give it each neighbour's velocity and the way from it to the cell, not the cell's own and the way to it.
    sign
        Factor on the velocities: -1 negates them.
    report
        Progress, in cells.

    Returns
    -------
    The similarities, and the probabilities, float64, shape (n_edges,). Cells with zero velocity (not transposed) go to
    each neighbour alike, and the scheme is not asked about them.

    Raises
    ------
    TypeError, ValueError
        If what the scheme returns is not what its contract says.
    """

    def row(i: int, around: NDArray[np.int32], d: Array) -> tuple[Array, Array] | None:
        if transposed:
            return _ask(scheme, sign * v[around].astype(np.float64), -d, scale, i)
        velocity = sign * v[i].astype(np.float64)
        return _ask(scheme, velocity[None], d, scale, i) if velocity.any() else None

    return _over_cells(graph, x, row, report)


def custom_stochastic(
    graph: Graph,
    x: NDArray[np.floating],
    v: NDArray[np.floating],
    scheme: Any,
    scale: float,
    *,
    sign: float = 1.0,
    report: Report | None = None,
) -> tuple[Similarity, Array]:
    """Expected probabilities of a callable scheme under uncertain velocities, to second order.

    As :func:`velowidget.core.stochastic.stochastic`, with the second derivatives of ``scheme.hessian``; parameters and
    result are those of `custom_similarity`.
    """

    def row(i: int, around: NDArray[np.int32], d: Array) -> tuple[Array, Array] | None:
        mean, variance = _moments(v, around, i)
        if not mean.any():
            return None
        mean *= sign
        second = _second_derivatives(scheme, mean.copy(), d.copy(), scale, i)
        p, s = _ask(scheme, mean[None], d, scale, i)
        expected = np.nan_to_num(np.clip(p + 0.5 * second @ variance, 0.0, 1.0), nan=0.0)
        if np.isnan(s).all():
            return p, s
        return (expected / expected.sum() if expected.any() else np.full(len(p), 1 / len(p))), s

    return _over_cells(graph, x, row, report, _SLOW_BLOCK)


def custom_monte_carlo(
    graph: Graph,
    x: NDArray[np.floating],
    v: NDArray[np.floating],
    scheme: Scheme,
    scale: float,
    n_samples: int,
    seed: int,
    *,
    sign: float = 1.0,
    report: Report | None = None,
) -> tuple[Similarity, Array]:
    """Probabilities and similarities of a callable scheme, averaged over random velocities, every gene drawn.

    Parameters
    ----------
    n_samples
        How many velocities of each cell, at least 1; the scheme is asked as many times about each cell.
    seed
        From 0 to 2^64 - 1. The numbers of a cell depend on the seed and its index only.

    Other parameters and the result are those of `custom_similarity`. Samples without a defined similarity are left out.
    """
    key = key_of(seed)

    def row(i: int, around: NDArray[np.int32], d: Array) -> tuple[Array, Array] | None:
        mean, variance = _moments(v, around, i)
        if not (mean.any() or variance.any()):
            return None
        spread, numbers = np.sqrt(variance), np.empty(len(mean))
        total = np.zeros((2, len(d)))
        defined = 0
        for sample in range(n_samples):
            _draw(key, i, sample, numbers)
            p, s = _ask(scheme, sign * (mean + spread * numbers)[None], d.copy(), scale, i)
            if not np.isnan(s).all():
                total += p, s
                defined += 1
        if defined == 0:
            return p, s
        return total[0] / total[0].sum(), total[1] / defined

    return _over_cells(graph, x, row, report, _SLOW_BLOCK)


def _over_cells(
    graph: Graph,
    x: NDArray[np.floating],
    row: Callable[[int, NDArray[np.int32], Array], tuple[Array, Array] | None],
    report: Report | None,
    block: int = _BLOCK,
) -> tuple[Similarity, Array]:
    """Call ``row(cell, neighbours, displacements)`` for each cell; None makes its row uniform."""
    logits, probabilities = np.empty(graph.n_edges), np.empty(graph.n_edges)
    still = np.zeros(graph.n_cells, dtype=bool)

    def compute(start: int, stop: int) -> None:
        for i in range(start, stop):
            edges = slice(graph.indptr[i], graph.indptr[i + 1])
            around = graph.indices[edges]
            if not len(around):
                continue
            found = row(i, around, x[around].astype(np.float64) - x[i])
            still[i] = found is None
            probabilities[edges], logits[edges] = (1 / len(around), 0.0) if found is None else found

    over_blocks(compute, graph.n_cells, block, report)
    defined = np.bincount(graph.sources[~np.isnan(logits)], minlength=graph.n_cells) > 0
    return Similarity(logits, still, ~defined), probabilities


def _ask(scheme: Scheme, v: Array, d: Array, scale: float, cell: int) -> tuple[Array, Array]:
    """Probabilities and similarities of one cell's edges, checked: 0 and NaN if nothing is defined."""
    n_edges = len(d)
    try:
        answer = scheme(v, d, scale)
    except Exception as error:
        error.add_note(f"Raised by the scheme {scheme!r}, about cell number {cell}. {CONTRACT}.")
        raise
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise TypeError(f"The scheme {scheme!r} returned {type(answer).__name__}, not two arrays. {CONTRACT}.")
    p, s = (np.array(part, dtype=np.float64) for part in answer)
    if p.shape != (n_edges,) or s.shape != (n_edges,):
        raise ValueError(
            f"The scheme {scheme!r} returned arrays of shapes {p.shape} and {s.shape} for the {n_edges} neighbours of "
            f"cell number {cell}. {CONTRACT}."
        )
    if np.isnan(p).all():
        return np.zeros(n_edges), np.full(n_edges, np.nan)
    if not (p >= 0).all() or not abs(p.sum() - 1) <= _CLOSE:
        raise ValueError(
            f"The scheme {scheme!r} returned probabilities from {p.min():.3g} to {p.max():.3g} that sum to "
            f"{p.sum():.6g}, for cell number {cell}. {CONTRACT}."
        )
    if not np.isfinite(s[p > 0]).all():
        raise ValueError(
            f"The scheme {scheme!r} returned similarities that are NaN or infinite where its probabilities are larger "
            f"than 0, for cell number {cell}. {CONTRACT}."
        )
    return p / p.sum(), np.where(np.isfinite(s), s, np.nan)


def _second_derivatives(scheme: Any, v: Array, d: Array, scale: float, cell: int) -> Array:
    """The diagonals of ``scheme.hessian``, shape (n_neighbors, n_genes)."""
    second = np.asarray(scheme.hessian(v, d, scale), dtype=np.float64)
    if second.shape == (*d.shape, d.shape[1]):
        return np.einsum("kgg->kg", second)
    if second.shape == d.shape:
        return second
    raise ValueError(
        f"The hessian of the scheme {scheme!r} has shape {second.shape} for cell number {cell}. It is called as "
        "scheme.hessian(v, d, scale) and returns second derivatives of the probabilities, shape (n_neighbors, n_genes, "
        f"n_genes), here {(*d.shape, d.shape[1])}, or their diagonals, shape (n_neighbors, n_genes), here {d.shape}."
    )


def _moments(v: NDArray[np.floating], around: NDArray[np.int32], i: int) -> tuple[Array, Array]:
    """Mean and variance over a cell's neighbours and itself (:mod:`velowidget.core.moments`)."""
    values = v[np.union1d(around, i)].astype(np.float64)
    return values.mean(axis=0), values.var(axis=0)


@nb.njit(nogil=True, cache=True)
def _draw(key, cell, sample, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Fill `out`, one number for each gene, with standard normal numbers."""
    for g in range(0, len(out), 4):
        four = normals(key, MONTE_CARLO, cell, sample, g // 4)
        for d in range(g, min(g + 4, len(out))):
            out[d] = four[d - g]
