"""Probabilities from similarities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests import reference
from tests.reference import graph_of
from velowidget.core.chain import transitions
from velowidget.core.similarity import Similarity, similarity
from velowidget.core.softmax import above, row_softmax


def completed(graph, similar, scale, *, undefined_stay):
    """Transitions of a softmax."""
    return transitions(graph, similar, row_softmax(graph, similar.logits, scale), undefined_stay=undefined_stay)


def row_sums(graph, probabilities):
    """Summed per cell."""
    return np.bincount(graph.sources, weights=probabilities, minlength=graph.n_cells)


@given(
    pattern=arrays(bool, (6, 6)),
    values=arrays(np.float64, 36, elements=st.floats(-1e300, 1e300) | st.just(np.nan)),
    scale=st.floats(0, 1e300),
)
def test_rows_sum_to_one_where_an_edge_is_defined(pattern, values, scale):
    graph = graph_of(pattern)
    logits = values[: graph.n_edges]
    found = row_softmax(graph, logits, scale)
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (found[np.isnan(logits)] == 0).all()
    defined = row_sums(graph, (~np.isnan(logits)).astype(float)) > 0
    np.testing.assert_allclose(row_sums(graph, found), defined.astype(float), atol=1e-12)


@given(logits=arrays(np.float64, 6 * 5, elements=st.floats(-5, 5) | st.just(np.nan)), scale=st.floats(0, 50))
def test_equals_reference(logits, scale):
    graph = graph_of(~np.eye(6, dtype=bool))
    found = graph.matrix(row_softmax(graph, logits, scale)).toarray()
    np.testing.assert_allclose(found, reference.transition_matrix(graph, logits, scale), atol=1e-12)


@pytest.mark.parametrize("scale", [0.0, 1e-12])
def test_small_scale_is_uniform_over_defined_edges(data, scale):
    graph, x, v = data
    logits = similarity(graph, x, v).logits
    logits[0] = np.nan
    found = row_softmax(graph, logits, scale)
    defined = row_sums(graph, (~np.isnan(logits)).astype(float))
    expected = np.where(np.isnan(logits), 0.0, 1 / defined[graph.sources])
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_large_scale_is_arg_max(data):
    graph, x, v = data
    logits = similarity(graph, x, v).logits
    found = graph.matrix(row_softmax(graph, logits, 1e9)).toarray()
    dense = np.full(found.shape, -np.inf)
    dense[graph.sources, graph.indices] = logits
    np.testing.assert_array_equal(found.argmax(axis=1), dense.argmax(axis=1))
    np.testing.assert_allclose(found.max(axis=1), 1.0)


def test_products_beyond_float64_stay_probabilities():
    graph = graph_of([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    logits = np.array([1e300, 2e300, -1e300, -2e300, 0.0, 1e300])
    np.testing.assert_array_equal(row_softmax(graph, logits, 1e100), [0, 1, 1, 0, 0, 1])


def test_logits_must_fit_the_graph(data):
    graph, _, _ = data
    with pytest.raises(ValueError, match="edges"):
        row_softmax(graph, np.zeros(graph.n_edges - 1), 1.0)


def test_still_cells_go_anywhere_alike(data):
    graph, x, v = data
    v[4] = 0
    result = completed(graph, similarity(graph, x, v), 3.0, undefined_stay=True)
    np.testing.assert_allclose(result.probabilities[graph.sources == 4], 1 / graph.degree[4])
    assert not result.staying.any()


@pytest.mark.parametrize("undefined_stay", [True, False])
def test_undefined_cells(undefined_stay):
    """Cell 0 has neighbours but no defined similarity, cell 1 no neighbours, cell 2 all it needs."""
    graph = graph_of([[0, 1, 1], [0, 0, 0], [1, 1, 0]])
    logits = np.array([np.nan, np.nan, 1.0, 1.0])
    given_similarity = Similarity(logits, np.zeros(3, bool), np.array([True, True, False]))
    result = completed(graph, given_similarity, 1.0, undefined_stay=undefined_stay)
    first = [1, 0, 0] if undefined_stay else [0, 0.5, 0.5]
    np.testing.assert_array_equal(result.matrix.toarray(), [first, [0, 1, 0], [0.5, 0.5, 0]])
    np.testing.assert_array_equal(result.staying, [undefined_stay, True, False])


def test_staying_with_a_self_edge_is_one_entry():
    graph = graph_of([[1, 0], [1, 0]])
    given_similarity = Similarity(np.array([np.nan, 1.0]), np.zeros(2, bool), np.array([True, False]))
    result = completed(graph, given_similarity, 1.0, undefined_stay=True)
    np.testing.assert_array_equal(result.matrix.toarray(), [[1, 0], [1, 0]])


def test_matrix_is_canonical_read_only_and_holds_no_zeros(data):
    graph, x, v = data
    matrix = completed(graph, similarity(graph, x, v), 4000.0, undefined_stay=False).matrix
    assert matrix.format == "csr"
    assert matrix.dtype == np.float64
    assert matrix.has_canonical_format
    assert matrix.nnz < graph.n_edges
    assert (matrix.data > 0).all()
    for array in (matrix.data, matrix.indices, matrix.indptr):
        assert not array.flags.writeable


@given(
    pattern=arrays(bool, (6, 6)),
    values=arrays(np.float64, 36, elements=st.floats(-3, 3)),
    threshold=st.sampled_from([0.0, 1e-12, 0.05, 0.2, 0.34, 0.5, 0.99, 1.0]),
)
def test_a_threshold_leaves_what_a_loop_leaves(pattern, values, threshold):
    graph = graph_of(pattern)
    probabilities = row_softmax(graph, values[: graph.n_edges], 2.0)
    before = probabilities.copy()
    found = graph.matrix(above(graph, probabilities, threshold)).toarray()
    dense = graph.matrix(probabilities).toarray()
    expected = np.zeros((6, 6))
    for i in range(6):
        kept = {j: p for j, p in enumerate(dense[i]) if p > 0 and (p >= threshold or p == dense[i].max())}
        for j, p in kept.items():
            expected[i, j] = p / math.fsum(kept.values())
    np.testing.assert_allclose(found, expected, atol=1e-15)
    np.testing.assert_array_equal(found > 0, expected > 0)
    np.testing.assert_array_equal(probabilities, before)
