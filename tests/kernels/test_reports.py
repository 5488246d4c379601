"""Warnings about graphs and matrices: given when asked for and when there is a reason, and only then."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from tests.deprecations import without_warnings
from tests.fingerprint import unchanged
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel
from velowidget.kernels.base import Kernel

each_kernel = pytest.mark.parametrize("kind", [VelocityKernel, ConnectivityKernel])


@pytest.fixture
def apart(adata):
    """Two components of a symmetric graph: cells 0 to 19 and 20 to 29, each a ring with chords."""
    pattern = np.zeros((30, 30))
    for first, size in ((0, 20), (20, 10)):
        for i in range(size):
            for step in (1, 2):
                pattern[first + i, first + (i + step) % size] = pattern[first + (i + step) % size, first + i] = step
    adata.obsp["connectivities"] = sp.csr_matrix(pattern)
    return adata


@each_kernel
def test_connectivity(apart, kind):
    with without_warnings():
        kind(apart)
        kind(apart, check_symmetric=True)
        kind(apart[:20].copy(), check_connectivity=True)
    with pytest.warns(UserWarning, match=r"not connected: it has 2 components, of 20, 10 cells"), unchanged(apart):
        kind(apart, check_connectivity=True)


@each_kernel
def test_symmetry(apart, kind):
    graph = apart.obsp["connectivities"].tolil()
    graph[0, 5] = 1
    apart.obsp["connectivities"] = graph.tocsr()
    with pytest.warns(UserWarning, match="not symmetric: 2 edges differ from their way back"):
        kind(apart, check_symmetric=True)


def test_weights_matter_to_the_connectivity_kernel_only(apart):
    apart.obsp["connectivities"].data[0] += 0.5
    with pytest.warns(UserWarning, match="not symmetric: 2 edges"):
        ConnectivityKernel(apart, check_symmetric=True)
    with without_warnings():
        VelocityKernel(apart, check_symmetric=True)


@each_kernel
def test_irreducibility(apart, kind):
    kernel = kind(apart)
    for _ in range(2):  # the second has the matrix already
        with pytest.warns(UserWarning, match="has 2 communicating classes, of 20, 10 cells"):
            kernel.compute_transition_matrix(check_irreducibility=True)
    np.testing.assert_array_equal(kernel.communicating_classes, [0] * 20 + [1] * 10)
    with without_warnings():
        kernel.compute_transition_matrix()
        kind(apart[:20].copy()).compute_transition_matrix(check_irreducibility=True)


def test_classes_follow_the_matrix():
    kernel = PrecomputedKernel(np.roll(np.eye(4), 1, axis=0))
    assert not kernel.communicating_classes.any()
    kernel.transition_matrix = np.eye(4)
    np.testing.assert_array_equal(kernel.communicating_classes, [0, 1, 2, 3])


@pytest.mark.filterwarnings("ignore:The transition matrix is ill-conditioned")
def test_condition_number_is_that_of_each_matrix(adata):
    kernel = VelocityKernel(adata, compute_cond_num=True)
    assert kernel.condition_number is None
    for scale in (1.0, 3.0):
        T = kernel.compute_transition_matrix(softmax_scale=scale).transition_matrix
        assert kernel.condition_number == pytest.approx(np.linalg.cond(T.toarray()), rel=1e-6)
    assert VelocityKernel(adata).compute_transition_matrix().condition_number is None


def test_condition_number_warns_only_if_it_means_something(adata):
    rng = np.random.default_rng(0)
    graph = sp.csr_matrix(np.eye(30) + 0.2 * rng.random((30, 30)))
    adata.obsp["connectivities"] = graph
    with without_warnings():
        kernel = ConnectivityKernel(adata, compute_cond_num=True).compute_transition_matrix()
    assert 1 < kernel.condition_number < 1e3
    adata.obsp["connectivities"] = sp.csr_matrix(np.ones((30, 30)))
    with pytest.warns(UserWarning, match=r"ill-conditioned \(condition number .*e\+"):
        ConnectivityKernel(adata, compute_cond_num=True).compute_transition_matrix()


@pytest.mark.filterwarnings("ignore:The transition matrix is ill-conditioned")
def test_condition_number_of_expressions_copies_and_files(adata, tmp_path):
    vk = VelocityKernel(adata, compute_cond_num=True).compute_transition_matrix()
    expression = 0.5 * vk + 0.5 * ConnectivityKernel(adata)
    assert expression.condition_number is None
    expected = np.linalg.cond(expression.transition_matrix.toarray())
    assert expression.condition_number == pytest.approx(expected, rel=1e-6)
    assert expression.copy().condition_number == pytest.approx(expected, rel=1e-6)
    for kernel in (vk, PrecomputedKernel(vk, compute_cond_num=True)):
        assert Kernel.read(kernel.write(tmp_path / "k")).condition_number == vk.condition_number
    assert (ConnectivityKernel(adata) + ConnectivityKernel(adata)).compute_transition_matrix().condition_number is None
