"""The steady-state model of RNA velocity: what a cell has beyond the balance of unspliced and spliced RNA.

In steady state ``u = gamma s + offset`` in units of the splicing rate (La Manno et al. 2018). The cells with the most
RNA are taken to be in it; a line is fitted to these, gene by gene, and the velocity is what lies above the line:
``v = u - gamma s - offset``. :func:`fit` uses first moments; :func:`refit` second moments, too (the stochastic model of
Bergen et al. 2020), for which ``<us> 2 + <u> = gamma (2 <ss> - <s>)`` in steady state.

All arrays of one gene block have shape (n_genes, n_cells), so that a gene's numbers lie together.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from velowidget.core.blocks import Report, over_blocks
from velowidget.core.graph import Graph
from velowidget.core.moments import second_moments

Floats = NDArray[np.float64]
Abundances = NDArray[np.floating]

# Cells times genes of one block: some 6 MB for each array of float64, which the processor's cache holds a few of.
_BLOCK_WORK = 800_000
# Genes of a block at least, however many cells: they are read together and shared out among threads.
_LEAST_GENES = 8
# Cells whose numbers are turned from rows of cells to rows of genes, or back, at a time.
_TURNED_AT_ONCE = 1024
# The least that a gene's largest abundance counts for when genes are brought to the same scale.
_SMALLEST_MAXIMUM = 1e-3


@dataclass(frozen=True, eq=False)
class Lines:
    """The steady-state line of each gene, float64, each of shape (n_genes,).

    Attributes
    ----------
    gamma
        Slope: degradation rate over splicing rate. 0 where a gene has no spliced RNA among the cells fitted to.
    offset
        At least 0; 0 for lines through the origin.
    r2
        Share of the variance of unspliced RNA that the line explains: at most 1, often negative. 0 for a gene whose
        unspliced RNA does not vary.
    """

    gamma: Floats
    offset: Floats
    r2: Floats


def fit(
    ms: Abundances,
    mu: Abundances,
    perc: float | Sequence[float] = 95,
    *,
    offset: bool = False,
    report: Report | None = None,
) -> Lines:
    """Fit each gene's line to the cells with extreme abundance.

    Parameters
    ----------
    ms, mu
        First moments of spliced and unspliced RNA, shape (n_cells, n_genes).
    perc
        Percentile of abundance (spliced and unspliced, each over its maximum, summed) from which cells count; or two,
        for the cells at most as high as the first and at least as high as the second.
    offset
        Fit an offset; where it came out negative, the line goes through the origin.
    report
        Progress, in genes.
    """
    n_genes = ms.shape[1]
    lines = Lines(np.zeros(n_genes), np.zeros(n_genes), np.zeros(n_genes))

    def compute(start: int, stop: int) -> None:
        block = np.arange(start, stop)
        s, u = _genes(ms, block), _genes(mu, block)
        gamma, intercept = _regression(s, u, _is_extreme(_joint(s, u), perc), offset)
        residual = u - gamma[:, None] * s - intercept[:, None]
        around = u - u.mean(axis=1, keepdims=True)
        lines.gamma[start:stop], lines.offset[start:stop] = gamma, intercept
        total = _squares(around)
        lines.r2[start:stop] = np.where(total > 0, 1 - _quotient(_squares(residual), total), 0)

    over_blocks(compute, n_genes, _genes_per_block(len(ms)), report)
    return lines


def refit(
    graph: Graph,
    spliced: sp.csr_matrix,
    unspliced: sp.csr_matrix,
    ms: Abundances,
    mu: Abundances,
    lines: Lines,
    genes: NDArray[np.bool_],
    perc: float | Sequence[float] = 95,
    *,
    offset: bool = False,
    report: Report | None = None,
) -> tuple[Lines, NDArray[np.float32]]:
    """Fit again with second moments: generalised least squares on both, each in units of its residuals.

    Parameters
    ----------
    graph
        Neighbourhoods of the second moments.
    spliced, unspliced
        Abundances as the first moments were taken of, CSR, shape (n_cells, n_genes).
    ms, mu, perc, offset, report
        As in :func:`fit`. The cells fitted to are those of :func:`fit` and those with extreme spliced abundance.
    lines
        From :func:`fit`.
    genes
        Which genes to fit again, bool, shape (n_genes,); the others keep their line.

    Returns
    -------
    Lines, `r2` as it was; and the second moment's distance from its line, the variance of the velocity up to noise,
    float32, shape (n_cells, n_genes), 0 for genes that were not fitted again.
    """
    chosen = np.flatnonzero(genes)
    gamma, intercept = lines.gamma.copy(), lines.offset.copy()
    variance = np.zeros(ms.shape, dtype=np.float32)
    of_s, of_u = spliced.tocsc(), unspliced.tocsc()

    def compute(start: int, stop: int) -> None:
        block = chosen[start:stop]
        s, u = _genes(ms, block), _genes(mu, block)
        ss, us = second_moments(graph, of_s, of_u, block)
        ss2, us2 = 2 * ss - s, 2 * us + u
        first = u - gamma[block, None] * s - intercept[block, None]
        second = us2 - _quotient(_products(ss2, us2), _squares(ss2))[:, None] * ss2
        spread = np.array([first.var(axis=1), second.var(axis=1)])
        extreme = _is_extreme(_joint(s, u), perc) | _is_extreme(s, perc)
        fitted, shift = _regression(s, u, extreme, offset, (ss2, us2), _quotient(np.ones(spread.shape), spread))
        varies = (spread > 0).all(axis=0)  # elsewhere the line holds for every cell already
        gamma[block] = np.where(varies, fitted, gamma[block])
        intercept[block] = np.where(varies, shift, intercept[block])
        slope, shift = gamma[block, None], intercept[block, None]
        distance = us2 - slope * ss2 - 2 * s * (u - slope * s - shift)
        for cells in _few_cells(len(ms)):
            variance[cells, block] = distance[:, cells].T

    over_blocks(compute, len(chosen), _genes_per_block(len(ms)), report)
    return Lines(gamma, intercept, lines.r2), variance


def above(lines: Lines, ms: Abundances, mu: Abundances) -> NDArray[np.float32]:
    """Velocity: what lies above the lines, float32, shape (n_cells, n_genes)."""
    velocity = np.multiply(ms, lines.gamma.astype(np.float32), dtype=np.float32, casting="same_kind")
    np.subtract(mu, velocity, out=velocity, casting="same_kind")
    velocity -= lines.offset.astype(np.float32)
    return velocity


def _regression(
    x: Floats,
    y: Floats,
    counted: NDArray[np.bool_],
    offset: bool,
    second: tuple[Floats, Floats] | None = None,
    weights: Floats | None = None,
) -> tuple[Floats, Floats]:
    """Slope and intercept, shape (n_genes,), of the least squares line of the cells counted.

    With `second`, other coordinates on a line of the same slope through the origin, of all cells, and the weights of
    both kinds, shape (2, n_genes).
    """
    of_first, of_second = np.ones((2, len(x))) if weights is None else weights
    xx, xy = (of_first * np.einsum("gc,gc,gc->g", x, other, counted) for other in (x, y))
    if second is not None:
        xx, xy = xx + of_second * _squares(second[0]), xy + of_second * _products(*second)
    slope, intercept = _quotient(xy, xx), np.zeros(len(x))
    if offset:
        n, sum_x, sum_y = counted.sum(axis=1), (x * counted).sum(axis=1), (y * counted).sum(axis=1)
        tilted = _quotient(xy - of_first * sum_x * sum_y / n, xx - of_first * sum_x * sum_x / n)
        lifted = (sum_y - tilted * sum_x) / n
        slope, intercept = np.where(lifted > 0, tilted, slope), np.maximum(lifted, 0)
    return slope, intercept


def _joint(s: Floats, u: Floats) -> Floats:
    """Spliced and unspliced abundance, each over its maximum, summed."""
    of_s, of_u = (x / x.max(axis=1, keepdims=True).clip(_SMALLEST_MAXIMUM) for x in (s, u))
    return of_s + of_u


def _is_extreme(abundance: Floats, perc: float | Sequence[float]) -> NDArray[np.bool_]:
    """Which cells are at least as high as the percentile; or, of two, at most as high as the first, too.

    A percentile lies between two neighbours in the sorted abundances; cells at least as high are those from the upper
    one on. One number is put in its place for each, which takes a fifth of the time that interpolating takes.
    """
    *low, high = (p / 100 * (abundance.shape[1] - 1) for p in np.atleast_1d(perc))
    extreme = abundance >= _in_order(abundance, math.ceil(high))
    for place in low:
        extreme |= abundance <= _in_order(abundance, math.floor(place))
    return extreme


def _in_order(abundance: Floats, place: int) -> Floats:
    """The number at a place of each sorted row, shape (n_genes, 1)."""
    return np.partition(abundance, place, axis=1)[:, place, None]


def _genes(moments: Abundances, genes: NDArray[np.intp]) -> Floats:
    """Some genes in rows, float64."""
    turned = np.empty((len(genes), len(moments)))
    for cells in _few_cells(len(moments)):
        turned[:, cells] = moments[cells, genes].T
    return turned


def _few_cells(n_cells: int) -> Iterator[slice]:
    """All cells, so few at a time that a block of them is in the cache while it is turned."""
    return (slice(start, start + _TURNED_AT_ONCE) for start in range(0, n_cells, _TURNED_AT_ONCE))


def _genes_per_block(n_cells: int) -> int:
    return max(_LEAST_GENES, _BLOCK_WORK // max(1, n_cells))


def _squares(x: Floats) -> Floats:
    return _products(x, x)


def _products(x: Floats, y: Floats) -> Floats:
    total: Floats = np.einsum("gc,gc->g", x, y)
    return total


def _quotient(a: Floats, b: Floats) -> Floats:
    """0 where the denominator is."""
    return np.divide(a, b, out=np.zeros(np.shape(b)), where=b != 0)
