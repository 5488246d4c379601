"""Velocities in a space of their own: `attr='obsm'`."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tests import reference
from tests.fingerprint import unchanged
from velowidget.data.graphs import read_graph
from velowidget.kernels import VelocityKernel
from velowidget.kernels.base import Kernel

OBSM = {"attr": "obsm", "xkey": "X_pca", "vkey": "velocity_pca"}


@pytest.fixture
def adata(adata):
    rng = np.random.default_rng(3)
    adata.obsm["X_pca"] = rng.normal(size=(30, 5)).astype(np.float32)
    adata.obsm["velocity_pca"] = rng.normal(size=(30, 5))
    adata.var["velocity_pca_genes"] = False  # genes play no part
    return adata


def test_equals_reference(adata):
    graph = read_graph(adata)[0]
    logits = reference.logits(graph, adata.obsm["X_pca"], adata.obsm["velocity_pca"], "cosine")
    with unchanged(adata):
        found = VelocityKernel(adata, **OBSM).compute_transition_matrix(scheme="cosine", softmax_scale=2.0)
    expected = reference.transition_matrix(graph, logits, 2.0)
    np.testing.assert_allclose(found.transition_matrix.toarray(), expected, atol=1e-12)


@pytest.mark.parametrize("form", [sp.csr_matrix, lambda a: pd.DataFrame(a, index=[f"cell{i}" for i in range(30)])])
def test_other_forms(adata, form):
    expected = VelocityKernel(adata, **OBSM).transition_matrix.toarray()
    adata.obsm["velocity_pca"] = form(adata.obsm["velocity_pca"])
    np.testing.assert_array_equal(VelocityKernel(adata, **OBSM).transition_matrix.toarray(), expected)


def test_columns_with_nan_are_left_out(adata):
    adata.obsm["velocity_pca"][3, 4] = np.nan
    with pytest.warns(UserWarning, match=r"1 gene of 5 left out: the velocity adata.obsm\['velocity_pca'\] holds NaN"):
        found = VelocityKernel(adata, **OBSM).transition_matrix.toarray()
    for key in ("X_pca", "velocity_pca"):
        adata.obsm[key] = adata.obsm[key][:, :4]
    np.testing.assert_array_equal(found, VelocityKernel(adata, **OBSM).transition_matrix.toarray())


def test_it_is_kept_in_files_and_in_the_adata(adata, tmp_path):
    kernel = VelocityKernel(adata, backward=True, **OBSM).compute_transition_matrix()
    kernel.write_to_adata()
    for read in (Kernel.read(kernel.write(tmp_path / "k")), VelocityKernel.from_adata(adata, "T_bwd")):
        assert read._settings() == kernel._settings()
        again = read.compute_transition_matrix(scheme="cosine").transition_matrix.toarray()
        expected = kernel.copy().compute_transition_matrix(scheme="cosine").transition_matrix.toarray()
        np.testing.assert_array_equal(again, expected)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"attr": "obs"}, ValueError, "attr='obs' is not known; did you mean 'obsm'"),
        ({"attr": ["obsm"]}, ValueError, "attr="),
        ({"xkey": "pca"}, KeyError, "No expression: adata.obsm has no 'pca'; did you mean 'X_pca'.*`xkey`"),
        ({"vkey": "velocity"}, KeyError, "No velocity: adata.obsm has no 'velocity'"),
        ({"xkey": "X_umap"}, ValueError, r"has shape \(30, 5\) and the .*\(30, 2\); both need the same columns"),
        ({"xkey": None}, ValueError, "both need the same columns"),
        ({"gene_subset": ["gene1"]}, ValueError, "gene_subset chooses genes, and attr='obsm' has none"),
        ({"xkey": "deep"}, ValueError, r"adata.obsm\['deep'\] has shape \(30, 5, 2\); it needs two dimensions"),
        ({"vkey": "infinite"}, ValueError, r"infinite in 1 place, the first for cell 'cell2' and column 1"),
    ],
)
def test_what_is_refused(adata, options, error, words):
    adata.obsm["deep"] = np.zeros((30, 5, 2))
    adata.obsm["infinite"] = np.ones((30, 5))
    adata.obsm["infinite"][2, 1] = np.inf
    with pytest.raises(error, match=words):
        VelocityKernel(adata, **{**OBSM, **options})
