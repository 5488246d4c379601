"""A kernel's diagnostics are core's, for its own direction and scheme."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from velowidget import VelocityKernel
from velowidget.core.diagnostics import entropy, fidelity, shuffled_genes, support
from velowidget.core.projection import project
from velowidget.core.similarity import similarity


@pytest.fixture
def wide(adata):
    """With an embedding of four components."""
    adata.obsm["X_pca"] = np.random.default_rng(0).normal(size=(adata.n_obs, 4))
    return adata


def cosine(v, d, scale):
    """A scheme of the user's own."""
    sizes = np.linalg.norm(v, axis=1) * np.linalg.norm(d, axis=1)
    s = (v * d).sum(axis=1) / np.where(sizes > 0, sizes, 1)
    p = np.exp(scale * s)
    return p / p.sum(), s


@pytest.mark.parametrize(
    ("backward", "given", "transposed"),
    [
        (False, {}, False),
        (False, {"scheme": "dot_product", "softmax_scale": 2.0}, False),
        (False, {"scheme": cosine, "softmax_scale": 2.0}, False),
        (True, {"backward_mode": "transpose"}, True),
        (True, {"backward_mode": "negate"}, False),
    ],
)
def test_equal_those_of_core(adata, backward, given, transposed):
    kernel = VelocityKernel(adata, backward=backward).compute_transition_matrix(**given)
    found = kernel.diagnostics(seed=5)
    pd.testing.assert_index_equal(found.index, adata.obs_names)

    graph, x, v = kernel._graph, kernel._data.x, kernel._data.v
    scheme = "cosine" if given.get("scheme") is cosine else given.get("scheme", "correlation")
    logits = similarity(graph, x, v, scheme, transposed=transposed).logits
    null = similarity(graph, x, shuffled_genes(v, 5), scheme, transposed=transposed).logits
    probabilities = np.asarray(kernel.transition_matrix[graph.sources, graph.indices]).ravel()
    positions = np.asarray(adata.obsm["X_umap"], dtype=np.float64)
    arrows = project(graph, probabilities, positions)
    expected = {
        "fidelity": fidelity(graph, probabilities, x, positions, arrows),
        "support": support(graph, logits, null),
        "entropy": entropy(graph, probabilities),
    }
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, atol=1e-6)


def test_components_choose_the_picture(wide):
    kernel = VelocityKernel(wide).compute_transition_matrix()
    plane, other, space = (kernel.diagnostics("pca", components=c) for c in ((1, 2), (1, 3), (1, 2, 3)))
    assert (plane["fidelity"] != other["fidelity"]).any()
    assert space["fidelity"].notna().all()
    pd.testing.assert_frame_equal(plane[["support", "entropy"]], other[["support", "entropy"]])


def test_a_given_matrix_has_no_similarities(adata):
    kernel = VelocityKernel(adata)
    kernel.transition_matrix = adata.obsp["connectivities"]
    with pytest.raises(ValueError, match="compute_transition_matrix"):
        kernel.diagnostics()


@pytest.mark.parametrize("components", [(1,), (1, 1), (0, 1), (1, 99), (1.5, 2), (1, 2, 3, 4)])
def test_components_that_are_none(wide, components):
    with pytest.raises(ValueError, match="components"):
        VelocityKernel(wide).diagnostics("pca", components)
