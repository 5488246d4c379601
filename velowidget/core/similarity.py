"""How well a cell's velocity points at each of its neighbours: one number per edge of the graph.

With the displacement ``d = x_j - x_i`` and a velocity ``v``, the schemes are

* ``dot_product``: ``v . d``
* ``cosine``: ``v . d / (|v| |d|)``
* ``correlation``: Pearson's correlation of ``v`` and ``d`` over genes

(La Manno et al. 2018 for the correlation; Lange et al. 2022 for the others). Forward, ``v`` is the cell's own
velocity. Transposed, it is the neighbour's, against the displacement from the neighbour to the cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numba as nb
import numpy as np
from numpy.typing import NDArray

from velowidget.core.blocks import Report, compiled_code, over_blocks
from velowidget.core.graph import Graph

SCHEMES = CORRELATION, COSINE, DOT_PRODUCT = ("correlation", "cosine", "dot_product")

# A centred squared norm this far below the raw one is rounding noise of a constant vector.
NOISE = 1e-24
# A centred squared norm this far below the raw one has lost digits in a single pass, and is worth a second.
LOSSY = 1e-3
# Squared displacements below this have lost digits to the end of float64's range, and count as none.
NO_DISPLACEMENT = 1e-290
# A squared displacement this far below the squares that it is the difference of has lost digits, too.
_CANCELLED = 1e-4
# Edges times genes of one block: some ten milliseconds.
_BLOCK_WORK = 100_000_000
# Beyond these magnitudes squares leave the range of float64.
_LARGEST, _SMALLEST = 1e100, 1e-100

_FAST = {"reassoc", "contract", "nsz"}  # never "nnan": NaN must stay NaN


@dataclass(frozen=True, eq=False)
class Similarity:
    """Similarities on the edges of a graph, before scale and softmax.

    Attributes
    ----------
    logits
        float64, shape (n_edges,): NaN where the similarity is undefined (no displacement, or no velocity to compare).
    still
        bool, shape (n_cells,): cells whose own velocity is zero, when the scheme looks at it (forward only).
    undefined
        bool, shape (n_cells,): cells without a single defined similarity, and so without a row of probabilities.
    """

    logits: NDArray[np.float64]
    still: NDArray[np.bool_]
    undefined: NDArray[np.bool_]

    @cached_property
    def automatic_scale(self) -> float:
        """One over the median absolute similarity, zeros left out.

        NaN where nothing but zeros is left, or the similarities are at the end of float64's range.
        """
        sizes = np.abs(self.logits)
        usable = (sizes > 0) & (sizes < np.inf)  # false for NaN
        if not usable.any():
            return float("nan")
        if not usable.all():
            sizes = sizes[usable]
        with np.errstate(over="ignore"):
            scale = float(1.0 / np.median(sizes, overwrite_input=True))
        return scale if 0 < scale < np.inf else float("nan")

    def reversed(self) -> Similarity:
        """The similarities of the negated velocities: every scheme is odd in the velocity."""
        return Similarity(-self.logits, self.still, self.undefined)


def similarity(
    graph: Graph,
    x: NDArray[np.floating],
    v: NDArray[np.floating],
    scheme: str = "correlation",
    *,
    transposed: bool = False,
    report: Report | None = None,
) -> Similarity:
    """Compute the similarity of velocity and displacement on each edge.

    Parameters
    ----------
    graph
        Neighbourhoods.
    x, v
        Expression and velocity, float32 or float64 alike, C-contiguous, shape (n_cells, n_genes).
    scheme
        One of `SCHEMES`.
    transposed
        Compare each neighbour's velocity with the way from it to the cell, not the cell's own with the way to it.
    report
        Progress, in cells.

    Returns
    -------
    The similarities; sums are accumulated in float64 whatever the inputs are.

    Raises
    ------
    ValueError
        If the shapes do not fit, a correlation has one gene only, or dot products are larger than any float64.
    """
    if len(x) != graph.n_cells or x.shape != v.shape:
        raise ValueError(
            f"x and v have shapes {x.shape} and {v.shape}; both need one row for each of {graph.n_cells} cells."
        )
    n_genes = x.shape[1]
    if scheme == "correlation" and n_genes == 1:
        raise ValueError(
            "A correlation over one gene is undefined. Use more genes, or scheme='cosine' or scheme='dot_product'."
        )
    x, x_exponent = _within_range(x, axis=None)
    v, v_exponents = _within_range(v, axis=1)
    angular, centring = scheme != "dot_product", 1.0 / n_genes if scheme == "correlation" else 0.0
    sums, squares = _row_sums(x)
    # A neighbour's velocity and the way from it to the cell: what is forward along the edge turned round.
    along, edges = graph.reversed() if transposed else (graph, None)
    logits = np.empty(graph.n_edges)
    still = np.empty(graph.n_cells, dtype=np.bool_)

    def compute(start: int, stop: int) -> None:
        _similarities(
            graph.order, start, stop, along.indptr, along.indices, x, v, sums, squares, centring, angular, logits, still
        )

    edges_per_cell = max(1, graph.n_edges // max(1, graph.n_cells))
    over_blocks(compute, graph.n_cells, _BLOCK_WORK // (edges_per_cell * n_genes), report)

    if edges is not None:
        turned, logits = logits, np.empty(graph.n_edges)
        logits[edges] = turned
    if not angular and (x_exponent.any() or v_exponents.any()):
        of_velocity = graph.indices if transposed else graph.sources
        with np.errstate(over="ignore"):
            logits = np.ldexp(logits, (x_exponent + v_exponents)[of_velocity, 0])
        if np.isinf(logits).any():
            raise ValueError(
                "The dot products overflow: expression times velocity is larger than any float64. "
                "Normalise the data, or use scheme='correlation', which does not depend on their size."
            )
    if transposed:
        still[:] = False
    elif still.any():
        logits[still[graph.sources]] = 0.0
    return Similarity(logits, still, without_defined(graph, logits))


def without_defined(graph: Graph, logits: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Cells none of whose edges has a defined similarity, shape (n_cells,)."""
    undefined = np.isnan(logits)
    if not undefined.any():
        return np.asarray(graph.degree == 0)
    return np.asarray(np.bincount(graph.sources[~undefined], minlength=graph.n_cells) == 0)


def _within_range(values: NDArray[np.floating], axis: int | None) -> tuple[NDArray[np.floating], NDArray[np.intc]]:
    """Bring huge or tiny values where their squares are finite: the whole array alike, or each row.

    Returns the values and the power of two taken out of each row, shape (n_cells, 1).
    """
    unchanged = np.zeros((len(values), 1), dtype=np.intc)
    if values.dtype == np.float32:  # whose squares float64 can hold
        return values, unchanged
    _, squared = _row_sums(values)
    if np.all((squared > _SMALLEST**2) & (squared < _LARGEST**2)):
        return values, unchanged
    top = values.max(axis=axis, keepdims=True, initial=0)
    bottom = values.min(axis=axis, keepdims=True, initial=0)
    largest = np.maximum(top, -bottom)
    outside = (largest != 0) & ((largest < _SMALLEST) | (largest > _LARGEST))
    exponents = np.where(outside, np.frexp(largest)[1], 0).astype(np.intc)
    if outside.any():
        values = np.ldexp(values, -exponents)
    return values, unchanged + exponents


def _row_sums(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Sums over genes of the values and of their squares, shape (2, n_cells)."""
    sums = np.empty((2, len(values)))
    with compiled_code:
        _sum_rows(values, sums)
    return sums


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _sum_rows(values, sums):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    for i in nb.prange(len(values)):
        total = 0.0
        squared = 0.0
        for g in range(values.shape[1]):
            value = np.float64(values[i, g])
            total += value
            squared += value * value
        sums[0, i], sums[1, i] = total, squared


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _similarities(order, start, stop, indptr, indices, x, v, sums, squares, centring, angular, logits, still):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Similarities on the edges of ``order[start:stop]``.

    `centring` is one over the number of genes, or 0 for vectors as they are; with `angular`, products are divided by
    the norms. `sums` and `squares` are those of the rows of `x`, so that only products with the neighbour's row remain:
    ``v . d = v . x_j - v . x_i`` and ``|d|^2 = |x_j|^2 + |x_i|^2 - 2 x_i . x_j``, where that keeps enough digits. Says
    of each cell if its velocity is `still`.
    """
    for k in nb.prange(start, stop):
        i = order[k]
        mean, squared, raw, own = _of_velocity(v[i], x[i], centring)
        still[i] = raw == 0.0
        if angular and squared == 0.0:
            logits[indptr[i] : indptr[i + 1]] = np.nan
            continue
        norm = np.sqrt(squared) if angular else 1.0
        careful = squared < LOSSY * raw
        last = indptr[i + 1] - 1
        # Eight edges at a time share the loads and conversions of the cell's own rows; at the end some come twice.
        for e0 in range(indptr[i], indptr[i + 1], 8):
            e1, e2, e3, e4 = min(e0 + 1, last), min(e0 + 2, last), min(e0 + 3, last), min(e0 + 4, last)
            e5, e6, e7 = min(e0 + 5, last), min(e0 + 6, last), min(e0 + 7, last)
            products = _products(
                v[i], x[i], x[indices[e0]], x[indices[e1]], x[indices[e2]], x[indices[e3]],
                x[indices[e4]], x[indices[e5]], x[indices[e6]], x[indices[e7]],
            )  # fmt: skip
            edges = e0, e1, e2, e3, e4, e5, e6, e7
            for edge, (with_velocity, with_origin) in zip(edges, products):  # noqa: B905
                j = indices[edge]
                total = sums[j] - sums[i]
                along = with_velocity - own - mean * total
                rest = squares[j] + squares[i] - 2.0 * with_origin - centring * total * total
                none = NO_DISPLACEMENT
                if careful or rest < _CANCELLED * (squares[j] + squares[i]):
                    along, rest, none = _centred_sums(v[i], mean, x[i], x[j], centring)
                if not angular:
                    logits[edge] = along
                else:
                    logits[edge] = along / (norm * np.sqrt(rest)) if rest > none else np.nan


@nb.njit(nogil=True, fastmath=_FAST)
def _of_velocity(velocity, origin, centring):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Mean; squared norm of what is left without it, exactly 0 for rounding noise, and with it; product with x_i."""
    total = 0.0
    raw = 0.0
    product = 0.0
    for g in range(len(velocity)):
        value = np.float64(velocity[g])
        total += value
        raw += value * value
        product += value * np.float64(origin[g])
    mean = centring * total
    squared = raw - mean * total
    if squared < LOSSY * raw:  # never without centring
        squared = 0.0
        for g in range(len(velocity)):
            squared += (np.float64(velocity[g]) - mean) ** 2
    return mean, squared if squared > NOISE * raw else 0.0, raw, product


@nb.njit(nogil=True, fastmath=_FAST)
def _products(velocity, origin, x0, x1, x2, x3, x4, x5, x6, x7):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Products of eight x with velocity and origin, spelled out: each sum stays in a register of its own."""
    v0, v1, v2, v3, v4, v5, v6, v7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    o0, o1, o2, o3, o4, o5, o6, o7 = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for g in range(len(velocity)):
        v, o = np.float64(velocity[g]), np.float64(origin[g])
        y0, y1, y2, y3 = np.float64(x0[g]), np.float64(x1[g]), np.float64(x2[g]), np.float64(x3[g])
        y4, y5, y6, y7 = np.float64(x4[g]), np.float64(x5[g]), np.float64(x6[g]), np.float64(x7[g])
        v0 += v * y0
        o0 += o * y0
        v1 += v * y1
        o1 += o * y1
        v2 += v * y2
        o2 += o * y2
        v3 += v * y3
        o3 += o * y3
        v4 += v * y4
        o4 += o * y4
        v5 += v * y5
        o5 += o * y5
        v6 += v * y6
        o6 += o * y6
        v7 += v * y7
        o7 += o * y7
    return (v0, o0), (v1, o1), (v2, o2), (v3, o3), (v4, o4), (v5, o5), (v6, o6), (v7, o7)


@nb.njit(nogil=True, fastmath=_FAST)
def _centred_sums(velocity, mean, origin, target, centring):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Sums over genes of ``(v - mean) (d - dbar)`` and ``(d - dbar)^2``, and below what the latter is none at all."""
    total = 0.0
    for g in range(len(velocity)):
        total += np.float64(target[g]) - np.float64(origin[g])
    shift = centring * total
    along = 0.0
    rest = 0.0
    raw = 0.0
    for g in range(len(velocity)):
        d = np.float64(target[g]) - np.float64(origin[g])
        along += (np.float64(velocity[g]) - mean) * (d - shift)
        rest += (d - shift) ** 2
        raw += d * d
    return along, rest, max(NOISE * raw, NO_DISPLACEMENT)
