"""What holds for every kernel of any data: rows, permutations, scales."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from velowidget.kernels import VelocityKernel

DATA = {"seed": st.integers(0, 2**32 - 1), "n_cells": st.integers(4, 15), "n_genes": st.integers(3, 9)}
DIRECTION = st.sampled_from([(False, "transpose"), (True, "transpose"), (True, "negate")])
SCHEME = st.sampled_from(["correlation", "cosine", "dot_product"])
MODE = st.sampled_from(["deterministic", "stochastic", "sampling", "monte_carlo"])

# The first example may have to compile.
quick = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


def data(seed, n_cells, n_genes):
    """Random cells, each with at least two neighbours."""
    rng = np.random.default_rng(seed)
    adata = ad.AnnData(layers={key: rng.normal(size=(n_cells, n_genes)) for key in ("Ms", "velocity")})
    pattern = rng.random((n_cells, n_cells)) < 0.3
    for step in (1, 2):
        pattern[np.arange(n_cells), (np.arange(n_cells) + step) % n_cells] = True
    np.fill_diagonal(pattern, val=False)
    adata.obsp["connectivities"] = sp.csr_matrix(pattern * rng.uniform(0.1, 1, pattern.shape))
    return adata


def computed(adata, direction, **options):
    backward, backward_mode = direction
    kernel = VelocityKernel(adata, backward=backward)
    return kernel.compute_transition_matrix(backward_mode=backward_mode, **options)


@quick
@given(**DATA, direction=DIRECTION, scheme=SCHEME, mode=MODE, scale=st.none() | st.floats(1e-3, 1e3))
@pytest.mark.filterwarnings("ignore:mode=.* is not defined for backward_mode='transpose'")
def test_rows_sum_to_one_on_the_edges_of_the_graph(seed, n_cells, n_genes, direction, scheme, mode, scale):
    adata = data(seed, n_cells, n_genes)
    kernel = computed(adata, direction, scheme=scheme, mode=mode, softmax_scale=scale, n_samples=5, seed=seed)
    T = kernel.transition_matrix.toarray()
    np.testing.assert_allclose(T.sum(axis=1), 1, atol=1e-12)
    assert T.min() >= 0
    assert not T[adata.obsp["connectivities"].toarray() == 0].any()


@quick
@given(**DATA, direction=DIRECTION, scheme=SCHEME, mode=st.sampled_from(["deterministic", "stochastic"]))
@pytest.mark.filterwarnings("ignore:mode=.* is not defined for backward_mode='transpose'")
def test_permuting_cells_permutes_the_matrix(seed, n_cells, n_genes, direction, scheme, mode):
    adata = data(seed, n_cells, n_genes)
    order = np.random.default_rng(seed).permutation(n_cells)
    T, permuted = (
        computed(a, direction, scheme=scheme, mode=mode, softmax_scale=2.0).transition_matrix.toarray()
        for a in (adata, adata[order].copy())
    )
    np.testing.assert_allclose(permuted, T[np.ix_(order, order)], atol=1e-9)


@quick
@given(**DATA, direction=DIRECTION, scheme=st.sampled_from(["correlation", "cosine"]), factor=st.floats(1e-3, 1e3))
def test_the_length_of_a_velocity_does_not_matter_to_an_angle(seed, n_cells, n_genes, direction, scheme, factor):
    adata = data(seed, n_cells, n_genes)
    T = computed(adata, direction, scheme=scheme, softmax_scale=2.0).transition_matrix.toarray()
    adata.layers["velocity"][seed % n_cells] *= factor
    scaled = computed(adata, direction, scheme=scheme, softmax_scale=2.0).transition_matrix.toarray()
    np.testing.assert_allclose(scaled, T, atol=1e-9)


@quick
@given(**DATA, direction=DIRECTION, scheme=SCHEME)
def test_a_small_scale_is_uniform_and_a_large_one_is_sure(seed, n_cells, n_genes, direction, scheme):
    adata = data(seed, n_cells, n_genes)
    neighbours = adata.obsp["connectivities"].toarray() != 0
    kernel = computed(adata, direction, scheme=scheme, softmax_scale=1e-9)
    uniform = neighbours / neighbours.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(kernel.transition_matrix.toarray(), uniform, atol=1e-6)
    logits = np.where(neighbours, kernel.logits.toarray(), -np.inf)
    best, second = np.sort(logits, axis=1)[:, [-1, -2]].T
    scale = 50 / (best - second).min()  # the least sure cell is sure
    T = computed(adata, direction, scheme=scheme, softmax_scale=scale).transition_matrix.toarray()
    np.testing.assert_allclose(T, np.eye(n_cells)[logits.argmax(axis=1)], atol=1e-12)
