r"""Transition probabilities of uncertain velocities, averaged over random ones, without drawing every gene.

The velocity of a cell is normal with the mean m and variance S of its neighbourhood (:mod:`velowidget.core.moments`),
genes independent: ``v_g = m_g + sqrt(S_g) z_g``. With unit displacements e_k, the similarities are ``s_k = n_k / r``:

    n_k = sum_g v_g e_kg            (normal, jointly so over k),
    r^2 = sum_g v_g^2 - (sum_g v_g)^2 / n_genes     (the last term for correlations only),

so that few numbers per sample do, however many genes there are. The squared norm is not normal, though, and a few genes
often carry most of its variance ``sum_g (4 m_g^2 S_g + 2 S_g^2)``: z_g is drawn for the `EXACT` genes of largest share,
and the sums over the others are drawn from the normal distribution with their covariance. Dot products are normal as
they are.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from velowidget.core.blocks import Report, over_blocks
from velowidget.core.graph import Graph
from velowidget.core.moments import cell_moments
from velowidget.core.random import MONTE_CARLO, key_of, normals
from velowidget.core.similarity import NO_DISPLACEMENT, NOISE, Similarity, without_defined
from velowidget.core.stochastic import check_inputs, squared_norms

# Genes drawn one by one. On real data, more agree no better with drawing all.
EXACT = 16
# Samples worked on at once: their sums stay in the first-level cache.
_BATCH = 32
# Of its diagonal, below which a pivot of a covariance counts as zero: its rounding noise would be magnified.
_SINGULAR = 1e-12
# Random numbers of one block: some ten milliseconds.
_BLOCK_WORK = 4_000_000

_FAST = {"reassoc", "contract", "nsz"}  # never "nnan": NaN must stay NaN


def monte_carlo(
    graph: Graph,
    x: NDArray[np.floating],
    v: NDArray[np.floating],
    scheme: str,
    scale: float,
    n_samples: int,
    seed: int,
    *,
    report: Report | None = None,
) -> tuple[Similarity, NDArray[np.float64]]:
    """Transition probabilities, averaged over random velocities.

    The numbers of a cell depend on the seed and its index only, and so stay the same when the scale changes. For a
    single sample, :func:`~velowidget.core.moments.draw_velocities` draws every gene at less cost.

    Parameters
    ----------
    graph
        Neighbourhoods.
    x, v
        Expression and velocity, float32 or float64 alike, C-contiguous, shape (n_cells, n_genes).
    scheme
        ``'correlation'``, ``'cosine'`` or ``'dot_product'``.
    scale
        Factor on the similarities. All schemes are odd in the velocity, so that a negative scale gives the
        probabilities of the negated velocities (and ``reversed()`` their similarities).
    n_samples
        How many velocities of each cell, at least 1.
    seed
        From 0 to 2^64 - 1.
    report
        Progress, in cells.

    Returns
    -------
    The mean similarities, and the mean probabilities, float64, shape (n_edges,). Rows sum to 1, except those without a
    defined similarity, which are 0; cells around which all velocities are zero go to each neighbour alike.

    Raises
    ------
    ValueError
        If the shapes do not fit, a correlation has one gene only, or a number is out of range.
    """
    check_inputs(graph, x, v, scheme)
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, not {n_samples!r}.")
    key = key_of(seed)
    n_genes = x.shape[1]
    # Sums beyond those of the edges: none, the squared norm, and for correlations the total.
    n_norms = {"dot_product": 0, "cosine": 1, "correlation": 2}[scheme]
    logits, probabilities = np.empty(graph.n_edges), np.empty(graph.n_edges)
    still = np.empty(graph.n_cells, dtype=np.bool_)

    def compute(start: int, stop: int) -> None:
        _sample(
            graph.order, start, stop, graph.indptr, graph.indices, x, v, n_norms, float(scale), n_samples, key,
            logits, probabilities, still,
        )  # fmt: skip

    sums_per_cell = graph.n_edges // max(1, graph.n_cells) + EXACT + 2
    block = _BLOCK_WORK // (sums_per_cell * (n_samples + n_genes))
    over_blocks(compute, graph.n_cells, max(block, nb.get_num_threads()), report)
    return Similarity(logits, still, without_defined(graph, logits)), probabilities


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _sample(order, start, stop, indptr, indices, x, v, n_norms, scale, n_samples, key, logits, probabilities, still):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    n_genes = x.shape[1]
    centring = 1.0 / n_genes if n_norms == 2 else 0.0
    for k in nb.prange(start, stop):
        i = order[k]
        around = indices[indptr[i] : indptr[i + 1]]
        s, p = logits[indptr[i] : indptr[i + 1]], probabilities[indptr[i] : indptr[i + 1]]
        mean, variance = np.empty(n_genes), np.empty(n_genes)
        cell_moments(i, indptr, indices, v, mean, variance)
        certain = not variance.any()
        still[i] = certain and not mean.any()
        if still[i]:
            s[:] = 0.0
            p[:] = 1.0 / max(len(around), 1)
            continue
        s[:] = np.nan
        p[:] = 0.0
        if n_norms > 0 and certain and squared_norms(mean, variance, centring)[1] == 0.0:
            continue
        mean -= centring * mean.sum()  # a correlation's shift, which keeps digits and the squared norm small
        rows, edges = _rows(around, x, i, n_norms, centring)
        if len(edges) > 0:
            _average(rows, edges, mean, variance, n_norms, centring, scale, n_samples, key, i, s, p)


@nb.njit(nogil=True, fastmath=_FAST)
def _rows(around, x, i, n_norms, centring):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Displacements, of unit length but for dot products, then `n_norms` free rows; and the edges that have them."""
    n_genes = x.shape[1]
    rows = np.empty((len(around) + n_norms, n_genes))
    edges = np.empty(len(around), np.int64)
    n_edges = 0
    for k in range(len(around)):
        row, origin, target = rows[n_edges], x[i], x[around[k]]
        total = 0.0
        raw = 0.0
        for g in range(n_genes):
            row[g] = np.float64(target[g]) - np.float64(origin[g])
            total += row[g]
            raw += row[g] * row[g]
        if n_norms > 0:
            rest = 0.0
            for g in range(n_genes):
                row[g] -= centring * total
                rest += row[g] * row[g]
            if not rest > max(NOISE * raw, NO_DISPLACEMENT):
                continue
            row /= np.sqrt(rest)
        edges[n_edges] = k
        n_edges += 1
    return rows[: n_edges + n_norms], edges[:n_edges]


@nb.njit(nogil=True, fastmath=_FAST)
def _average(rows, edges, mean, variance, n_norms, centring, scale, n_samples, key, cell, s, p):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Fill similarities `s` and probabilities `p` of one cell's `edges` with means over samples."""
    n_sums, n_genes = rows.shape
    n_edges = n_sums - n_norms
    spread = np.sqrt(variance)
    expected = np.zeros(n_sums)
    for k in range(n_edges):
        row = rows[k]
        numerator = 0.0
        for g in range(n_genes):
            numerator += mean[g] * row[g]
            row[g] *= spread[g]
        expected[k] = numerator
    if n_norms > 0:
        rows[n_edges] = 2.0 * mean * spread
        expected[n_edges] = (mean * mean).sum()
    if n_norms > 1:
        rows[n_edges + 1] = spread
    exact = _exact_genes(mean, variance, n_norms, n_sums)
    squares = variance[exact]
    factors = _factors(rows, exact, variance, n_norms)
    if n_norms > 0:
        expected[n_edges] += variance.sum() - squares.sum()

    z = np.empty((factors.shape[1], _BATCH))
    sums = np.empty((n_sums, _BATCH))
    total_s, total_p = np.zeros(n_edges), np.zeros(n_edges)
    for first in range(0, n_samples, _BATCH):
        n = min(_BATCH, n_samples - first)
        _draw(key, cell, first, z)
        _combine(factors, expected, z, sums)
        if n_norms > 0:
            _divide_by_norm(sums, squares, z, n_edges, n_norms, centring)
        _add_softmax(sums, n_edges, n, scale, total_s, total_p)
    for k in range(n_edges):
        s[edges[k]] = total_s[k] / n_samples
        p[edges[k]] = total_p[k] / n_samples
    p /= p.sum()


@nb.njit(nogil=True, fastmath=_FAST)
def _exact_genes(mean, variance, n_norms, n_sums):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """The genes to draw one by one: largest share in the squared norm's variance; all, if that is no more work."""
    if n_norms == 0:
        return np.empty(0, np.int64)
    if len(mean) <= EXACT + n_sums:
        return np.arange(len(mean))
    share = variance * (4.0 * mean * mean + 2.0 * variance)
    genes = np.empty(EXACT, np.int64)
    for t in range(EXACT):
        genes[t] = np.argmax(share)
        share[genes[t]] = -1.0
    return genes


@nb.njit(nogil=True, fastmath=_FAST)
def _factors(rows, exact, variance, n_norms):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """What to multiply standard normal numbers with, shape (n_sums, n_numbers): `exact` genes, others' Cholesky factor.

    The covariance may be singular: a pivot that is zero but for rounding, and what depends on it, is left out. Clears
    the columns `exact` of `rows`.
    """
    n_sums, n_genes = rows.shape
    n_exact = len(exact)
    if n_exact == n_genes:
        return rows[:, exact]
    factors = np.zeros((n_sums, n_exact + n_sums))
    others = variance.copy()
    others[exact] = 0.0
    for t in range(n_exact):
        for k in range(n_sums):
            factors[k, t] = rows[k, exact[t]]
            rows[k, exact[t]] = 0.0
    lower = factors[:, n_exact:]
    for k in range(n_sums):
        row = rows[k]
        for m in range(k + 1):
            other = rows[m]
            covariance = 0.0
            for g in range(n_genes):
                covariance += row[g] * other[g]
            lower[k, m] = covariance
    if n_norms > 0:
        lower[n_sums - n_norms, n_sums - n_norms] += 2.0 * (others * others).sum()
    for k in range(n_sums):
        smallest = _SINGULAR * lower[k, k]
        for m in range(k + 1):
            rest = lower[k, m]
            for q in range(m):
                rest -= lower[k, q] * lower[m, q]
            if m == k:
                lower[k, k] = np.sqrt(rest) if rest > smallest else 0.0
            else:
                lower[k, m] = rest / lower[m, m] if lower[m, m] > 0.0 else 0.0
    return factors


@nb.njit(nogil=True, fastmath=_FAST)
def _draw(key, cell, first, z):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Fill `z`, one column per sample from `first` on, with standard normal numbers."""
    n_numbers, n = z.shape
    for quad in range(0, n_numbers, 4):
        for b in range(n):
            four = normals(key, MONTE_CARLO, cell, first + b, quad // 4)
            for d in range(quad, min(quad + 4, n_numbers)):
                z[d, b] = four[d - quad]


@nb.njit(nogil=True, fastmath=_FAST)
def _combine(factors, expected, z, sums):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """``sums = expected + factors z``; the last columns of `factors` are lower triangular."""
    n_sums, n_numbers = factors.shape
    for k in range(n_sums):
        sums[k] = expected[k]
        for d in range(n_numbers):
            factor = factors[k, d]
            if factor != 0.0:
                for b in range(z.shape[1]):
                    sums[k, b] += factor * z[d, b]


@nb.njit(nogil=True, fastmath=_FAST)
def _divide_by_norm(sums, squares, z, n_edges, n_norms, centring):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Turn numerators into similarities: divide them by the velocity's norm."""
    for b in range(z.shape[1]):
        squared = sums[n_edges, b]
        for t in range(len(squares)):
            squared += squares[t] * z[t, b] * z[t, b]
        if n_norms > 1:
            squared -= centring * sums[n_edges + 1, b] * sums[n_edges + 1, b]
        sums[n_edges, b] = squared
    for k in range(n_edges):
        for b in range(z.shape[1]):  # a vector is as long as its projections, at least
            sums[n_edges, b] = max(sums[n_edges, b], sums[k, b] * sums[k, b])
    for b in range(z.shape[1]):
        sums[n_edges, b] = 1.0 / np.sqrt(sums[n_edges, b]) if sums[n_edges, b] > 0.0 else 0.0
    for k in range(n_edges):
        for b in range(z.shape[1]):
            sums[k, b] *= sums[n_edges, b]


@nb.njit(nogil=True, fastmath=_FAST)
def _add_softmax(sums, n_edges, n, scale, total_s, total_p):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Add the similarities of the first `n` samples, and their softmax, to the totals; uses up `sums`."""
    sign = -1.0 if scale < 0.0 else 1.0
    largest, total = np.full(n, -np.inf), np.zeros(n)
    for k in range(n_edges):
        row = sums[k, :n]
        total_s[k] += row.sum()
        for b in range(n):
            largest[b] = max(largest[b], sign * row[b])
    for k in range(n_edges):
        row = sums[k, :n]
        for b in range(n):
            row[b] = np.exp(abs(scale) * (sign * row[b] - largest[b]))
            total[b] += row[b]
    total = 1.0 / total
    for k in range(n_edges):
        total_p[k] += (sums[k, :n] * total).sum()
