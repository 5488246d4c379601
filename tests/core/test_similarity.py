"""Similarities against the slow reference, closed forms and invariants."""

from __future__ import annotations

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests import reference
from tests.reference import graph_of, random_graph
from velowidget.core import similarity as module
from velowidget.core.similarity import SCHEMES, similarity

both_ways = pytest.mark.parametrize("transposed", [False, True], ids=["forward", "transposed"])
each_scheme = pytest.mark.parametrize("scheme", SCHEMES)
scale_free = pytest.mark.parametrize("scheme", ["correlation", "cosine"])


@each_scheme
@both_ways
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_reference(data, scheme, transposed, dtype):
    graph, x, v = data
    x, v = x.astype(dtype), v.astype(dtype)
    found = similarity(graph, x, v, scheme, transposed=transposed)
    expected = reference.logits(graph, x, v, scheme, transposed=transposed)
    np.testing.assert_allclose(found.logits, expected, atol=1e-13, rtol=1e-13)
    assert not found.still.any()
    assert not found.undefined.any()
    assert found.automatic_scale == pytest.approx(reference.automatic_scale(expected), rel=1e-12)


@each_scheme
@both_ways
@given(
    values=arrays(np.int8, (2, 5, 4), elements=st.integers(-2, 2)),
    pattern=arrays(bool, (5, 5)),
)
def test_equals_reference_on_degenerate_data(scheme, transposed, values, pattern):
    """Small integers: zero and constant velocities, coinciding cells, self-edges, cells without neighbours."""
    graph, (x, v) = graph_of(pattern), values.astype(np.float64)
    found = similarity(graph, x, v, scheme, transposed=transposed)
    expected = reference.logits(graph, x, v, scheme, transposed=transposed)
    np.testing.assert_allclose(found.logits, expected, atol=1e-13)
    np.testing.assert_array_equal(found.still, False if transposed else ~v.any(axis=1))
    defined = [
        not np.isnan(expected[graph.indptr[i] : graph.indptr[i + 1]]).all() and graph.degree[i] > 0 for i in range(5)
    ]
    np.testing.assert_array_equal(found.undefined, ~np.array(defined))


def test_closed_forms():
    graph = graph_of([[0, 1], [0, 0]])
    x, v = np.array([[1.0, 1.0], [4.0, 5.0]]), np.array([[1.0, 2.0], [0.0, 0.0]])
    assert similarity(graph, x, v, "dot_product").logits == pytest.approx([11.0])
    assert similarity(graph, x, v, "cosine").logits == pytest.approx([11.0 / np.sqrt(5) / 5])
    assert similarity(graph, x, v, "correlation").logits == pytest.approx(
        [1.0]
    )  # two genes, both rise more in the second


@each_scheme
def test_transposed_is_forward_of_the_neighbour(data, scheme):
    """On a symmetric graph, s_ij transposed is s_ji forward."""
    graph, x, v = data
    graph = graph_of((graph.matrix(np.ones(graph.n_edges)) + graph.matrix(np.ones(graph.n_edges)).T).toarray())
    forward = graph.matrix(similarity(graph, x, v, scheme).logits)
    transposed = graph.matrix(similarity(graph, x, v, scheme, transposed=True).logits)
    np.testing.assert_allclose(transposed.toarray(), forward.T.toarray(), atol=1e-14)


@each_scheme
def test_reversed_is_forward_of_negated_velocities(data, scheme):
    graph, x, v = data
    v[3] = 0
    turned, negated = similarity(graph, x, v, scheme).reversed(), similarity(graph, x, -v, scheme)
    np.testing.assert_array_equal(turned.logits, negated.logits)
    np.testing.assert_array_equal(turned.still, negated.still)


@each_scheme
@both_ways
def test_permuting_cells_permutes_edges(data, scheme, transposed, rng):
    graph, x, v = data
    order = rng.permutation(graph.n_cells)
    dense = graph.matrix(similarity(graph, x, v, scheme, transposed=transposed).logits).toarray()
    permuted_graph = graph_of(graph.matrix(np.ones(graph.n_edges)).toarray()[np.ix_(order, order)])
    permuted = similarity(permuted_graph, x[order], v[order], scheme, transposed=transposed)
    np.testing.assert_allclose(
        permuted_graph.matrix(permuted.logits).toarray(), dense[np.ix_(order, order)], atol=1e-14
    )


@scale_free
@pytest.mark.parametrize("factor", [3.0, 1e-3, 1e200, 1e-200, 1e-310])
def test_scaling_one_velocity_changes_nothing(data, scheme, factor):
    graph, x, v = data
    expected = similarity(graph, x, v, scheme).logits
    v[5] *= factor
    tolerance = 1e-12 if factor > 1e-300 else 1e-2  # beyond that, float64 itself loses digits
    np.testing.assert_allclose(similarity(graph, x, v, scheme).logits, expected, atol=tolerance)


@both_ways
@pytest.mark.parametrize(("of_x", "of_v"), [(1e200, 1e200), (1e-200, 1e-200), (1e200, 1e-200), (1e-200, 1e200)])
def test_huge_and_tiny_values(data, transposed, of_x, of_v):
    graph, x, v = data
    for scheme in ("correlation", "cosine"):
        expected = similarity(graph, x, v, scheme, transposed=transposed).logits
        found = similarity(graph, x * of_x, v * of_v, scheme, transposed=transposed).logits
        np.testing.assert_allclose(found, expected, atol=1e-12)


@both_ways
def test_dot_products_of_huge_and_tiny_values(data, transposed):
    graph, x, v = data
    expected = similarity(graph, x, v, "dot_product", transposed=transposed).logits
    found = similarity(graph, x * 1e200, v * 1e-200, "dot_product", transposed=transposed).logits
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    v[::2] *= 1e-200
    found = similarity(graph, x, v, "dot_product", transposed=transposed).logits
    shrunk = (graph.indices if transposed else graph.sources) % 2 == 0
    np.testing.assert_allclose(found[shrunk], expected[shrunk] * 1e-200, rtol=1e-12)
    np.testing.assert_allclose(found[~shrunk], expected[~shrunk], rtol=1e-12)
    with pytest.raises(ValueError, match=r"overflow.*scheme='correlation'"):
        similarity(graph, x * 1e200, v * 1e200, "dot_product", transposed=transposed)


@both_ways
@pytest.mark.parametrize("ripple", [1e-4, 1e-7, 0.0])
def test_nearly_constant_displacements_keep_their_digits(rng, transposed, ripple):
    """All genes rise alike, but for a ripple: what a single pass over genes would lose."""
    graph = graph_of([[0, 1], [1, 0]])
    x = np.array([np.zeros(50), np.full(50, 0.7) + ripple * rng.normal(size=50)])
    v = rng.normal(size=(2, 50))
    expected = reference.logits(graph, x, v, "correlation", transposed=transposed)
    found = similarity(graph, x, v, "correlation", transposed=transposed)
    np.testing.assert_allclose(found.logits, expected, atol=1e-8)
    assert found.undefined.all() == (ripple == 0)


@each_scheme
@both_ways
@pytest.mark.parametrize("offset", [1e4, 1e8])
def test_expression_far_from_zero_keeps_its_digits(rng, scheme, transposed, offset):
    """A large constant in all genes: what differences of products of whole rows would lose."""
    graph = random_graph(rng, 20, 5)
    x, v = offset + rng.normal(size=(20, 50)), 30 + rng.normal(size=(20, 50))
    expected = reference.logits(graph, x, v, scheme, transposed=transposed)
    found = similarity(graph, x, v, scheme, transposed=transposed)
    np.testing.assert_allclose(found.logits, expected, atol=1e-12 * max(1, abs(expected).max()))


@both_ways
@pytest.mark.parametrize("degree", range(1, 10))
def test_any_number_of_neighbours(rng, transposed, degree):
    """Edges are taken several at a time, and the last ones are fewer."""
    graph = graph_of([[j != i and (j - i) % 12 <= degree for j in range(12)] for i in range(12)])
    x, v = rng.normal(size=(2, 12, 7))
    expected = reference.logits(graph, x, v, "correlation", transposed=transposed)
    found = similarity(graph, x, v, "correlation", transposed=transposed)
    np.testing.assert_allclose(found.logits, expected, atol=1e-13)


@both_ways
def test_displacements_too_small_for_float64_count_as_none(transposed):
    graph = graph_of([[0, 1], [1, 0]])
    x, v = np.array([[0.0, 0.0], [1e-161, 3e-161]]), np.ones((2, 2))
    x, v = np.column_stack([x, [1.0, 1.0]]), np.column_stack([v, [0.0, 0.0]])  # one gene of ordinary size
    assert similarity(graph, x, v, "cosine", transposed=transposed).undefined.all()


def test_constant_velocity_is_undefined_for_correlation(data):
    graph, x, v = data
    v[7] = 0.1  # its mean over 12 genes is not exactly 0.1
    found = similarity(graph, x, v, "correlation")
    np.testing.assert_array_equal(np.flatnonzero(found.undefined), [7])
    assert not similarity(graph, x, v, "cosine").undefined.any()


@each_scheme
@both_ways
def test_neither_threads_nor_blocks_change_results(data, scheme, transposed, monkeypatch):
    graph, x, v = data
    expected = similarity(graph, x, v, scheme, transposed=transposed).logits
    threads = numba.get_num_threads()
    try:
        for count in {1, threads}:
            numba.set_num_threads(count)
            for work in (1, 1000, 10**9):
                monkeypatch.setattr(module, "_BLOCK_WORK", work)
                found = similarity(graph, x, v, scheme, transposed=transposed).logits
                np.testing.assert_array_equal(found, expected)
    finally:
        numba.set_num_threads(threads)


@each_scheme
@both_ways
def test_inputs_stay_unchanged(data, scheme, transposed):
    graph, x, v = data
    x *= 1e200
    before = x.copy(), v.copy()
    for array in (x, v):
        array.flags.writeable = False
    similarity(graph, x, v, scheme if scheme != "dot_product" else "cosine", transposed=transposed)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(v, before[1])


def test_float32_and_float64_agree(data):
    graph, x, v = data
    x, v = x.astype(np.float32), v.astype(np.float32)
    single = similarity(graph, x, v).logits
    assert single.dtype == np.float64
    np.testing.assert_allclose(single, similarity(graph, x.astype(float), v.astype(float)).logits, atol=1e-14)


def test_reports_progress_and_stops(data, monkeypatch):
    graph, x, v = data
    monkeypatch.setattr(module, "_BLOCK_WORK", 1)
    reports = []
    similarity(graph, x, v, report=lambda done, total: reports.append((done, total)))
    assert reports == [(done, 40) for done in range(41)]

    def stop(done, total):
        reports.append((done, total))
        if done == 3:
            raise InterruptedError

    reports.clear()
    with pytest.raises(InterruptedError):
        similarity(graph, x, v, report=stop)
    assert reports[-1] == (3, 40)


def test_shapes_that_do_not_fit(data):
    """Compiled code would read past the end of an array."""
    graph, x, v = data
    with pytest.raises(ValueError, match="40 cells"):
        similarity(graph, x[:39], v[:39])
    with pytest.raises(ValueError, match=r"\(40, 12\) and \(40, 11\)"):
        similarity(graph, x, v[:, :11])


def test_automatic_scale_of_nothing_is_nan():
    graph = graph_of([[0, 1], [1, 0]])
    assert np.isnan(similarity(graph, np.eye(2), np.zeros((2, 2))).automatic_scale)


def test_reversed_graph_turns_every_edge_round(rng):
    graph = random_graph(rng, 50, 3)
    turned, edges = graph.reversed()
    np.testing.assert_array_equal(turned.sources, graph.indices[edges])
    np.testing.assert_array_equal(turned.indices, graph.sources[edges])
    assert (turned.indptr.dtype, turned.indices.dtype) == (np.int64, np.int32)


def test_order_visits_every_cell_once(rng):
    graph = random_graph(rng, 50, 3)
    assert sorted(graph.order) == list(range(50))
