"""Data that are not in memory: Dask arrays are computed, and a lazily opened AnnData is refused in plain words."""

from __future__ import annotations

import warnings

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp

from tests.deprecations import no_warnings
from tests.kernels.conftest import N_CELLS, make_adata
from velowidget.data.annotations import read_annotation
from velowidget.data.embeddings import bases, read_embedding
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel
from velowidget.pipeline import VelocityPipeline
from velowidget.widget import VelocityWidget

pytestmark = no_warnings

KINDS = {
    "dense": np.asarray,
    "csr_matrix": sp.csr_matrix,
    "csr_array": sp.csr_array,
    "csc_matrix": sp.csc_matrix,
}


def in_chunks(values, kind, rows, columns=None):
    da = pytest.importorskip("dask.array", reason="Dask is not installed")
    values = np.asarray(values)
    chunked = da.from_array(values, chunks=(rows, columns or values.shape[1]))
    if kind == "dense":
        return chunked
    empty = KINDS[kind](np.zeros((0, 0), dtype=values.dtype))
    return chunked.map_blocks(KINDS[kind], dtype=values.dtype, meta=empty)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chunks", [(N_CELLS,), (7,), (7, 5)], ids=["one", "rows", "rows and columns"])
def test_dask_arrays_give_the_same(adata, kind, chunks):
    expected = VelocityKernel(adata).transition_matrix.toarray()
    weights = ConnectivityKernel(adata).transition_matrix.toarray()
    colour, places = read_annotation(adata, "gene3").values, read_embedding(adata, "umap")
    score = VelocityKernel(adata).cbc("early", "late", "clusters", "X_umap", "connectivities")
    adata.X = in_chunks(adata.X, kind, *chunks)
    for layer in ("Ms", "velocity"):
        adata.layers[layer] = in_chunks(adata.layers[layer], kind, *chunks)
    adata.obsp["connectivities"] = in_chunks(adata.obsp["connectivities"].toarray(), kind, *chunks)
    adata.obsm["X_umap"] = in_chunks(adata.obsm["X_umap"], "dense", 7)
    kernel = VelocityKernel(adata)
    np.testing.assert_array_equal(kernel.transition_matrix.toarray(), expected)
    np.testing.assert_array_equal(ConnectivityKernel(adata).transition_matrix.toarray(), weights)
    np.testing.assert_array_equal(read_annotation(adata, "gene3").values, colour)
    np.testing.assert_array_equal(read_embedding(adata, "umap"), places)
    np.testing.assert_array_equal(kernel.cbc("early", "late", "clusters", "X_umap", "connectivities"), score)
    assert bases(adata) == ["umap"]
    pipeline = VelocityPipeline(adata)
    pipeline.wait()
    assert pipeline.basis == "umap"
    pipeline.cancel()


@pytest.fixture(params=["h5ad", "zarr"])
def lazy(request, tmp_path):
    pytest.importorskip("xarray", reason="read_lazy needs xarray")
    if request.param == "zarr":
        pytest.importorskip("zarr", minversion="3", reason="AnnData opens zarr lazily from zarr 3 on")
    path = tmp_path / f"cells.{request.param}"
    adata = make_adata()
    with warnings.catch_warnings():  # of formats to come
        warnings.simplefilter("ignore")
        (adata.write_h5ad if request.param == "h5ad" else adata.write_zarr)(path)
        return ad.experimental.read_lazy(path)


def unlike_a_table(adata):
    """An AnnData whose obs is no table of pandas, as read_lazy makes it."""

    class Lazy(ad.AnnData):
        obs = property(lambda self: object())

    adata.__class__ = Lazy
    return adata


REFUSED = {
    "VelocityKernel": VelocityKernel,
    "ConnectivityKernel": ConnectivityKernel,
    "PrecomputedKernel": lambda adata: PrecomputedKernel(np.eye(N_CELLS), adata),
    "a kernel's adata": lambda adata: setattr(VelocityKernel(make_adata()), "adata", adata),
    "from_adata": lambda adata: VelocityKernel.from_adata(adata, "T_fwd"),
    "VelocityPipeline": VelocityPipeline,
    "VelocityWidget": VelocityWidget,
}
MESSAGE = r"The AnnData was opened lazily, .* Give `adata\.to_memory\(\)`\."


@pytest.mark.parametrize("call", REFUSED)
def test_an_anndata_that_was_opened_lazily(adata, call):
    with pytest.raises(TypeError, match=MESSAGE):
        REFUSED[call](unlike_a_table(adata))


@pytest.mark.parametrize("call", REFUSED)
def test_what_read_lazy_gives(lazy, call):
    with pytest.raises(TypeError, match=MESSAGE):
        REFUSED[call](lazy)


def test_what_the_message_says_works(lazy):
    assert VelocityKernel(lazy.to_memory()).transition_matrix.shape == (N_CELLS, N_CELLS)
