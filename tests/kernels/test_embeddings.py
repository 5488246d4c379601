"""Embeddings as files hold them: every one is found, whatever its key, the best first."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tests.deprecations import no_warnings
from tests.fingerprint import unchanged
from tests.kernels.conftest import N_CELLS
from velowidget.data.embeddings import bases, embedding_name, read_embedding
from velowidget.data.velocity import MissingKeyError
from velowidget.kernels import VelocityKernel
from velowidget.pipeline import VelocityPipeline

pytestmark = no_warnings


def wide(offset=0.0, columns=2):
    return np.random.default_rng(0).normal(size=(N_CELLS, columns)) + offset


def only(adata, **stored):
    """The AnnData with these entries of obsm and no others, `columns` wide or as they are."""
    for key in list(adata.obsm):
        del adata.obsm[key]
    for key, values in stored.items():
        adata.obsm[key] = wide(columns=values) if isinstance(values, int) else values
    return adata


# Which there are ----------------------------------------------------------------------------------


def test_bases_by_name_the_best_known_first(adata):
    adata.obsm["X_zebra"] = np.zeros((N_CELLS, 2))
    adata.obsm["X_pca"] = np.zeros((N_CELLS, 10))
    adata.obsm["X_one"] = np.zeros((N_CELLS, 1))
    adata.obsm["X_words"] = np.full((N_CELLS, 2), "a")
    adata.obsm["X_complex"] = np.zeros((N_CELLS, 2), complex)
    adata.obsm["X_frame"] = pd.DataFrame(np.zeros((N_CELLS, 2)), index=adata.obs_names)
    adata.obsm["X_mixed"] = pd.DataFrame({"a": np.zeros(N_CELLS), "b": "word"}, index=adata.obs_names)
    adata.obsm["X_sparse"] = sp.csr_matrix((N_CELLS, 3))
    adata.obsm["T_fwd_umap"] = np.zeros((N_CELLS, 2))
    assert bases(adata) == ["umap", "pca", "zebra", "frame", "sparse"]


def test_bases_without_a_prefix(adata):
    adata.obsm["spatial"] = np.zeros((N_CELLS, 2))
    assert bases(adata) == ["umap", "spatial"]
    del adata.obsm["X_umap"]
    assert bases(adata) == ["spatial"]
    del adata.obsm["spatial"]
    assert bases(adata) == []


def test_bases_of_a_damaged_store(adata):
    """AnnData gives out none of its embeddings then, or from 0.13 on all of them, this one too."""
    adata._obsm["X_pca"] = np.zeros((3, 2))
    assert "pca" not in bases(adata)
    del adata._obsm["X_pca"]


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["X_pca", "umap_cell_embeddings"], ["umap_cell_embeddings", "pca"]),
        (["X_pca", "UMAP"], ["UMAP", "pca"]),
        (["X_pca", "X_UMAP"], ["UMAP", "pca"]),
        (["X_pca", "X_umap_harmony"], ["umap_harmony", "pca"]),
        (["X_pca", "spatial"], ["spatial", "pca"]),
        (["X_scVI", "X_pca_harmony", "X_tSNE"], ["tSNE", "pca_harmony", "scVI"]),
        (["X_t-SNE", "wnnUMAP", "PCA"], ["wnnUMAP", "t-SNE", "PCA"]),
        (["X_PHATE", "spatial3d", "X_draw_graph_fr", "X_tsne"], ["tsne", "draw_graph_fr", "PHATE", "spatial3d"]),
        (["X_mde", "X_spatial", "X_fle", "X_pacmap"], ["fle", "mde", "pacmap", "spatial"]),
        (["umap3d", "umap", "X_umap_wnn"], ["umap", "umap3d", "umap_wnn"]),
        (["X_umap", "umap"], ["umap", "X_umap"]),
        (["X_codemode", "X_alpha"], ["codemode", "alpha"]),
    ],
)
def test_whatever_the_case_or_the_prefix(adata, keys, expected):
    only(adata, **dict.fromkeys(keys, 2))
    with unchanged(adata):
        assert bases(adata) == expected
        pipeline = VelocityPipeline(adata)
    assert pipeline.basis == expected[0]
    for name in expected:
        pipeline.basis = name
        pipeline.basis = f"X_{name}".replace("X_X_", "X_")
    pipeline.cancel()


@pytest.mark.parametrize(
    "key", ["velocity_umap", "velocity_S_umap", "T_bwd_umap", "T_fwd_terminal_umap", "acceleration_pca"]
)
def test_vectors_on_an_embedding_are_none(adata, key):
    only(adata, pca=5, X_umap=2, **{key: 2})
    assert bases(adata) == ["umap", "pca"]
    assert read_embedding(adata, key).shape == (N_CELLS, 2)  # who names it gets it


@pytest.mark.parametrize("key", ["velocity_latent", "T_fwd", "velocity", "umap_velocity"])
def test_what_only_sounds_like_vectors_is_an_embedding(adata, key):
    only(adata, X_umap=2, **{key: 2})
    assert set(bases(adata)) == {"umap", key}


@pytest.mark.parametrize("name", ["mine", "of_mine"])
def test_vectors_that_were_written_under_a_key_of_a_users_own(adata, name):
    VelocityKernel(adata).compute_projection("umap", key_added=name)
    assert f"{name}_umap" in adata.obsm
    assert bases(adata) == ["umap"]


# Which is meant -----------------------------------------------------------------------------------


@pytest.mark.parametrize("basis", ["umap", "X_umap", "UMAP", "x_umap".replace("x", "X"), "X_Umap"])
def test_read_embedding(adata, basis):
    adata.obsm["X_umap"][3, 0] = np.nan
    adata.obsm["X_umap"][5, 1] = -np.inf
    with unchanged(adata):
        positions = read_embedding(adata, basis)
    assert positions.dtype == np.float64
    assert not positions.flags.writeable
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(positions).any(axis=1)), [3, 5])
    assert np.isnan(positions[[3, 5]]).all()
    others = np.delete(np.arange(N_CELLS), [3, 5])
    np.testing.assert_array_equal(positions[others], adata.obsm["X_umap"][others])


def test_a_key_as_it_is_spelled_comes_first(adata):
    """So that each of two that differ by the prefix only can be named."""
    adata.obsm["umap"] = adata.obsm["X_umap"] + 1
    for key in ("umap", "X_umap"):
        np.testing.assert_array_equal(read_embedding(adata, key), adata.obsm[key])
        assert embedding_name(adata, key) == key


@pytest.mark.parametrize("basis", ["spatial", "X_spatial", "Spatial"])
def test_embedding_without_a_prefix(adata, basis):
    adata.obsm["spatial"] = adata.obsm["X_umap"] + 1
    np.testing.assert_array_equal(read_embedding(adata, basis), adata.obsm["spatial"])
    assert embedding_name(adata, basis) == "spatial"


def test_capitals_that_decide(adata):
    only(adata, X_UMAP=wide(1), umap=wide(2))
    np.testing.assert_array_equal(read_embedding(adata, "umap"), wide(2))
    np.testing.assert_array_equal(read_embedding(adata, "UMAP"), wide(1))
    with pytest.raises(ValueError, match=r"Which embedding is 'Umap'\? adata\.obsm has 'X_UMAP' and 'umap'\. Name"):
        read_embedding(adata, "Umap")


@pytest.mark.parametrize("basis", ["", "X_", "x", "umapp", "a" * 10_000_000])
def test_embeddings_that_there_are_not(adata, basis):
    with pytest.raises(MissingKeyError, match="No embedding") as caught:
        read_embedding(adata, basis)
    assert "'umap'" in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("key", "basis", "written"),
    [
        ("X_umap", "UMAP", "T_fwd_umap"),
        ("X_UMAP", "umap", "T_fwd_UMAP"),
        ("umap_cell_embeddings", "umap_cell_embeddings", "T_fwd_umap_cell_embeddings"),
        ("spatial", "X_spatial", "T_fwd_spatial"),
    ],
)
def test_a_projection_is_written_under_the_name(adata, key, basis, written):
    only(adata, **{key: 2})
    VelocityKernel(adata).compute_projection(basis)
    assert written in adata.obsm
    assert adata.uns["T_fwd_params"]["embeddings"] == [written.removeprefix("T_fwd_")]


def test_two_of_a_name_are_written_apart(adata):
    adata.obsm["umap"] = adata.obsm["X_umap"] + 1
    kernel = VelocityKernel(adata)
    for basis in ("umap", "X_umap"):
        kernel.compute_projection(basis)
    assert {"T_fwd_umap", "T_fwd_X_umap"} < set(adata.obsm)
    assert bases(adata) == ["umap", "X_umap"]
