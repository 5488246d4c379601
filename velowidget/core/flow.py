"""Flow between clusters: how much of the chain's next step leads where, and how much of that needs no velocity.

The flow from cluster A to B is the share of A's probability mass that lands in B: ``C^T T C`` with rows divided by
their sums, C telling which cell is in which cluster. With time, only steps from one time to the next count, as in the
single flow of Mittnenzweig et al., Cell 184 (2021).

What the flow is compared with is the same chain without direction: the probabilities of each cell dealt out among its
own neighbours at random. The expectation of that is the flow on the same graph with uniform rows, and its variance has
a closed form (sampling without replacement, Cochran, Sampling Techniques, chapter 2). Neighbours that lie in the same
direction rise and fall together, though, which makes the sums of a row vary more than dealing would. So the variance is
taken from how far the cells' own sums are from their expectation, wherever that is larger, and the interval of the
permutations is widened by the same factor: cells count as independent, the neighbours of a cell do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from velowidget.core.blocks import Report, over_blocks
from velowidget.core.graph import Graph
from velowidget.core.random import FLOW, key_of, philox

LEVEL = 0.95  # of the interval
_EDGES_PER_BLOCK = 1_000_000  # of all permutations in a block: some ten milliseconds
# A standard deviation this small beside the mass it belongs to is rounding: all probabilities of the rows are the same.
_ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class Groups:
    """Which cells count together.

    Attributes
    ----------
    clusters
        int32, shape (n_cells,): cluster of each cell, from 0; -1 leaves the cell out.
    n_clusters
        How many clusters there are, empty ones included.
    times
        int32, shape (n_cells,): which time, from 0 in ascending order; -1 leaves the cell out. None without time.
    n_times
        How many times there are; 1 without time.
    """

    clusters: NDArray[np.int32]
    n_clusters: int
    times: NDArray[np.int32] | None = None
    n_times: int = 1

    @property
    def lag(self) -> int:
        """How many times later a step has to lead: 1, or 0 without time."""
        return 0 if self.times is None else 1

    @property
    def shape(self) -> tuple[int, int, int]:
        """(n_steps, n_clusters, n_clusters): one step between consecutive times, or one in all without time."""
        return (self.n_times - self.lag, self.n_clusters, self.n_clusters)

    @property
    def time_codes(self) -> NDArray[np.int32]:
        """`times`, or 0 for each cell."""
        return np.zeros(len(self.clusters), dtype=np.int32) if self.times is None else self.times

    @property
    def proportions(self) -> NDArray[np.float64]:
        """Share of each cluster in the cells of each time, shape (n_times, n_clusters); 0 for a time without cells."""
        counts = np.zeros((self.n_times, self.n_clusters))
        inside = (self.clusters >= 0) & (self.time_codes >= 0)
        np.add.at(counts, (self.time_codes[inside], self.clusters[inside]), 1)
        return shares(counts)


@dataclass(frozen=True, eq=False)
class Null:
    """What the same graph gives without direction, each array float64 of shape (n_steps, n_clusters, n_clusters).

    Attributes
    ----------
    expected
        Mean flow; 0 where there is no edge between the clusters.
    z
        By how many standard deviations the flow is above it; NaN where there is no edge.
    spread
        By how much these standard deviations are larger than those of independent permutations, at least 1.
    """

    expected: NDArray[np.float64]
    z: NDArray[np.float64]
    spread: NDArray[np.float64]


def masses(graph: Graph, values: NDArray[np.float64], groups: Groups) -> NDArray[np.float64]:
    """Sum the values of all edges from cluster to cluster.

    Parameters
    ----------
    graph, values
        Neighbourhoods, and a value for each edge: float64, shape (n_edges,).
    groups
        Clusters and times of the cells.

    Returns
    -------
    float64, shape (n_steps, n_clusters, n_clusters): step, source, target.
    """
    out = np.zeros(groups.shape)
    _masses(graph.indptr, graph.indices, values, groups.clusters, groups.time_codes, groups.lag, out)
    return out


def shares(mass: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide rows, along the last axis, by their sums; rows without mass stay 0."""
    total = mass.sum(axis=-1, keepdims=True)
    return np.divide(mass, total, out=np.zeros_like(mass), where=total > 0)


def null(graph: Graph, values: NDArray[np.float64], groups: Groups, staying: NDArray[np.float64] | None = None) -> Null:
    """Compare the flow with that of the same chain without direction.

    Parameters
    ----------
    graph, values
        Neighbourhoods, and the transition probability on each edge: float64, shape (n_edges,).
    groups
        Clusters and times of the cells.
    staying
        Masses as from `masses` that are not dealt out, such as those of cells that stay where they are.

    Returns
    -------
    Expectation, z and spread.
    """
    fixed = np.zeros(groups.shape) if staying is None else staying
    uniform = masses(graph, _evened(graph, values), groups)
    expected = shares(uniform + fixed)
    actual = masses(graph, values, groups)
    # Over the mass, the flow's distance from its expectation: a sum over cells, whose variances add up.
    excess = actual - uniform - expected * (actual - uniform).sum(axis=-1, keepdims=True)
    dealt, between = np.zeros(groups.shape), np.zeros(groups.shape)
    _variances(
        *(graph.indptr, graph.indices, values, groups.clusters, groups.time_codes, groups.lag),
        *(expected, dealt, between),
    )
    edges = expected > 0
    deviation = np.sqrt(np.maximum(dealt, between))
    certain = deviation <= _ROUNDING * (actual + fixed).sum(axis=-1, keepdims=True)
    z = np.divide(excess, deviation, out=np.zeros_like(excess), where=~certain)
    ratio = np.divide(between, dealt, out=np.ones_like(dealt), where=~certain & (dealt > 0))
    return Null(expected, np.where(edges, z, np.nan), np.sqrt(np.maximum(ratio, 1.0)))


def interval(
    graph: Graph,
    values: NDArray[np.float64],
    groups: Groups,
    expectation: Null,
    n_permutations: int,
    seed: int,
    staying: NDArray[np.float64] | None = None,
    report: Report | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Flows between which 95 % of those without direction lie.

    Parameters
    ----------
    graph, values, groups, staying
        As for `null`.
    expectation
        What `null` gave for them.
    n_permutations
        How often to deal out the probabilities of each cell among its neighbours, at least 1.
    seed
        Of the permutations, from 0 to 2^64 - 1.
    report
        Told of progress, in permutations.

    Returns
    -------
    low, high
        float64, shape (n_steps, n_clusters, n_clusters), from 0 to 1; both 0 where there is no edge.
    """
    step, source, target = np.nonzero(expectation.expected > 0)
    slots = np.full(groups.shape, -1, dtype=np.int32)
    slots[step, source, target] = np.arange(len(step))
    codes = groups.clusters, groups.time_codes, groups.lag
    mixed = np.zeros(graph.n_cells, dtype=np.bool_)
    _find_mixed(graph.indptr, graph.indices, *codes, slots, mixed)
    # Where all neighbours count alike, dealing changes nothing.
    steady = masses(graph, np.where(mixed[graph.sources], 0.0, values), groups)
    if staying is not None:
        steady += staying
    sums = np.tile(steady[step, source, target], (n_permutations, 1))
    cells, key, longest = np.flatnonzero(mixed), key_of(seed), int(graph.degree.max(initial=0))

    def deal(start: int, stop: int) -> None:
        _deal(graph.indptr, graph.indices, values, *codes, slots, cells, key, longest, start, sums[start:stop])

    block = max(nb.get_num_threads(), _EDGES_PER_BLOCK // max(int(graph.degree[cells].sum()), 1))
    over_blocks(deal, n_permutations, block, report)
    of_row, row = np.unique(step * groups.n_clusters + source, return_inverse=True)
    totals = np.zeros((len(of_row), n_permutations))
    np.add.at(totals, row, sums.T)
    flows = np.divide(sums.T, totals[row], out=np.zeros_like(sums.T), where=totals[row] > 0)
    centre = expectation.expected[step, source, target]
    widened = centre[:, None] + expectation.spread[step, source, target][:, None] * (flows - centre[:, None])
    low, high = np.zeros(groups.shape), np.zeros(groups.shape)
    if len(step):
        tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
        low[step, source, target], high[step, source, target] = np.clip(np.quantile(widened, tails, axis=1), 0, 1)
    return low, high


def _evened(graph: Graph, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each cell's values, on each of its edges."""
    sums = np.bincount(graph.sources, weights=values, minlength=graph.n_cells)
    return np.repeat(sums / np.maximum(graph.degree, 1), graph.degree)


@nb.njit(nogil=True, cache=True)
def _masses(indptr, indices, values, clusters, times, lag, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    for i in range(len(indptr) - 1):
        source, step = clusters[i], times[i]
        if source < 0 or not 0 <= step < len(out):
            continue
        for edge in range(indptr[i], indptr[i + 1]):
            j = indices[edge]
            if clusters[j] >= 0 and times[j] == step + lag:
                out[step, source, clusters[j]] += values[edge]


@nb.njit(nogil=True, cache=True)
def _variances(indptr, indices, values, clusters, times, lag, expected, dealt, between):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Variance of each flow's excess mass: if each cell deals its values out, and from the cells' own excesses."""
    n_clusters = expected.shape[1]
    count, mass = np.zeros(n_clusters), np.zeros(n_clusters)
    for i in range(len(indptr) - 1):
        source, step = clusters[i], times[i]
        degree = indptr[i + 1] - indptr[i]
        if source < 0 or not 0 <= step < len(expected) or degree < 2:
            continue
        count[:], mass[:] = 0.0, 0.0
        total = 0.0
        for edge in range(indptr[i], indptr[i + 1]):
            j = indices[edge]
            total += values[edge]
            if clusters[j] >= 0 and times[j] == step + lag:
                count[clusters[j]] += 1
                mass[clusters[j]] += values[edge]
        mean = total / degree
        squares = 0.0
        for edge in range(indptr[i], indptr[i + 1]):
            squares += (values[edge] - mean) ** 2
        counted, excess = count.sum(), mass.sum() - count.sum() * mean
        for c in range(n_clusters):
            share = expected[step, source, c]
            if share == 0:
                continue
            # Each edge weighs -share where it counts, and 1 more where it leads to c.
            weight = count[c] - share * counted
            weights = count[c] * (1 - share) ** 2 + (counted - count[c]) * share**2
            dealt[step, source, c] += (weights - weight**2 / degree) * squares / (degree - 1)
            between[step, source, c] += (mass[c] - count[c] * mean - share * excess) ** 2


@nb.njit(nogil=True, cache=True)
def _find_mixed(indptr, indices, clusters, times, lag, slots, mixed):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Mark the cells whose neighbours count for more than one flow, or not all for any."""
    for i in range(len(indptr) - 1):
        source, step = clusters[i], times[i]
        if source < 0 or not 0 <= step < len(slots):
            continue
        first = -2
        for edge in range(indptr[i], indptr[i + 1]):
            j = indices[edge]
            slot = slots[step, source, clusters[j]] if clusters[j] >= 0 and times[j] == step + lag else -1
            if edge > indptr[i] and slot != first:
                mixed[i] = True
                break
            first = slot


@nb.njit(parallel=True, nogil=True, cache=True)
def _deal(indptr, indices, values, clusters, times, lag, slots, cells, key, longest, first, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Add the masses of permutations `first`, ... to the rows of `out`: values of each of `cells` in a random order.

    Numbers of Philox counter (FLOW, cell, permutation, draw), each word one step of Fisher and Yates' shuffle.
    """
    for row in nb.prange(len(out)):
        hand = np.empty(longest)
        words = np.empty(4, dtype=np.uint64)
        for i in cells:
            source, step = clusters[i], times[i]
            degree = indptr[i + 1] - indptr[i]
            for k in range(degree):
                hand[k] = values[indptr[i] + k]
            for k in range(degree - 1, 0, -1):
                draw = degree - 1 - k
                if draw % 4 == 0:
                    words[0], words[1], words[2], words[3] = philox(key, FLOW, i, first + row, draw // 4)
                other = np.int64((words[draw % 4] * np.uint64(k + 1)) >> np.uint64(32))
                hand[k], hand[other] = hand[other], hand[k]
            for k in range(degree):
                j = indices[indptr[i] + k]
                if clusters[j] >= 0 and times[j] == step + lag:
                    slot = slots[step, source, clusters[j]]
                    if slot >= 0:
                        out[row, slot] += hand[k]
