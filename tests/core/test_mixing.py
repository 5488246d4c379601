"""Weighted means of two chains, against dense matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.reference import graph_of
from velowidget.core.chain import Chain
from velowidget.core.mixing import mixed, united
from velowidget.core.softmax import row_softmax


def chain_on(graph, values):
    """A chain on a graph; cells without edges stay where they are."""
    return Chain(graph, row_softmax(graph, values, 1.0), (graph.degree == 0).astype(float))


@given(
    patterns=arrays(bool, (2, 6, 6)),
    values=arrays(np.float64, (2, 36), elements=st.floats(-5, 5)),
    weight=st.floats(0, 1),
)
def test_the_mean_is_that_of_the_matrices(patterns, values, weight):
    first, second = (chain_on(graph_of(p), v[: int(p.sum())]) for p, v in zip(patterns, values, strict=True))
    union = united(first.graph, second.graph)
    found = mixed(union, first, second, weight)
    expected = (1 - weight) * first.matrix.toarray() + weight * second.matrix.toarray()
    np.testing.assert_allclose(found.matrix.toarray(), expected, atol=1e-15)
    pattern = union.graph.matrix(np.ones(union.graph.n_edges)).toarray()
    np.testing.assert_array_equal(pattern, patterns[0] | patterns[1])
    for i in range(6):
        assert (np.diff(union.graph.indices[union.graph.indptr[i] : union.graph.indptr[i + 1]]) > 0).all()


def test_equal_graphs_are_one():
    pattern = ~np.eye(5, dtype=bool)
    first, second = graph_of(pattern), graph_of(pattern)
    assert united(first, second).graph is first


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_the_ends_are_the_chains_themselves(weight):
    rng = np.random.default_rng(0)
    first, second = _random_chain(rng), _random_chain(rng)
    found = mixed(united(first.graph, second.graph), first, second, weight).matrix.toarray()
    np.testing.assert_array_equal(found, (second if weight else first).matrix.toarray())


def _random_chain(rng):
    graph = graph_of(rng.random((8, 8)) < 0.4)
    return chain_on(graph, rng.normal(size=graph.n_edges))
