"""Fidelity, support and entropy against slow sums, and on data whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from tests.reference import graph_of, neighbours
from velowidget import datasets
from velowidget.core.diagnostics import entropy, fidelity, shuffled_genes, strength, support
from velowidget.core.projection import project
from velowidget.core.similarity import similarity
from velowidget.core.softmax import row_softmax
from velowidget.data.graphs import read_graph
from velowidget.data.velocity import read_velocity


def auc(higher, lower):
    """Share of pairs in which the first is larger."""
    return mannwhitneyu(higher, lower).statistic / len(higher) / len(lower)


@pytest.fixture
def walk(data):
    graph, x, v = data
    logits = similarity(graph, x, v).logits
    return graph, x, v, logits, row_softmax(graph, logits, 3.0)


def test_fidelity_equals_reference(walk, rng):
    graph, x, _, _, probabilities = walk
    positions = rng.normal(size=(40, 2))
    arrows = project(graph, probabilities, positions)
    found = fidelity(graph, probabilities, x, positions, arrows)
    for i in range(graph.n_cells):
        around = neighbours(graph, i)
        row = probabilities[graph.indptr[i] : graph.indptr[i + 1]]
        if len(around) < 3:
            assert math.isnan(found[i])
            continue
        step = sum((p - 1 / len(around)) * (x[j] - x[i]) for p, j in zip(row, around, strict=True))
        among_genes = [step @ (x[j] - x[i]) / np.linalg.norm(x[j] - x[i]) for j in around]
        drawn = [
            arrows[i] @ (positions[j] - positions[i]) / np.linalg.norm(positions[j] - positions[i]) for j in around
        ]
        assert found[i] == pytest.approx(max(0.0, np.corrcoef(among_genes, drawn)[0, 1]), abs=1e-10)
    assert np.nanmax(found) > 0.3


def test_fidelity_is_over_neighbours_that_have_a_place(walk, rng):
    graph, x, _, _, probabilities = walk
    positions = rng.normal(size=(40, 2))
    known = fidelity(graph, probabilities, x, positions, np.ones((40, 2)))
    positions[7] = np.nan
    found = fidelity(graph, probabilities, x, positions, np.ones((40, 2)))
    beside = np.isin(np.arange(40), graph.sources[graph.indices == 7])
    others = [len([j for j in neighbours(graph, i) if j != 7]) for i in range(40)]
    np.testing.assert_array_equal(np.isnan(found), [i == 7 or n < 3 for i, n in enumerate(others)])
    np.testing.assert_array_equal(found[~beside], np.where(np.arange(40) == 7, np.nan, known)[~beside])
    assert (found != known)[beside].any()


def test_an_embedding_that_is_the_data_is_faithful(rng):
    """In two dimensions, all steps of one length, the arrow orders neighbours as the chain does."""
    angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    x = np.concatenate([[[0.0, 0.0]], np.stack([np.cos(angles), np.sin(angles)], axis=-1)])
    pattern = np.zeros((13, 13))
    pattern[0, 1:] = 1
    graph = graph_of(pattern)
    probabilities = rng.dirichlet(np.ones(12))
    arrows = project(graph, probabilities, x)
    assert fidelity(graph, probabilities, x, x, arrows)[0] == pytest.approx(1.0)
    assert fidelity(graph, probabilities, x, x, -arrows)[0] == 0.0
    across = np.stack([-arrows[:, 1], arrows[:, 0]], axis=-1)
    assert fidelity(graph, probabilities, x, x, across)[0] == pytest.approx(0.0, abs=1e-9)


def test_fidelity_is_undefined_without_an_arrow(walk, rng):
    graph, x, _, _, probabilities = walk
    positions = rng.normal(size=(40, 2))
    positions[7] = np.nan
    arrows = project(graph, probabilities, positions)
    found = fidelity(graph, probabilities, x, positions, arrows)
    assert np.isnan(found[np.isnan(arrows[:, 0])]).all()
    assert np.isnan(fidelity(graph, probabilities, x, positions, np.zeros((40, 2)))).all()
    same = np.tile(x[:1], (40, 1))
    assert np.isnan(fidelity(graph, probabilities, same, positions, arrows)).all()


def test_strength_and_support_equal_reference(walk):
    graph, x, v, logits, _ = walk
    logits = logits.copy()
    logits[graph.indptr[5] : graph.indptr[6]] = np.nan
    logits[graph.indptr[6]] = np.nan
    null = similarity(graph, x, shuffled_genes(v, 3)).logits
    null[graph.indptr[9] : graph.indptr[10]] = np.nan

    def mean_square(values, i):
        row = [s * s for s in values[graph.indptr[i] : graph.indptr[i + 1]] if not math.isnan(s)]
        return math.fsum(row) / len(row) if row else math.nan

    found, strong = support(graph, logits, null), strength(graph, logits)
    for i in range(graph.n_cells):
        near = [mean_square(null, j) for j in [i, *neighbours(graph, i)]]
        near = [m for m in near if not math.isnan(m)]
        own = mean_square(logits, i)
        if math.isnan(own):
            assert math.isnan(found[i])
            assert math.isnan(strong[i])
        else:
            assert strong[i] == pytest.approx(math.sqrt(own))
            assert found[i] == pytest.approx(max(0.0, 1 - math.fsum(near) / len(near) / own), abs=1e-12)
    assert math.isnan(found[5])


def test_support_is_free_of_scale_and_zero_without_similarity(walk):
    graph, x, v, logits, _ = walk
    null = similarity(graph, x, shuffled_genes(v)).logits
    np.testing.assert_allclose(support(graph, 7 * logits, 7 * null), support(graph, logits, null))
    np.testing.assert_array_equal(support(graph, 0 * logits, null), 0.0)
    np.testing.assert_array_equal(support(graph, logits, 0 * null), 1.0)


def test_entropy_equals_closed_forms():
    graph = graph_of([[0, 1, 1, 1], [1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]])
    found = entropy(graph, np.array([1 / 3, 1 / 3, 1 / 3, 1.0, 0.0, 1.0]))
    np.testing.assert_allclose(found, [1.0, 0.0, 1.0, np.nan])
    half = entropy(graph, np.array([0.5, 0.25, 0.25, 0.5, 0.5, 1.0]))
    np.testing.assert_allclose(half[:2], [1.5 * math.log(2) / math.log(3), 1.0])


def test_genes_are_shuffled_within_each_cell(rng):
    v = rng.normal(size=(300, 20)).astype(np.float32)
    found = shuffled_genes(v, seed=1)
    assert found.dtype == v.dtype
    np.testing.assert_array_equal(np.sort(found, axis=1), np.sort(v, axis=1))
    np.testing.assert_array_equal(shuffled_genes(v, seed=1), found)
    np.testing.assert_array_equal(shuffled_genes(v[:100], seed=1), found[:100])  # a cell's shuffle is its own
    assert (shuffled_genes(v, seed=2) != found).any(axis=1).all()


def test_every_place_is_as_likely():
    places = shuffled_genes(np.tile(np.arange(5.0), (20_000, 1)))
    for place in range(5):
        counts = np.bincount(places[:, place].astype(int), minlength=5)
        assert np.abs(counts - 4000).max() < 4 * math.sqrt(4000 * 0.8)


@pytest.mark.parametrize("make", [datasets.bifurcation, datasets.cycle])
class TestKnownTruth:
    """The issue's limits, on the built-in sets as they come."""

    @pytest.fixture
    def known(self, make):
        adata = make()
        data, (graph, _) = read_velocity(adata, "velocity", "Ms", None), read_graph(adata, "connectivities")
        found = similarity(graph, data.x, data.v)
        return adata, graph, data, found, row_softmax(graph, found.logits, found.automatic_scale)

    def test_support_tells_velocities_from_shuffled_ones(self, known):
        _, graph, data, found, _ = known
        null, other = (similarity(graph, data.x, shuffled_genes(data.v, seed)).logits for seed in (0, 1))
        real, noise = support(graph, found.logits, null), support(graph, other, null)
        assert np.median(real) >= 3 * np.median(noise)
        assert np.median(real) > 0.9
        assert auc(real, noise) >= 0.9
        strong, weak = strength(graph, found.logits), strength(graph, null)
        assert np.median(strong) >= 3 * np.median(weak)
        assert auc(strong, weak) >= 0.9

    def test_fidelity_falls_where_an_axis_is_noise(self, known, rng):
        adata, graph, data, _, probabilities = known
        positions = np.asarray(adata.obsm["X_umap"], dtype=np.float64)
        scrambled = positions.copy()
        scrambled[:, 1] = rng.normal(scale=positions[:, 1].std(), size=len(positions))
        faithful, less = (
            fidelity(graph, probabilities, data.x, y, project(graph, probabilities, y)) for y in (positions, scrambled)
        )
        assert auc(faithful, less) >= 0.8
