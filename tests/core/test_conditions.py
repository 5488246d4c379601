"""Conditioning, components and classes of matrices for which they are known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from velowidget.core.conditions import asymmetry, communicating_classes, components, condition_number


def well_conditioned(n, smallest, seed=0):
    """A sparse matrix with singular values from `smallest` to 2: rotations of pairs of a diagonal."""
    rng = np.random.default_rng(seed)
    values = np.linspace(0.5, 2, n)
    values[3] = smallest
    matrix = sp.diags(values).tocsr()
    for _ in range(3):
        angles, order = rng.uniform(0, 6, n // 2), rng.permutation(n)
        a, b = order[: n // 2], order[n // 2 : 2 * (n // 2)]
        rows = np.concatenate([a, a, b, b])
        columns = np.concatenate([a, b, a, b])
        entries = np.concatenate([np.cos(angles), -np.sin(angles), np.sin(angles), np.cos(angles)])
        matrix = sp.csr_matrix((entries, (rows, columns)), shape=(n, n)) @ matrix
    return matrix.tocsr()


@pytest.mark.parametrize("smallest", [0.4, 1e-3, 1e-9])
@pytest.mark.parametrize("exact", [0, 1000])
def test_condition_number(smallest, exact):
    matrix = well_conditioned(200, smallest)
    assert condition_number(matrix, exact=exact) == pytest.approx(2 / smallest, rel=1e-5)


@pytest.mark.parametrize("exact", [0, 1000])
def test_a_singular_matrix_has_none(exact):
    matrix = sp.csr_matrix(np.eye(50, k=1) + np.eye(50, k=-49))
    assert condition_number(matrix, exact=exact) == pytest.approx(1)
    matrix = sp.csr_matrix(np.outer(np.ones(50), np.arange(1.0, 51)))
    assert condition_number(matrix, exact=exact) > 1e15


def test_too_large_is_not_known():
    assert np.isnan(condition_number(sp.identity(11, format="csr"), exact=0, largest=10))


def test_a_pattern_may_show_that_a_matrix_is_singular():
    values = np.random.default_rng(0).random((50, 50))
    matrix = sp.csr_array(np.where(values < 0.2, values, 0)) + sp.eye_array(50)
    assert np.isnan(condition_number(sp.csr_matrix(matrix), exact=0, largest=0))
    matrix = matrix.tolil()
    matrix[:, 7] = 0  # the cell that none leads to
    matrix = sp.csr_matrix(matrix)
    matrix.eliminate_zeros()
    assert condition_number(matrix, exact=0, largest=0) == np.inf


def test_components_and_classes():
    steps = sp.csr_matrix(([1.0] * 6, ([0, 1, 2, 3, 4, 5], [1, 0, 4, 2, 3, 4])), shape=(7, 7))
    np.testing.assert_array_equal(components(steps), [1, 1, 0, 0, 0, 0, 2])
    np.testing.assert_array_equal(communicating_classes(steps), [1, 1, 0, 0, 0, 2, 3])
    ring = sp.csr_matrix(np.roll(np.eye(5), 1, axis=0))
    assert not communicating_classes(ring).any()


def test_asymmetry():
    weights = np.array([[0, 2.0, 1.0], [2.0, 0, 0], [1.0, 0, 0]])
    assert asymmetry(sp.csr_matrix(weights)) == 0
    weights[0, 1] += 1e-5
    assert asymmetry(sp.csr_matrix(weights)) == 0
    weights[0, 1] += 1e-3
    assert asymmetry(sp.csr_matrix(weights)) == 2
    weights[1, 2] = 1.0
    assert asymmetry(sp.csr_matrix(weights)) == 4
