"""The steady-state fit against slow loops, closed forms and invariants."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from tests.reference import graph_of, neighbours, random_graph
from velowidget.core import steady_state
from velowidget.core.moments import abundance_means, second_moments

N_CELLS, N_GENES = 60, 7


@pytest.fixture
def counts():
    """Spliced and unspliced counts, a graph, and first moments, one gene without any RNA."""
    rng = np.random.default_rng(0)
    rates = rng.gamma(2, 2, size=(N_CELLS, 1)) * rng.uniform(0.5, 2, size=N_GENES)
    s, u = rng.poisson(rates).astype(np.float32), rng.poisson(0.4 * rates).astype(np.float32)
    s[:, -1] = u[:, -1] = 0
    graph = random_graph(rng, N_CELLS, 6)
    s, u = sp.csr_matrix(s), sp.csr_matrix(u)
    return graph, s, u, abundance_means(graph, s), abundance_means(graph, u)


def slow_means(graph, values):
    members = [[i, *(j for j in neighbours(graph, i) if j != i)] for i in range(graph.n_cells)]
    return np.array([np.mean([values[j] for j in of_cell], axis=0) for of_cell in members])


def percentile(values, perc):
    """Linear between the sorted values."""
    ordered = sorted(values)
    at = perc / 100 * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def slow_extreme(abundance, perc):
    if np.ndim(perc) == 0:
        return [a >= percentile(abundance, perc) for a in abundance]
    low, high = (percentile(abundance, p) for p in perc)
    return [a <= low or a >= high for a in abundance]


def slow_fit(s, u, perc, offset):
    """Slope, intercept and r2 of one gene."""
    joint = s / max(s.max(), 1e-3) + u / max(u.max(), 1e-3)
    cells = [i for i, counts in enumerate(slow_extreme(joint, perc)) if counts]
    if not s[cells].any():
        return 0.0, 0.0, 0.0
    slope, intercept = sum(s[cells] * u[cells]) / sum(s[cells] ** 2), 0.0
    if offset:
        tilted, lifted = np.polyfit(s[cells], u[cells], 1)
        slope, intercept = (tilted, lifted) if lifted > 0 else (slope, 0.0)
    residual = u - slope * s - intercept
    return slope, intercept, 1 - sum(residual**2) / sum((u - u.mean()) ** 2)


@pytest.mark.parametrize(("perc", "offset"), [(95, False), (80, False), ((5, 95), False), ((10, 85), True)])
def test_lines_are_those_of_a_slow_fit(counts, perc, offset):
    _, _, _, ms, mu = counts
    lines = steady_state.fit(ms, mu, perc, offset=offset)
    expected = [slow_fit(s, u, perc, offset) for s, u in zip(ms.T.astype(float), mu.T.astype(float), strict=True)]
    np.testing.assert_allclose(np.transpose([lines.gamma, lines.offset, lines.r2]), expected, rtol=1e-6, atol=1e-9)
    assert lines.gamma[-1] == lines.r2[-1] == 0
    assert not offset or (lines.offset > 0).any()


@pytest.mark.parametrize(("perc", "offset"), [(95, False), ((10, 85), True)])
def test_second_moments_are_fitted_as_by_weighted_least_squares(counts, perc, offset):
    """Rows of both kinds in one system, for NumPy's solver."""
    graph, spliced, unspliced, ms, mu = counts
    genes = np.arange(N_GENES) % 3 != 1
    genes[-1] = False
    lines = steady_state.fit(ms, mu, perc, offset=offset)
    fitted, variance = steady_state.refit(graph, spliced, unspliced, ms, mu, lines, genes, perc, offset=offset)
    dense_s, dense_u = spliced.toarray().astype(float), unspliced.toarray().astype(float)
    mss, mus = slow_means(graph, dense_s**2), slow_means(graph, dense_s * dense_u)
    for g in range(N_GENES):
        if not genes[g]:
            assert fitted.gamma[g] == lines.gamma[g]
            assert not variance[:, g].any()
            continue
        s, u = ms[:, g].astype(float), mu[:, g].astype(float)
        s2, u2 = 2 * mss[:, g] - s, 2 * mus[:, g] + u
        of_second = np.std(u2 - np.dot(s2, u2) / np.dot(s2, s2) * s2)
        of_first = np.std(u - lines.gamma[g] * s - lines.offset[g])
        joint = s / s.max() + u / u.max()
        cells = np.array(slow_extreme(joint, perc)) | np.array(slow_extreme(s, perc))
        rows = np.column_stack([np.r_[s[cells] / of_first, s2 / of_second]])
        if offset:
            rows = np.column_stack([rows, np.r_[np.full(cells.sum(), 1 / of_first), np.zeros(N_CELLS)]])
        solved = np.linalg.lstsq(rows, np.r_[u[cells] / of_first, u2 / of_second], rcond=None)[0]
        if offset and solved[1] < 0:
            solved = np.linalg.lstsq(rows[:, :1], np.r_[u[cells] / of_first, u2 / of_second], rcond=None)[0]
        gamma, shift = solved[0], solved[1] if len(solved) == 2 else 0.0
        assert fitted.gamma[g] == pytest.approx(gamma, rel=1e-6)
        assert fitted.offset[g] == pytest.approx(shift, abs=1e-6)
        expected = u2 - 2 * s * u - gamma * (s2 - 2 * s * s) + 2 * shift * s
        np.testing.assert_allclose(variance[:, g], expected, atol=1e-4)


def test_a_gene_in_steady_state_lies_on_the_line_and_lifted_cells_above_it():
    ms = np.linspace(0, 10, 200, dtype=np.float32)[:, None]
    mu = 0.5 * ms
    mu[90:110] += 1
    lines = steady_state.fit(ms, mu)
    velocity = steady_state.above(lines, ms, mu)
    assert lines.gamma[0] == pytest.approx(0.5)
    assert 0.9 < lines.r2[0] < 1
    np.testing.assert_allclose(velocity[90:110], 1, rtol=1e-5)
    np.testing.assert_allclose(velocity[:50], 0, atol=1e-5)


def test_an_exact_line_is_kept_where_second_moments_cannot_be_weighed():
    ms = np.linspace(1, 10, 30, dtype=np.float32)[:, None]
    graph = random_graph(np.random.default_rng(0), 30, 3)
    lines = steady_state.fit(ms, 0.5 * ms)
    values = sp.csr_matrix(ms)
    fitted, variance = steady_state.refit(
        graph, values, 0.5 * values, ms, (0.5 * ms), lines, np.ones(1, dtype=bool), offset=False
    )
    assert fitted.gamma[0] == lines.gamma[0] == 0.5
    assert np.isfinite(variance).all()


def test_blocks_and_progress_change_nothing(counts, monkeypatch):
    graph, spliced, unspliced, ms, mu = counts
    genes = np.ones(N_GENES, dtype=bool)

    def all_of_it(report=None):
        lines = steady_state.fit(ms, mu, report=report)
        return lines, *steady_state.refit(graph, spliced, unspliced, ms, mu, lines, genes, report=report)

    _, whole, variance = all_of_it()
    monkeypatch.setattr(steady_state, "_BLOCK_WORK", N_CELLS)
    monkeypatch.setattr(steady_state, "_LEAST_GENES", 2)
    monkeypatch.setattr(steady_state, "_TURNED_AT_ONCE", 7)
    seen = []
    _, in_blocks, again = all_of_it(lambda done, total: seen.append((done, total)))
    np.testing.assert_array_equal(in_blocks.gamma, whole.gamma)
    np.testing.assert_array_equal(again, variance)
    assert seen == 2 * [(0, 7), (2, 7), (4, 7), (6, 7), (7, 7)]


def test_nothing_given_is_changed(counts):
    graph, spliced, unspliced, ms, mu = counts
    before = [a.copy() for a in (ms, mu, spliced.data, unspliced.data)]
    lines = steady_state.fit(ms, mu)
    steady_state.refit(graph, spliced, unspliced, ms, mu, lines, lines.gamma > 0)
    steady_state.above(lines, ms, mu)
    for was, now in zip(before, (ms, mu, spliced.data, unspliced.data), strict=True):
        np.testing.assert_array_equal(now, was)


def test_abundance_means_are_those_of_slow_loops(counts):
    graph, spliced, *_ = counts
    np.testing.assert_allclose(
        abundance_means(graph, spliced), slow_means(graph, spliced.toarray().astype(float)), rtol=1e-6
    )


def test_abundance_means_count_a_loop_once_and_leave_lonely_cells_alone():
    graph = graph_of([[1, 1, 0], [1, 0, 0], [0, 0, 0]])
    values = sp.csr_matrix(np.array([[2.0, 0], [4, 0], [6, 8]]))
    np.testing.assert_array_equal(abundance_means(graph, values), [[3, 0], [3, 0], [6, 8]])
    with pytest.raises(ValueError, match="one row for each of 3 cells"):
        abundance_means(graph, values[:2])


def test_second_moments_are_those_of_slow_loops(counts):
    graph, spliced, unspliced, *_ = counts
    genes = np.array([5, 0, 6, 2])
    squares, products = second_moments(graph, spliced.tocsc(), unspliced.tocsc(), genes)
    s, u = (values.toarray().astype(float)[:, genes] for values in (spliced, unspliced))
    np.testing.assert_allclose(squares.T, slow_means(graph, s * s), rtol=1e-12)
    np.testing.assert_allclose(products.T, slow_means(graph, s * u), rtol=1e-12)
    with pytest.raises(ValueError, match="one row for each of 60 cells"):
        second_moments(graph, spliced[:2].tocsc(), unspliced[:2].tocsc(), genes)


def test_second_moments_follow_one_way_edges_and_count_a_loop_once():
    """Cell 0 has itself and 1, cell 1 only itself, cell 2 cell 0; spliced and unspliced are stored in other places."""
    graph = graph_of([[1, 1, 0], [0, 0, 0], [1, 0, 0]])
    spliced, unspliced = sp.csc_matrix([[2.0, 0], [4, 3], [0, 1]]), sp.csc_matrix([[0.0, 5], [1, 1], [7, 0]])
    squares, products = second_moments(graph, spliced, unspliced, np.arange(2))
    np.testing.assert_array_equal(squares, [[10, 16, 2], [4.5, 9, 0.5]])
    np.testing.assert_array_equal(products, [[2, 4, 0], [1.5, 3, 0]])


@pytest.mark.parametrize("perc", [0, 50, 95, 100, (5, 95), (0, 100), (25, 50)])
@pytest.mark.parametrize("n_cells", [21, 60])
def test_extreme_cells_are_those_beyond_the_percentile_also_with_ties(perc, n_cells):
    abundance = np.random.default_rng(0).integers(0, 6, (4, n_cells)).astype(float)
    abundance[0] = np.arange(n_cells)[::-1]
    expected = [slow_extreme(row, perc) for row in abundance]
    np.testing.assert_array_equal(steady_state._is_extreme(abundance, perc), expected)
