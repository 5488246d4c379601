"""Random walks on a Markov chain, and where they end."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba as nb
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from velowidget.core.blocks import Report, over_blocks
from velowidget.core.random import WALKS, key_of, uniform

# Walks that take each step together, so that the rows of their cells are fetched from memory at the same time.
_TOGETHER = 128
# About a tenth of a second on two cores.
_STEPS_PER_BLOCK = 1_000_000
# Row sums further from 1 are no rounding.
_TOLERANCE = 1e-6
# Walks and steps are 32-bit words of the random numbers' counter.
_MOST = 2**32 - 1
# Half-width of the 95 % interval of a standard normal number.
_Z = 1.959963984540054


def random_walks(
    matrix: sp.csr_matrix,
    starts: NDArray[np.integer],
    n_walks: int,
    n_steps: int,
    seed: int,
    *,
    stops: NDArray[np.bool_] | None = None,
    successive_hits: int = 0,
    report: Report | None = None,
) -> NDArray[np.int32]:
    """Walks on a Markov chain.

    Step s of walk w goes to the first entry of its cell's row at which the row's cumulative sum exceeds a Philox number
    of (seed, w, s). The number depends on nothing else: with the same seed, walks on another chain differ only by the
    chain. A step adds up the entries of one row, at most, whatever the number of cells.

    Parameters
    ----------
    matrix
        Row-stochastic, shape (n_cells, n_cells).
    starts
        Cells, shape (n_starts,), each as probable as any other.
    n_walks
        How many, from 1 to 2^32 - 1.
    n_steps
        Steps of a walk that nothing stops, from 1 to 2^32 - 1.
    seed
        From 0 to 2^64 - 1.
    stops
        Mask, shape (n_cells,): where a walk may end; None lets every walk go on to the last step.
    successive_hits
        A walk ends with this many further cells in `stops` directly after the first. Its start does not count.
    report
        Called between blocks of walks, see :func:`velowidget.core.blocks.over_blocks`.

    Returns
    -------
    int32, shape (n_walks, n_steps + 1): column 0 is the start, -1 follows the end of a stopped walk.

    Raises
    ------
    ValueError
        If the matrix is not square or not row-stochastic, there is no start, or a number is too small or large.
    MemoryError
        If there is not enough for the walks.
    """
    n_cells = _check_chain(matrix)
    starts = np.ascontiguousarray(starts, dtype=np.int32)
    if starts.size == 0 or starts.min() < 0 or starts.max() >= n_cells:
        raise ValueError(f"Walks need starts among the cells 0 to {n_cells - 1}.")
    for name, value, least in (
        ("n_walks", n_walks, 1),
        ("n_steps", n_steps, 1),
        ("successive_hits", successive_hits, 0),
    ):
        if value < least:
            raise ValueError(f"{name} must be at least {least}, not {value}.")
    if max(n_walks, n_steps) > _MOST:
        raise ValueError(f"At most {_MOST:,} walks and steps are possible: choose fewer.")
    if stops is None:
        stops = np.zeros(n_cells, dtype=bool)
    elif stops.shape != (n_cells,):
        raise ValueError(f"A mask of stops has shape {(n_cells,)}, and this one {stops.shape}.")
    try:
        walks = np.empty((n_walks, n_steps + 1), dtype=np.int32)
    except (MemoryError, ValueError) as error:  # NumPy has a largest size, too
        raise MemoryError(f"{n_walks:,} walks of {n_steps:,} steps do not fit into memory: choose fewer.") from error
    successive_hits = min(successive_hits, n_steps)  # more are never reached
    # As the compiled code takes them; SciPy chooses the types of its own.
    rows = matrix.indptr.astype(np.int64, copy=False), matrix.indices.astype(np.int32, copy=False)
    chain = (*rows, np.asarray(matrix.data, dtype=np.float64))
    over_blocks(
        lambda start, stop: _walk(*chain, starts, stops, successive_hits, key_of(seed), start, walks[start:stop]),
        n_walks,
        _TOGETHER * math.ceil(_STEPS_PER_BLOCK / (_TOGETHER * n_steps)),
        report,
    )
    return walks


def ends(
    walks: NDArray[np.int32], stops: NDArray[np.bool_] | None = None, successive_hits: int = 0
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The last step of each walk, and whether it has ended there.

    Parameters
    ----------
    walks, stops, successive_hits
        As for `random_walks` and from it; without `stops`, every walk ends with its last step.

    Returns
    -------
    int64 and bool, shape (n_walks,).
    """
    last = (walks >= 0).sum(axis=1) - 1
    if stops is None:
        return last, np.ones(len(walks), dtype=bool)
    # More hits than steps are never reached.
    steps = last[:, None] - np.arange(min(successive_hits, walks.shape[1]) + 1)
    cells = np.take_along_axis(walks, np.maximum(steps, 0), axis=1)
    return last, ((steps > 0) & stops[cells]).all(axis=1)


def arrivals(
    walks: NDArray[np.int32],
    clusters: NDArray[np.integer],
    n_clusters: int,
    stops: NDArray[np.bool_] | None = None,
    successive_hits: int = 0,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many walks are in each cluster after each step; with stops, how many have ended in it by then.

    Parameters
    ----------
    walks, stops, successive_hits
        As for `ends`.
    clusters
        Cluster of each cell, shape (n_cells,), -1 for none.
    n_clusters
        How many clusters there are.

    Returns
    -------
    Counts, int64, shape (n_steps + 1, n_clusters); and out of how many, shape (n_steps + 1,): all walks, or those that
    have ended by then, in clusters or not.
    """
    n_walks, n_columns = walks.shape
    if stops is None:
        steps, cells = np.tile(np.arange(n_columns), n_walks), walks.ravel()
    else:
        last, ended = ends(walks, stops, successive_hits)
        steps, cells = last[ended], walks[ended, last[ended]]
    # One more column for cells without a cluster, whose number is -1.
    counts = np.zeros((n_columns, n_clusters + 1), dtype=np.int64)
    np.add.at(counts, (steps, clusters[cells]), 1)
    if stops is not None:
        counts = counts.cumsum(axis=0)
    return counts[:, :-1], counts.sum(axis=1)


@dataclass(frozen=True, eq=False)
class Shares:
    """Shares of a total, and between which bounds they lie with 95 % confidence; NaN where the total is 0."""

    share: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def shares(counts: NDArray[np.integer], total: NDArray[np.integer]) -> Shares:
    """Shares with Wilson's score intervals.

    ``(p + z^2 / 2n -+ z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)`` with z = 1.96 (Wilson 1927), which stays
    between 0 and 1 and is right also for few walks and for shares of 0 and 1.

    Parameters
    ----------
    counts, total
        Arrays that broadcast: how many, out of how many.
    """
    n = np.where(np.asarray(total) > 0, total, np.nan)
    share = counts / n
    middle = share + _Z**2 / (2 * n)
    half = _Z * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    scale = 1 + _Z**2 / n
    # Exactly at the ends, where rounding may fall short of them.
    low = np.where(share == 0, 0.0, (middle - half) / scale)
    return Shares(share, low, np.where(share == 1, 1.0, (middle + half) / scale))


def _check_chain(matrix: sp.csr_matrix) -> int:
    """The number of cells of a matrix, if it is row-stochastic."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"A transition matrix must be square, and this one has shape {matrix.shape}.")
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    wrong = np.flatnonzero(~(np.abs(sums - 1) <= _TOLERANCE))
    if wrong.size or (matrix.data < 0).any():
        what = f"row {wrong[0]} sums to {sums[wrong[0]]:.6g}" if wrong.size else "an entry is negative"
        raise ValueError(f"A transition matrix has rows of probabilities that sum to 1, and here {what}.")
    return int(matrix.shape[0])


@nb.njit(parallel=True, nogil=True, cache=True)
def _walk(indptr, indices, probabilities, starts, stops, successive_hits, key, first, walks):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    n_walks, n_columns = walks.shape
    for group in nb.prange((n_walks + _TOGETHER - 1) // _TOGETHER):
        begin = group * _TOGETHER
        size = min(_TOGETHER, n_walks - begin)
        cells, hits = np.empty(size, dtype=np.int32), np.zeros(size, dtype=np.int64)
        edges, sums = np.empty(size, dtype=np.int64), np.empty(size)
        for k in range(size):
            # At most the last: a number just below 1 times many starts may be rounded up.
            chosen = min(int(uniform(key, WALKS, first + begin + k, 0, 0) * len(starts)), len(starts) - 1)
            cells[k] = walks[begin + k, 0] = starts[chosen]
        for step in range(1, n_columns):
            for k in range(size):
                edges[k] = indptr[cells[k]]
            for k in range(size):
                sums[k] = probabilities[edges[k]]
            for k in range(size):
                if hits[k] > successive_hits:
                    walks[begin + k, step] = -1
                    continue
                number = uniform(key, WALKS, first + begin + k, step, 0)
                edge, last, total = edges[k], indptr[cells[k] + 1] - 1, sums[k]
                while total <= number and edge < last:
                    edge += 1
                    total += probabilities[edge]
                # Rounding may leave the sum of a row below a number just below 1.
                while probabilities[edge] == 0.0:
                    edge -= 1
                cell = indices[edge]
                cells[k] = walks[begin + k, step] = cell
                hits[k] = hits[k] + 1 if stops[cell] else 0
