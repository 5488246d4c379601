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

from velowidget.core.blocks import Report, over_blocks
from velowidget.core.graph import Graph

SCHEMES = ("correlation", "cosine", "dot_product")

# A centred squared norm this far below the raw one is rounding noise of a constant vector.
_NOISE = 1e-24
# A centred squared norm this far below the raw one has lost digits in a single pass, and is worth a second.
_LOSSY = 1e-3
# Squared displacements below this have lost digits to the end of float64's range, and count as none.
_NO_DISPLACEMENT = 1e-290
# Edges times genes of one block: some ten milliseconds.
_BLOCK_WORK = 50_000_000
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
        sizes = np.abs(self.logits[np.isfinite(self.logits) & (self.logits != 0)])
        if not sizes.size:
            return float("nan")
        with np.errstate(over="ignore"):
            scale = float(1.0 / np.median(sizes))
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
    centred = scheme == "correlation"
    mean, norm = _mean_and_norm(v, centred=centred)
    numerator = np.empty(graph.n_edges)
    squared = np.empty(graph.n_edges)
    edge_sums = _transposed_sums if transposed else _forward_sums

    def compute(start: int, stop: int) -> None:
        edge_sums(
            graph.order, start, stop, graph.indptr, graph.indices, x, v, mean, 1.0 / n_genes if centred else 0.0,
            numerator, squared,
        )  # fmt: skip

    edges_per_cell = max(1, graph.n_edges // max(1, graph.n_cells))
    over_blocks(compute, graph.n_cells, _BLOCK_WORK // (edges_per_cell * n_genes), report)

    of_velocity = graph.indices if transposed else graph.sources
    if scheme == "dot_product":
        with np.errstate(over="ignore"):
            logits = np.ldexp(numerator, (x_exponent + v_exponents)[of_velocity, 0])
        if np.isinf(logits).any():
            raise ValueError(
                "The dot products overflow: expression times velocity is larger than any float64. "
                "Normalise the data, or use scheme='correlation', which does not depend on their size."
            )
    else:
        length = np.sqrt(squared, out=squared)
        length *= norm[of_velocity]
        logits = np.divide(numerator, length, out=np.full_like(numerator, np.nan), where=length != 0)
    still = np.zeros(graph.n_cells, dtype=bool)
    if not transposed:
        still = np.asarray(~v.any(axis=1))
    if still.any():
        logits[still[graph.sources]] = 0.0
    defined = np.bincount(graph.sources[~np.isnan(logits)], minlength=graph.n_cells) > 0
    return Similarity(logits, still, ~defined)


def _within_range(values: NDArray[np.floating], axis: int | None) -> tuple[NDArray[np.floating], NDArray[np.intc]]:
    """Bring huge or tiny values where their squares are finite: the whole array alike, or each row.

    Returns the values and the power of two taken out of each row, shape (n_cells, 1).
    """
    top = values.max(axis=axis, keepdims=True, initial=0)
    bottom = values.min(axis=axis, keepdims=True, initial=0)
    largest = np.maximum(top, -bottom).astype(np.float64)
    outside = (largest != 0) & ((largest < _SMALLEST) | (largest > _LARGEST))
    exponents = np.where(outside, np.frexp(largest)[1], 0).astype(np.intc)
    if outside.any():
        values = np.ldexp(values, -exponents)
    return values, np.broadcast_to(exponents, (len(values), 1))


def _mean_and_norm(v: NDArray[np.floating], *, centred: bool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Per cell, the mean to subtract from its velocity, and the norm of what remains, exactly 0 for rounding noise."""
    raw = np.einsum("ij,ij->i", v, v, dtype=np.float64)
    if not centred:
        return np.zeros(len(v)), np.sqrt(raw)
    mean = v.mean(axis=1, dtype=np.float64)
    squared = np.empty(len(v))
    for rows in (slice(start, start + 1024) for start in range(0, len(v), 1024)):
        rest = v[rows] - mean[rows, None]
        squared[rows] = np.einsum("ij,ij->i", rest, rest)
    squared[squared <= _NOISE * raw] = 0.0
    return mean, np.sqrt(squared)


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _forward_sums(order, start, stop, indptr, indices, x, v, mean, centring, numerator, squared):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Sums over genes on the edges of ``order[start:stop]``: ``(v_i - mean_i) . d`` and ``|d|^2``, centred or not."""
    n_genes = x.shape[1]
    for k in nb.prange(start, stop):
        i = order[k]
        velocity = np.empty(n_genes, np.float64)
        origin = np.empty(n_genes, np.float64)
        for g in range(n_genes):
            velocity[g] = np.float64(v[i, g]) - mean[i]
            origin[g] = x[i, g]
        for edge in range(indptr[i], indptr[i + 1]):
            j = indices[edge]
            along = 0.0
            total = 0.0
            raw = 0.0
            for g in range(n_genes):
                d = np.float64(x[j, g]) - origin[g]
                along += velocity[g] * d
                total += d
                raw += d * d
            rest = raw - centring * total * total
            if rest < _LOSSY * raw:  # never without centring
                along = 0.0
                rest = 0.0
                for g in range(n_genes):
                    d = np.float64(x[j, g]) - origin[g] - centring * total
                    along += velocity[g] * d
                    rest += d * d
            numerator[edge] = along
            squared[edge] = rest if rest > max(_NOISE * raw, _NO_DISPLACEMENT) else 0.0


@nb.njit(parallel=True, nogil=True, cache=True, fastmath=_FAST)
def _transposed_sums(order, start, stop, indptr, indices, x, v, mean, centring, numerator, squared):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """As `_forward_sums`, with the neighbour's velocity and the displacement from the neighbour to the cell."""
    n_genes = x.shape[1]
    for k in nb.prange(start, stop):
        i = order[k]
        target = np.empty(n_genes, np.float64)
        for g in range(n_genes):
            target[g] = x[i, g]
        for edge in range(indptr[i], indptr[i + 1]):
            j = indices[edge]
            m = mean[j]
            along = 0.0
            total = 0.0
            raw = 0.0
            for g in range(n_genes):
                d = target[g] - np.float64(x[j, g])
                along += (np.float64(v[j, g]) - m) * d
                total += d
                raw += d * d
            rest = raw - centring * total * total
            if rest < _LOSSY * raw:  # never without centring
                along = 0.0
                rest = 0.0
                for g in range(n_genes):
                    d = target[g] - np.float64(x[j, g]) - centring * total
                    along += (np.float64(v[j, g]) - m) * d
                    rest += d * d
            numerator[edge] = along
            squared[edge] = rest if rest > max(_NOISE * raw, _NO_DISPLACEMENT) else 0.0
