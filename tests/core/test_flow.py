"""Flow between clusters against dense loops, and its null against every permutation there is."""

from __future__ import annotations

import math
from itertools import permutations, product

import numpy as np
import pytest

from tests.reference import graph_of, neighbours, random_graph
from velowidget.core import flow
from velowidget.core.flow import Groups, interval, masses, null, shares


def random_groups(rng, n_cells, n_clusters=3, n_times=None):
    clusters = rng.integers(-1, n_clusters, n_cells).astype(np.int32)
    if n_times is None:
        return Groups(clusters, n_clusters)
    return Groups(clusters, n_clusters, rng.integers(-1, n_times, n_cells).astype(np.int32), n_times)


def random_chain(rng, n_cells=40, degree=6):
    graph = random_graph(rng, n_cells, degree)
    values = rng.gamma(0.5, size=graph.n_edges)
    return graph, values / np.bincount(graph.sources, values)[graph.sources]


def slow_masses(graph, values, groups):
    out = np.zeros(groups.shape)
    matrix = graph.matrix(values).toarray()
    for i, j in product(range(graph.n_cells), repeat=2):
        a, b = groups.clusters[i], groups.clusters[j]
        if min(a, b) < 0:
            continue
        if groups.times is None:
            out[0, a, b] += matrix[i, j]
        elif groups.times[i] >= 0 and groups.times[j] == groups.times[i] + 1:
            out[groups.times[i], a, b] += matrix[i, j]
    return out


@pytest.mark.parametrize("n_times", [None, 2, 4])
def test_masses_are_those_of_a_dense_loop(rng, n_times):
    graph, values = random_chain(rng)
    groups = random_groups(rng, graph.n_cells, n_times=n_times)
    assert np.allclose(masses(graph, values, groups), slow_masses(graph, values, groups), rtol=1e-12, atol=0)


def test_rows_of_shares_sum_to_one_or_are_empty():
    assert np.allclose(shares(np.array([[1.0, 3.0], [0.0, 0.0]])), [[0.25, 0.75], [0, 0]])


def test_proportions_are_shares_of_the_cells_of_a_time():
    clusters, times = np.array([0, 1, 1, -1, 0], np.int32), np.array([0, 0, 0, 0, 2], np.int32)
    assert np.allclose(Groups(clusters, 2, times, 3).proportions, [[1 / 3, 2 / 3], [0, 0], [1, 0]])


def every_deal(graph, values, groups):
    """Shares under each way to deal out the values of each cell among its neighbours."""
    rows = [values[graph.indptr[i] : graph.indptr[i + 1]] for i in range(graph.n_cells)]
    deals = product(*[list(permutations(row)) for row in rows])
    return np.array([shares(masses(graph, np.concatenate(deal), groups)) for deal in deals])


def small_chain(rng):
    """Cells 0 to 2 have three or four neighbours among clusters 0 and 1, the others stay."""
    pattern = np.zeros((8, 8))
    pattern[0, [1, 2, 4, 5]] = pattern[1, [0, 3, 6]] = pattern[2, [3, 5, 7]] = 1
    graph = graph_of(pattern)
    values = rng.gamma(0.5, size=graph.n_edges)
    values /= np.bincount(graph.sources, values)[graph.sources]
    return graph, values, Groups(np.array([0, 0, 0, 0, 1, 1, 1, 1], np.int32), 2)


def test_null_has_mean_and_deviation_of_all_permutations(rng):
    graph, values, groups = small_chain(rng)
    deals = every_deal(graph, values, groups)
    assert len(deals) == 24 * 6 * 6
    found = null(graph, values, groups)
    actual = shares(masses(graph, values, groups))
    for a, b in ((0, 0), (0, 1)):
        mean, deviation = deals[:, 0, a, b].mean(), deals[:, 0, a, b].std()
        assert found.expected[0, a, b] == pytest.approx(mean, rel=1e-12)
        assert found.z[0, a, b] * found.spread[0, a, b] == pytest.approx((actual[0, a, b] - mean) / deviation, rel=1e-9)
    assert np.isnan(found.z[0, 1]).all()
    assert (found.expected[0, 1] == 0).all()


@pytest.mark.parametrize("n_times", [None, 3])
def test_deviation_is_that_of_the_cells_where_their_neighbours_agree(rng, n_times):
    """The variance of a sum over cells, each of them with a random sign."""
    graph, values = random_chain(rng, 60)
    groups = random_groups(rng, 60, 2, n_times)
    away = (groups.clusters[graph.indices] == 1) + 0.01  # all neighbours in a cluster are alike
    values = away / np.bincount(graph.sources, away)[graph.sources]
    found = null(graph, values, groups)
    uniform = 1 / graph.degree[graph.sources]
    expected = shares(slow_masses(graph, uniform, groups))
    assert np.allclose(found.expected, expected, rtol=1e-12)
    for step, a, b in product(*map(range, groups.shape)):
        excesses = []
        for i in np.flatnonzero(groups.clusters == a):
            if groups.time_codes[i] != step:
                continue
            around = [j for j in neighbours(graph, i) if groups.clusters[j] >= 0]
            around = [j for j in around if groups.time_codes[j] == step + groups.lag]
            beyond = {j: graph.matrix(values - uniform)[i, j] for j in around}
            into = math.fsum(v for j, v in beyond.items() if groups.clusters[j] == b)
            excesses.append(into - expected[step, a, b] * math.fsum(beyond.values()))
        squares = math.fsum(e**2 for e in excesses)
        if found.spread[step, a, b] > 1:
            assert found.z[step, a, b] == pytest.approx(math.fsum(excesses) / math.sqrt(squares), rel=1e-9)
    assert (found.spread > 1).any()


def test_uniform_rows_are_what_is_expected(rng):
    graph, _ = random_chain(rng)
    values = 1 / graph.degree[graph.sources]
    groups = random_groups(rng, graph.n_cells)
    found = null(graph, values, groups)
    edges = found.expected > 0
    assert np.allclose(found.expected, shares(masses(graph, values, groups)), rtol=1e-12)
    assert (found.z[edges] == 0).all()
    low, high = interval(graph, values, groups, found, 20, 0)
    assert np.allclose(low, found.expected, rtol=1e-12)
    assert np.allclose(high, found.expected, rtol=1e-12)


def test_cells_that_stay_are_not_dealt_out(rng):
    graph, values, groups = small_chain(rng)
    staying = np.zeros(groups.shape)
    staying[0, 0, 0], staying[0, 1, 1] = 1.0, 4.0
    found = null(graph, values, groups, staying)
    mean = shares(masses(graph, 1 / graph.degree[graph.sources], groups) + staying)
    assert np.allclose(found.expected, mean, rtol=1e-12)
    assert found.expected[0, 1].tolist() == [0, 1]
    assert found.z[0, 1, 1] == 0
    plain = null(graph, values, groups)
    assert found.z[0, 0, 1] == pytest.approx(plain.z[0, 0, 1], rel=1e-9)  # the same excess mass
    low, high = interval(graph, values, groups, found, 50, 0, staying)
    assert low[0, 1, 1] == high[0, 1, 1] == 1
    assert low[0, 0, 1] < found.expected[0, 0, 1] < high[0, 0, 1]


@pytest.mark.parametrize("n_times", [None, 2])
def test_interval_holds_what_permutations_give(rng, n_times):
    graph, values = random_chain(rng, 60)
    groups = random_groups(rng, 60, 3, n_times)
    found = null(graph, values, groups)
    low, high = interval(graph, values, groups, found, 4000, 1)
    deals = []
    for _ in range(4000):
        order = np.lexsort((rng.random(graph.n_edges), graph.sources))
        deals.append(shares(masses(graph, values[order], groups)))
    centre, spread = found.expected, found.spread
    slow_low, slow_high = np.quantile(centre + spread * (np.array(deals) - centre), [0.025, 0.975], axis=0).clip(0, 1)
    width = slow_high - slow_low
    assert (np.abs(low - slow_low) <= 0.1 * width).all()
    assert (np.abs(high - slow_high) <= 0.1 * width).all()
    assert (width[(centre > 0) & (centre < 1)] > 0).all()


def test_interval_depends_on_the_seed_alone(rng, monkeypatch):
    graph, values = random_chain(rng)
    groups = random_groups(rng, graph.n_cells)
    found = null(graph, values, groups)
    once = interval(graph, values, groups, found, 30, 7)
    monkeypatch.setattr(flow, "_EDGES_PER_BLOCK", 300)
    again = interval(graph, values, groups, found, 30, 7)
    other = interval(graph, values, groups, found, 30, 8)
    assert all(np.array_equal(a, b) for a, b in zip(once, again, strict=True))
    assert not np.array_equal(once[0], other[0])


def test_interval_reports_and_ends_when_told_to(rng, monkeypatch):
    class Enough(Exception):
        pass

    def report(done, total):
        seen.append((done, total))
        if done >= 20:
            raise Enough

    graph, values = random_chain(rng)
    monkeypatch.setattr(flow, "_EDGES_PER_BLOCK", 2000)
    groups = random_groups(rng, graph.n_cells)
    seen = []
    with pytest.raises(Enough):
        interval(graph, values, groups, null(graph, values, groups), 100, 0, report=report)
    assert seen[0] == (0, 100)
    assert 20 <= seen[-1][0] < 100
