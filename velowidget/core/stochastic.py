r"""Transition probabilities expected under uncertain velocities, to second order, in closed form.

The velocity of a cell is random with the mean m and variance S of its neighbourhood (:mod:`velowidget.core.moments`),
genes independent. Taylor's expansion of the softmax ``p(v)`` of the scaled similarities ``sigma s(v)`` around m gives

    E p_k = p_k + 1/2 sum_g S_g H_kg,
    H_kg  = sigma p_k (b_kg - sum_j p_j b_jg) + sigma^2 p_k [(a_kg - abar_g)^2 - sum_j p_j (a_jg - abar_g)^2],

with ``a = ds/dv``, ``b = d2s/dv2`` and ``abar_g = sum_j p_j a_jg`` (the mode of Lange et al. 2022, there by automatic
differentiation). For correlation and cosine, with w the velocity (centred or not), ``r = |w|``, ``u = w / r`` and
``e_k`` the unit displacement (centred or not),

    a_kg = (e_kg - s_k u_g) / r,
    b_kg = [-2 u_g e_kg + s_k (3 u_g^2 - kappa)] / r^2,

kappa being 1 for cosine and ``1 - 1 / n_genes`` for correlation. For the dot product ``a = d``, ``b = 0``. Only the
contractions ``c_k = sum_g S_g b_kg`` and ``q_k = sum_g S_g (a_kg - abar_g)^2`` are needed: time and memory grow with
neighbours times genes.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from velowidget.core.blocks import Report, over_blocks
from velowidget.core.graph import Graph
from velowidget.core.moments import cell_moments, cells_per_block
from velowidget.core.similarity import LOSSY, NO_DISPLACEMENT, NOISE, Similarity, without_defined

# Edges times genes of one block: some ten milliseconds.
_BLOCK_WORK = 25_000_000
# Beyond this magnitude, products of four values leave the range of float64.
_LARGEST = 1e75

_FAST = {"reassoc", "contract", "nsz"}  # never "nnan": NaN must stay NaN


def stochastic(
    graph: Graph,
    x: NDArray[np.floating],
    v: NDArray[np.floating],
    scheme: str,
    scale: float,
    *,
    report: Report | None = None,
) -> tuple[Similarity, NDArray[np.float64]]:
    """Expected transition probabilities of uncertain velocities, to second order.

    Parameters
    ----------
    graph
        Neighbourhoods.
    x, v
        Expression and velocity, float32 or float64 alike, C-contiguous, shape (n_cells, n_genes).
    scheme
        ``'correlation'``, ``'cosine'`` or ``'dot_product'``.
    scale
        Factor sigma on the similarities. All schemes are odd in the velocity, so that a negative scale gives the
        probabilities of the negated velocities (and ``reversed()`` their similarities).
    report
        Progress, in cells.

    Returns
    -------
    The similarities at the mean velocities, and the probabilities, float64, shape (n_edges,). Rows sum to 1, except
    those without a defined similarity, which are 0; cells with mean velocity zero go to each neighbour alike.

    Raises
    ------
    ValueError
        If the shapes do not fit, a correlation has one gene only, or values are too large.
    """
    check_inputs(graph, x, v, scheme)
    n_genes = x.shape[1]
    angular, centring = scheme != "dot_product", 1.0 / n_genes if scheme == "correlation" else 0.0
    logits, probabilities = np.empty(graph.n_edges), np.empty(graph.n_edges)
    still = np.empty(graph.n_cells, dtype=np.bool_)

    def compute(start: int, stop: int) -> None:
        _stochastic(
            graph.order, start, stop, graph.indptr, graph.indices, x, v, angular, centring, float(scale),
            logits, probabilities, still,
        )  # fmt: skip

    over_blocks(compute, graph.n_cells, cells_per_block(graph, n_genes, _BLOCK_WORK), report)
    return Similarity(logits, still, without_defined(graph, logits)), probabilities


def check_inputs(graph: Graph, x: NDArray[np.floating], v: NDArray[np.floating], scheme: str) -> None:
    """Refuse what the passes over uncertain velocities cannot work with.

    Raises
    ------
    ValueError
        If the shapes do not fit, a correlation has one gene only, or values are too large.
    """
    if len(x) != graph.n_cells or x.shape != v.shape:
        raise ValueError(
            f"x and v have shapes {x.shape} and {v.shape}; both need one row for each of {graph.n_cells} cells."
        )
    if scheme == "correlation" and x.shape[1] == 1:
        raise ValueError(
            "A correlation over one gene is undefined. Use more genes, or scheme='cosine' or scheme='dot_product'."
        )
    for name, values in (("x", x), ("v", v)):
        if max(float(values.max(initial=0)), -float(values.min(initial=0))) > _LARGEST:
            raise ValueError(f"{name} has values beyond {_LARGEST:g}, whose variance leaves the range of float64.")


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _stochastic(order, start, stop, indptr, indices, x, v, angular, centring, scale, logits, probabilities, still):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    n_genes = x.shape[1]
    for k in nb.prange(start, stop):
        i = order[k]
        around = indices[indptr[i] : indptr[i + 1]]
        s, p = logits[indptr[i] : indptr[i + 1]], probabilities[indptr[i] : indptr[i + 1]]
        origin = x[i].astype(np.float64)
        mean, variance = np.empty(n_genes), np.empty(n_genes)
        cell_moments(i, indptr, indices, v, mean, variance)
        squared, centred = squared_norms(mean, variance, centring)
        still[i] = squared == 0.0
        if still[i]:
            s[:] = 0.0
            p[:] = 1.0 / max(len(around), 1)
        elif angular and centred == 0.0:
            s[:] = np.nan
            p[:] = 0.0
        elif angular:
            direction = (mean - centring * mean.sum()) / np.sqrt(centred)
            _expect(around, x, origin, direction, 1.0, centred, variance, centring, scale, s, p)
        else:
            _expect(around, x, origin, mean, 0.0, 1.0, variance, centring, scale, s, p)


@nb.njit(nogil=True, fastmath=_FAST)
def squared_norms(mean, variance, centring):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  # pragma: no cover
    """Squared norm of a mean velocity, raw and centred, exactly 0 where it is rounding noise of what was averaged."""
    total = mean.sum() * centring
    raw = 0.0
    centred = 0.0
    averaged = 0.0
    for g in range(len(mean)):
        raw += mean[g] * mean[g]
        centred += (mean[g] - total) ** 2
        averaged += mean[g] * mean[g] + variance[g]
    return raw if raw > NOISE * averaged else 0.0, centred if centred > NOISE * averaged else 0.0


@nb.njit(nogil=True, fastmath=_FAST)
def _expect(around, x, origin, direction, angular, squared, variance, centring, scale, s, p):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Fill similarities `s` and expected probabilities `p` of one cell's edges.

    With `angular` 1, `direction` is u and `squared` is r^2; with 0, for the dot product, they are m and 1, and the
    terms of u vanish.
    """
    degree = len(around)
    inverse, shift, own, cross = np.empty(degree), np.empty(degree), np.empty(degree), np.empty(degree)
    _measure(around, x, origin, direction, angular, variance, centring, s, inverse, shift, own, cross)
    softmax(s, scale, p)
    slope = _spread_of_mean_slope(around, x, origin, direction, angular, variance, s, p, inverse, shift)

    spread = variance.sum()
    along_both = angular * (variance * direction * direction).sum()
    slope_total = slope.sum()
    slope_along = angular * (slope * direction).sum()
    mean_change = 0.0
    with_mean = np.empty(degree)
    change = np.zeros(degree)  # sigma c_k + sigma^2 q_k, but for what is the same for all k
    for k0 in range(0, degree, 4):
        k1, k2, k3 = min(k0 + 1, degree - 1), min(k0 + 2, degree - 1), min(k0 + 3, degree - 1)
        of_four = _products(slope, origin, x[around[k0]], x[around[k1]], x[around[k2]], x[around[k3]])
        for k, product in zip((k0, k1, k2, k3), of_four):  # noqa: B905
            with_mean[k] = (product - shift[k] * slope_total) * inverse[k] - s[k] * slope_along
    for k in range(degree):
        if inverse[k] == 0.0:
            continue
        square = (own[k] - 2.0 * s[k] * cross[k] + s[k] * s[k] * along_both - 2.0 * with_mean[k]) / squared
        curvature = angular * (s[k] * (3.0 * along_both - (1.0 - centring) * spread) - 2.0 * cross[k]) / squared
        change[k] = scale * curvature + scale * scale * square
        mean_change += p[k] * change[k]

    total = 0.0
    for k in range(degree):
        expected = p[k] + 0.5 * p[k] * (change[k] - mean_change)
        p[k] = min(expected, 1.0) if expected > 0.0 else 0.0  # NaN, of overflows, becomes 0
        total += p[k]
    if total > 0.0:
        p /= total
    else:
        softmax(s, 0.0, p)


@nb.njit(nogil=True, fastmath=_FAST)
def _measure(around, x, origin, direction, angular, variance, centring, s, inverse, shift, own, cross):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Fill, for each edge, s_k, ``1 / |d_k|`` (0 where it takes no part), dbar_k, sum_g S e^2 and sum_g S u e."""
    spread = variance.sum()
    along_spread = (variance * direction).sum()
    last = len(around) - 1
    for k0 in range(0, len(around), 2):  # two at a time share the loads; at the end, one may come twice
        k1 = min(k0 + 1, last)
        of_two = _sums(x[around[k0]], x[around[k1]], origin, 0.0, direction, variance)
        for k, of_one in zip((k0, k1), of_two):  # noqa: B905
            along, total, raw, weighted, weighted_square, turning = of_one
            before = 0.0
            rest = raw - centring * total * total
            if rest < LOSSY * raw:  # never without centring
                before = centring * total
                row = x[around[k]]
                centred, _ = _sums(row, row, origin, before, direction, variance)
                along, total, rest, weighted, weighted_square, turning = centred
            beyond = centring * total
            shift[k] = before + beyond
            inverse[k] = 1.0
            if angular != 0.0:
                inverse[k] = 1.0 / np.sqrt(rest) if rest > max(NOISE * raw, NO_DISPLACEMENT) else 0.0
            s[k] = along * inverse[k] if inverse[k] != 0.0 else np.nan
            own[k] = (weighted_square - 2.0 * beyond * weighted + beyond * beyond * spread) * inverse[k] * inverse[k]
            cross[k] = angular * (turning - beyond * along_spread) * inverse[k]


@nb.njit(nogil=True, fastmath=_FAST)
def _spread_of_mean_slope(around, x, origin, direction, angular, variance, s, p, inverse, shift):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """``r S_g abar_g``, shape (n_genes,)."""
    slope = np.zeros(len(origin))
    mean_similarity = 0.0
    mean_shift = 0.0
    degree = len(around)
    weights = np.zeros(degree + 3)  # the last ones, at the end of four at a time, weigh nothing
    for k in range(degree):
        if p[k] > 0.0:
            weights[k] = p[k] * inverse[k]
            mean_similarity += p[k] * s[k]
            mean_shift += weights[k] * shift[k]
    for k in range(0, degree, 4):
        k1, k2, k3 = min(k + 1, degree - 1), min(k + 2, degree - 1), min(k + 3, degree - 1)
        rows = x[around[k]], x[around[k1]], x[around[k2]], x[around[k3]]
        _add_displacements(slope, origin, rows, weights[k], weights[k + 1], weights[k + 2], weights[k + 3])
    for g in range(len(slope)):
        slope[g] = variance[g] * (slope[g] - mean_shift - angular * mean_similarity * direction[g])
    return slope


@nb.njit(nogil=True, fastmath=_FAST)
def _add_displacements(slope, origin, rows, w0, w1, w2, w3):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Add the displacements to four rows, weighted, gene by gene."""
    x0, x1, x2, x3 = rows
    for g in range(len(slope)):
        o = origin[g]
        near = w0 * (np.float64(x0[g]) - o) + w1 * (np.float64(x1[g]) - o)
        slope[g] += near + (w2 * (np.float64(x2[g]) - o) + w3 * (np.float64(x3[g]) - o))


@nb.njit(nogil=True, fastmath=_FAST)
def _products(slope, origin, x0, x1, x2, x3):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Products of a slope with the displacements to four x."""
    product0, product1, product2, product3 = 0.0, 0.0, 0.0, 0.0
    for g in range(len(slope)):
        value, o = slope[g], origin[g]
        product0 += value * (np.float64(x0[g]) - o)
        product1 += value * (np.float64(x1[g]) - o)
        product2 += value * (np.float64(x2[g]) - o)
        product3 += value * (np.float64(x3[g]) - o)
    return product0, product1, product2, product3


@nb.njit(nogil=True, fastmath=_FAST)
def _sums(x0, x1, origin, shift, direction, variance):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Sums over genes of ud, d, d^2, Sd, Sd^2 and Sud, with ``d = x - origin - shift``, for two x."""
    along0, total0, raw0, weighted0, square0, turning0 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    along1, total1, raw1, weighted1, square1, turning1 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for g in range(len(origin)):
        start, u, spread = origin[g], direction[g], variance[g]
        d = np.float64(x0[g]) - start - shift
        sd = spread * d
        along0 += u * d
        total0 += d
        raw0 += d * d
        weighted0 += sd
        square0 += sd * d
        turning0 += sd * u
        d = np.float64(x1[g]) - start - shift
        sd = spread * d
        along1 += u * d
        total1 += d
        raw1 += d * d
        weighted1 += sd
        square1 += sd * d
        turning1 += sd * u
    return (along0, total0, raw0, weighted0, square0, turning0), (along1, total1, raw1, weighted1, square1, turning1)


@nb.njit(nogil=True, fastmath=_FAST)
def softmax(s, scale, p):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201  # pragma: no cover
    """Fill `p` with the softmax of ``scale * s``: 0 where s is NaN, and all along if none is defined."""
    sign = -1.0 if scale < 0.0 else 1.0
    largest = -np.inf
    for k in range(len(s)):
        if sign * s[k] > largest:  # false for NaN
            largest = sign * s[k]
    total = 0.0
    for k in range(len(s)):
        p[k] = 0.0
        if not np.isnan(s[k]):
            p[k] = np.exp(abs(scale) * (sign * s[k] - largest))  # the difference first: the product may overflow
        total += p[k]
    if total > 0.0:
        p /= total
