"""Cross-boundary correctness against a slow loop."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tests.fingerprint import unchanged
from velowidget.data.messages import MissingKeyError
from velowidget.kernels import VelocityKernel


@pytest.fixture
def kernel(adata):
    """Clusters along the curve; weights that are not those of the kernel's graph, with a stored zero."""
    adata.obs["clusters"] = pd.Categorical(["early"] * 12 + ["middle"] * 10 + ["late"] * 8)
    graph = adata.obsp["connectivities"].tolil()
    graph[0, 15] = 1.0
    graph = graph.tocsr()
    graph.data = np.random.default_rng(1).uniform(0.5, 2.0, graph.nnz)
    graph[0, 15] = 0.0  # stays stored
    adata.obsp["distances"] = graph
    adata.obsm["X_pca"] = np.random.default_rng(2).normal(size=(30, 4)).astype(np.float32)
    return VelocityKernel(adata).compute_transition_matrix()


def slow_cbc(kernel, source, target, rep):
    adata, T = kernel.adata, kernel.transition_matrix.toarray()
    graph, z = adata.obsp["distances"].toarray(), np.asarray(adata.obsm[rep], dtype=float)
    scores = []
    for i in range(30):
        across = [j for j in range(30) if graph[i, j] != 0 and adata.obs["clusters"].iloc[j] in target]
        if adata.obs["clusters"].iloc[i] in source and across:
            observed = sum(graph[i, j] * (z[j] - z[i]) for j in across)
            modelled = sum(T[i, j] * z[j] for j in range(30)) - z[i]
            scores.append(np.corrcoef(observed, modelled)[0, 1])
    return np.array(scores)


@pytest.mark.parametrize(
    ("source", "target"), [("early", "middle"), ("middle", "late"), (["early", "late"], ["middle"])]
)
def test_equals_a_slow_loop(kernel, source, target):
    with unchanged(kernel.adata):
        found = kernel.cbc(source, target, "clusters", "X_pca")
    assert found.size
    np.testing.assert_allclose(found, slow_cbc(kernel, source, target, "X_pca"), atol=1e-12)


def test_every_graph_format_and_kernel(kernel):
    expected = kernel.cbc("early", "middle", "clusters", "X_pca")
    graph = kernel.adata.obsp["distances"]
    for form in (sp.csc_matrix(graph), graph.toarray(), sp.csr_array(graph)):
        kernel.adata.obsp["distances"] = form
        np.testing.assert_allclose((kernel + kernel).cbc("early", "middle", "clusters", "X_pca"), expected, atol=1e-12)


def test_missing_coordinates_stay_in_their_place(kernel):
    expected = kernel.cbc(["early", "late"], "middle", "clusters", "X_pca")
    kernel.adata.obsm["X_pca"][29] = np.nan  # at the end, far from the other boundary
    graph = kernel.adata.obsp["distances"].tolil()
    graph[29, 15] = 1.0
    kernel.adata.obsp["distances"] = graph.tocsr()
    found = kernel.cbc(["early", "late"], "middle", "clusters", "X_pca")
    assert len(found) == len(expected) + 1
    assert np.isnan(found[-1])
    np.testing.assert_allclose(found[:2], expected[:2], atol=1e-12)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"cluster_key": "cluster"}, MissingKeyError, "no column 'cluster'; did you mean 'clusters'"),
        ({"source": "erly"}, ValueError, "no cluster 'erly'; did you mean 'early'"),
        ({"rep": "pca"}, MissingKeyError, "adata.obsm has no 'pca'; did you mean 'X_pca'"),
        ({"rep": 3}, TypeError, "rep must be text"),
        ({"graph_key": "distance"}, MissingKeyError, "did you mean 'distances'"),
        ({"target": "late", "graph_key": "chain"}, ValueError, "there is no boundary"),
    ],
)
def test_what_is_refused(kernel, options, error, words):
    kernel.adata.obsp["chain"] = sp.csr_matrix(np.eye(30, k=1))
    with pytest.raises(error, match=words):
        kernel.cbc(**{"source": "early", "target": "middle", "cluster_key": "clusters", "rep": "X_pca", **options})
