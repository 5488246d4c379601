"""Averages over random velocities against drawing every gene of every sample, and invariants."""

from __future__ import annotations

import os
from pathlib import Path

import anndata as ad
import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.reference import graph_of
from velowidget.core import monte_carlo as module
from velowidget.core.graph import Graph
from velowidget.core.moments import velocity_moments
from velowidget.core.monte_carlo import EXACT, monte_carlo
from velowidget.core.similarity import SCHEMES, similarity
from velowidget.data.graphs import read_graph
from velowidget.data.velocity import read_velocity

PANCREAS = Path(__file__).resolve().parents[3] / "shared" / "data" / "pancreas.h5ad"

each_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def brute_force(displacements, mean, variance, cases, n_samples, rng):
    """Every gene of every sample: for each (scheme, scale), probabilities, their variance, and similarities."""
    d = np.asarray(displacements, dtype=np.float64)
    out = {case: np.zeros((3, len(d))) for case in cases}
    for first in range(0, n_samples, 2000):
        draws = mean + np.sqrt(variance) * rng.standard_normal((min(2000, n_samples - first), len(mean)))
        for scheme, scale in cases:
            v, e = draws, d
            if scheme == "correlation":
                v, e = v - v.mean(axis=1, keepdims=True), e - e.mean(axis=1, keepdims=True)
            s = v @ e.T
            if scheme != "dot_product":
                s /= np.linalg.norm(e, axis=1) * np.linalg.norm(v, axis=1, keepdims=True)
            p = np.exp(scale * s - (scale * s).max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            out[scheme, scale] += p.sum(axis=0), (p**2).sum(axis=0), s.sum(axis=0)
    for case, sums in out.items():
        p, square, s = sums / n_samples
        out[case] = p, np.maximum(square - p**2, 0), s
    return out


def edges_of(graph, cells):
    """The graph with the edges of some cells only, for the others to cost nothing."""
    kept = np.isin(graph.sources, cells)
    degree = np.where(np.isin(np.arange(graph.n_cells), cells), graph.degree, 0)
    return Graph(np.concatenate([[0], np.cumsum(degree)]).astype(np.int64), graph.indices[kept])


def assert_agree(graph, x, v, cells, cases, n_samples, allowed=0.0):
    """Within five standard errors of the difference, and `allowed`.

    Each side has its own error: one of them may have missed what is rare, and think itself certain.
    """
    graph = edges_of(graph, cells)
    mean, variance = velocity_moments(graph, v)
    repeats = 20
    found = {
        case: [monte_carlo(graph, x, v, *case, n_samples // repeats, seed)[1] for seed in range(repeats)]
        for case in cases
    }
    rng = np.random.default_rng(6)
    for i in cells:
        edges = slice(graph.indptr[i], graph.indptr[i + 1])
        displacements = x[graph.indices[edges]].astype(np.float64) - x[i]
        for case, (p, spread, _) in brute_force(displacements, mean[i], variance[i], cases, n_samples, rng).items():
            means = np.array(found[case])[:, edges]
            error = np.sqrt(spread / n_samples + means.var(axis=0, ddof=1) / repeats)
            assert (np.abs(means.mean(axis=0) - p) <= 5 * error + allowed).all(), case


@each_scheme
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_brute_force_with_few_genes(data, scheme, dtype):
    """All of them drawn one by one."""
    graph, x, v = data
    cases = [(scheme, 0.5), (scheme, 6.0), (scheme, -6.0)]
    assert_agree(graph, x.astype(dtype), v.astype(dtype), [0, 7], cases, 20_000)


@each_scheme
def test_equals_brute_force_with_many_genes(rng, scheme):
    """Some genes vary much more than others and make the norm far from normal; more neighbours than dimensions."""
    n_cells, n_genes = 30, 200
    sizes = rng.pareto(1.0, n_genes)
    x = rng.normal(size=(n_cells, 5)) @ rng.normal(size=(5, n_genes))
    v = 0.2 * sizes + sizes * rng.normal(size=(n_cells, n_genes)) / np.sqrt(sizes.max())
    cases = [(scheme, 1.0), (scheme, 8.0)]
    assert n_genes > EXACT + n_cells + 2
    assert_agree(graph_of(~np.eye(n_cells, dtype=bool)), x, v, [0, 11], cases, 20_000, allowed=1e-4)


@each_scheme
def test_mean_similarities_are_those_of_brute_force(rng, scheme):
    """Forty genes with the same variance, most of them not drawn one by one, and a neighbour straight ahead.

    The spread of the velocity's norm alone makes its similarity larger by half a percent.
    """
    graph, n_genes = edges_of(graph_of(~np.eye(3, dtype=bool)), [0]), 40
    ahead, aside = rng.choice([-1.0, 1.0], size=(2, n_genes))
    v = 0.4 * ahead + np.array([[0.0], [1.0], [-1.0]]) * aside
    x = np.array([np.zeros(n_genes), ahead, rng.normal(size=n_genes)])
    repeats, n_samples = 20, 20_000
    found = np.array([monte_carlo(graph, x, v, scheme, 1.0, n_samples, seed)[0].logits for seed in range(repeats)])
    mean, variance = velocity_moments(graph, v)
    case = (scheme, 1.0)
    _, _, expected = brute_force(x[1:] - x[0], mean[0], variance[0], [case], repeats * n_samples, rng)[case]
    error = np.sqrt(2 * found.var(axis=0, ddof=1) / repeats)
    assert (np.abs(found.mean(axis=0) - expected) <= 5 * error).all()


@pytest.mark.slow
@pytest.mark.skipif(
    not PANCREAS.exists() and os.environ.get("CI") != "true", reason=f"needs {PANCREAS}, which is not in git"
)
def test_equals_brute_force_on_pancreas():
    """All velocity genes; 40,000 samples on 30 cells agree as well, and take a minute."""
    pancreas = ad.read_h5ad(PANCREAS)
    graph, _ = read_graph(pancreas)
    data = read_velocity(pancreas, "velocity", "Ms", None)
    automatic = [similarity(graph, data.x, data.v, scheme).automatic_scale for scheme in SCHEMES]
    cases = [(scheme, scale) for scheme, auto in zip(SCHEMES, automatic, strict=True) for scale in (4.0, auto)]
    cells = np.random.default_rng(0).choice(graph.n_cells, 10, replace=False)
    assert_agree(graph, data.x, data.v, cells, cases, 20_000, allowed=1e-4)


@each_scheme
def test_without_variance_it_is_the_softmax(rng, scheme):
    graph, x = graph_of(~np.eye(8, dtype=bool)), rng.normal(size=(8, 60))
    v = np.tile(rng.normal(size=60), (8, 1))
    found, probabilities = monte_carlo(graph, x, v, scheme, 3.0, 5, 0)
    expected = similarity(graph, x, v, scheme)
    np.testing.assert_allclose(found.logits, expected.logits, rtol=1e-10)
    weights = np.exp(3.0 * expected.logits)
    expected_p = weights / np.bincount(graph.sources, weights=weights)[graph.sources]
    np.testing.assert_allclose(probabilities, expected_p, rtol=1e-10)


@each_scheme
@pytest.mark.parametrize("n_genes", [20, 100])
def test_neighbours_in_the_same_place_are_as_likely(rng, scheme, n_genes):
    """A singular covariance: whatever is left of a pivot, it must not be magnified."""
    graph, x, v = graph_of(~np.eye(12, dtype=bool)), rng.normal(size=(12, n_genes)), rng.normal(size=(12, n_genes))
    x[6:] = x[1]
    _, probabilities = monte_carlo(edges_of(graph, [0]), x, v, scheme, 4.0, 64, 0)
    assert np.isfinite(probabilities).all()
    assert probabilities.sum() == pytest.approx(1.0, rel=1e-14)
    np.testing.assert_allclose(probabilities[5:], probabilities[0], atol=1e-5)


@each_scheme
@given(
    values=arrays(np.int8, (2, 5, 4), elements=st.integers(-2, 2)),
    pattern=arrays(bool, (5, 5)),
    n_samples=st.integers(1, 40),
)
def test_degenerate_data(scheme, values, pattern, n_samples):
    """Small integers: zero and constant velocities, coinciding cells, self-edges, cells without neighbours."""
    graph, (x, v) = graph_of(pattern), values.astype(np.float64)
    mean, variance = velocity_moments(graph, v)
    found, probabilities = monte_carlo(graph, x, v, scheme, 0.7, n_samples, 0)
    known = ~variance.any(axis=1)
    still = known & ~mean.any(axis=1)
    np.testing.assert_array_equal(found.still, still)
    np.testing.assert_array_equal(found.logits[still[graph.sources]], 0.0)
    moving = ~still[graph.sources]
    lost = np.zeros(graph.n_edges, dtype=bool)
    if scheme != "dot_product":
        displacement = x[graph.indices] - x[graph.sources]
        if scheme == "correlation":
            displacement = displacement - displacement.mean(axis=1, keepdims=True)
            mean = mean - mean.mean(axis=1, keepdims=True)
        lost = moving & ~((np.abs(displacement) > 1e-9).any(axis=1))
        lost |= moving & (known & ~(np.abs(mean) > 1e-9).any(axis=1))[graph.sources]
    np.testing.assert_array_equal(np.isnan(found.logits), lost)
    assert not probabilities[lost].any()
    totals = np.bincount(graph.sources, weights=probabilities, minlength=5)
    defined = np.bincount(graph.sources[~lost], minlength=5) > 0
    np.testing.assert_array_equal(found.undefined, ~defined)
    np.testing.assert_allclose(totals, defined.astype(float), atol=1e-14)
    uniform = still[graph.sources]
    np.testing.assert_allclose(probabilities[uniform], 1 / graph.degree[graph.sources][uniform], rtol=1e-15)


@each_scheme
def test_numbers_depend_on_seed_and_cell_only(data, scheme, monkeypatch):
    graph, x, v = data
    similarities, expected = monte_carlo(graph, x, v, scheme, 4.0, 50, 7)
    assert not np.array_equal(monte_carlo(graph, x, v, scheme, 4.0, 50, 8)[1], expected)
    np.testing.assert_array_equal(monte_carlo(graph, x, v, scheme, 2.0, 50, 7)[0].logits, similarities.logits)
    some = monte_carlo(edges_of(graph, [3, 17]), x, v, scheme, 4.0, 50, 7)[1]
    np.testing.assert_array_equal(some, expected[np.isin(graph.sources, [3, 17])])
    monkeypatch.setattr(module, "_BLOCK_WORK", 1)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    seen = []
    try:
        found = monte_carlo(graph, x, v, scheme, 4.0, 50, 7, report=lambda done, total: seen.append(done))[1]
    finally:
        numba.set_num_threads(threads)
    np.testing.assert_array_equal(found, expected)
    assert seen == list(range(41))


@each_scheme
def test_every_sample_has_its_own_numbers(data, scheme):
    """Twice as many are no repetition of the first."""
    graph, x, v = data
    once, twice = (monte_carlo(graph, x, v, scheme, 4.0, n_samples, 0)[1] for n_samples in (64, 128))
    assert np.abs(once - twice).max() > 1e-3


def test_cells_with_the_same_neighbourhood_get_different_numbers(rng):
    """The same place, velocity and neighbours: what differs is chance."""
    pattern = np.zeros((8, 8), dtype=bool)
    pattern[:2, 2:] = True
    x, v = rng.normal(size=(8, 40)), rng.normal(size=(8, 40))
    x[1], v[1] = x[0], v[0]
    _, probabilities = monte_carlo(graph_of(pattern), x, v, "correlation", 4.0, 10, 0)
    assert np.abs(probabilities[:6] - probabilities[6:]).max() > 1e-3


def test_refuses_what_it_cannot_work_with(data):
    graph, x, v = data
    with pytest.raises(ValueError, match="n_samples must be at least 1"):
        monte_carlo(graph, x, v, "cosine", 1.0, 0, 0)
    with pytest.raises(ValueError, match="seed must be"):
        monte_carlo(graph, x, v, "cosine", 1.0, 10, -1)
    with pytest.raises(ValueError, match="both need one row for each of 40 cells"):
        monte_carlo(graph, x, v[:, :-1].copy(), "cosine", 1.0, 10, 0)
