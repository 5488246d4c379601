"""Graphs with fewer edges, and with ways back; against loops over dense arrays."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from velowidget.core.graph import strongest, with_ways_back

WEIGHTS = arrays(np.float64, (7, 7), elements=st.sampled_from([0.0, 0.0, 0.5, 0.5, 1.0, 2.0, -1.0, 1e-300, 1e300]))


def kept_of(dense, number):
    """The largest weights of each row, found one after the other; loops stay and do not count."""
    out = np.zeros_like(dense)
    for i, row in enumerate(dense):
        left = [j for j in range(len(row)) if row[j] != 0 and j != i]
        out[i, i] = row[i]
        for _ in range(min(number, len(left))):
            best = max(row[j] for j in left)
            j = next(j for j in left if row[j] == best)
            out[i, j] = row[j]
            left.remove(j)
    return out


@given(dense=WEIGHTS, number=st.integers(1, 9))
def test_the_strongest_are_those_that_a_loop_finds(dense, number):
    given_weights = sp.csr_matrix(dense)
    found = strongest(given_weights, number)
    np.testing.assert_array_equal(found.toarray(), kept_of(dense, number))
    np.testing.assert_array_equal(given_weights.toarray(), dense)
    assert found.nnz == np.count_nonzero(found.toarray())
    for i in range(7):
        assert (np.diff(found.indices[found.indptr[i] : found.indptr[i + 1]]) > 0).all()


@given(dense=WEIGHTS)
def test_ways_back_are_those_that_a_loop_finds(dense):
    found = with_ways_back(sp.csr_matrix(dense))
    expected = dense.copy()
    for i in range(7):
        for j in range(7):
            if expected[i, j] == 0:
                expected[i, j] = dense[j, i]
    np.testing.assert_array_equal(found.toarray(), expected)
    assert found.nnz == np.count_nonzero(expected)
    for i in range(7):
        assert (np.diff(found.indices[found.indptr[i] : found.indptr[i + 1]]) > 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_weights_of_other_types(dtype):
    dense = np.array([[0, 1, 1, 1], [1, 0, 0, 0], [0, 1, 0, 1], [1, 1, 1, 0]], dtype=dtype)
    found = strongest(sp.csr_matrix(dense), 2)
    np.testing.assert_array_equal(found.toarray(), kept_of(dense, 2))
