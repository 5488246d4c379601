"""Which graph is meant, and what counts as a neighbour."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from tests.deprecations import no_warnings
from tests.fingerprint import unchanged
from tests.kernels.conftest import N_CELLS
from velowidget.data.graphs import read_graph, read_weights
from velowidget.data.velocity import MissingKeyError
from velowidget.kernels import ConnectivityKernel, VelocityKernel
from velowidget.pipeline import VelocityPipeline

pytestmark = no_warnings


def matrix_of(adata, **options):
    with unchanged(adata):
        return VelocityKernel(adata, **options).compute_transition_matrix(degenerate="self_loop").transition_matrix


def moved(adata, key):
    """The graph under another key in obsp."""
    adata.obsp[key] = adata.obsp["connectivities"]
    del adata.obsp["connectivities"]


# Keys ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("record", [{"connectivities_key": "odd"}, {"connectivities_key": np.str_("odd"), "params": 1}])
@pytest.mark.parametrize("kind", [VelocityKernel, ConnectivityKernel])
def test_the_record_of_scanpy_is_followed(adata, kind, record):
    expected = kind(adata).transition_matrix.toarray()
    moved(adata, "odd")
    adata.uns["mine"] = record
    kernel = kind(adata, conn_key="mine")
    np.testing.assert_array_equal(kernel.transition_matrix.toarray(), expected)
    assert kernel.connectivities.nnz == expected.astype(bool).sum()


def test_the_default_graph_is_the_one_that_scanpy_recorded(adata):
    expected = matrix_of(adata).toarray()
    moved(adata, "odd")
    adata.uns["neighbors"] = {"connectivities_key": "odd"}
    np.testing.assert_array_equal(matrix_of(adata).toarray(), expected)


@pytest.mark.parametrize("record", [{}, {"connectivities_key": "connectivities"}])
def test_the_default_record_is_no_name_of_a_graph(adata, record):
    adata.uns["neighbors"] = record
    with pytest.raises(KeyError, match="conn_key='connectivities'"):
        matrix_of(adata, conn_key="neighbors")


def test_a_graph_may_be_called_as_the_default_record_is(adata):
    expected = matrix_of(adata).toarray()
    moved(adata, "neighbors")
    np.testing.assert_array_equal(matrix_of(adata, conn_key="neighbors").toarray(), expected)


def test_a_key_in_obsp_comes_before_a_record(adata):
    """As it was meant before there were records."""
    adata.obsp["odd"] = adata.obsp["connectivities"][:, ::-1].tocsr()
    adata.uns["neighbors"] = adata.uns["connectivities"] = {"connectivities_key": "odd"}
    graph, _ = read_graph(adata)
    assert graph.n_edges == adata.obsp["connectivities"].nnz
    np.testing.assert_array_equal(graph.indices, adata.obsp["connectivities"].sorted_indices().indices)


def test_a_record_of_a_graph_that_is_gone(adata):
    adata.uns["mine"] = {"connectivities_key": "conectivities"}
    with pytest.raises(MissingKeyError) as caught:
        VelocityKernel(adata, conn_key="mine")
    assert "adata.obsp has no 'conectivities', which adata.uns names as its key" in str(caught.value)
    assert "did you mean 'connectivities'?" in str(caught.value)


@pytest.mark.parametrize("record", ["text", 3, {"params": {}}, {"connectivities_key": None}])
def test_records_that_say_nothing(adata, record):
    adata.uns["mine"] = record
    with pytest.raises(MissingKeyError, match=r"adata\.obsp has no 'mine'; there are 'connectivities'"):
        VelocityKernel(adata, conn_key="mine")


def test_a_graph_in_uns_is_none_for_kernel_and_pipeline_alike(adata):
    """As files of before 2020 had it: AnnData moves it to obsp when it reads one."""
    adata.uns["neighbors"] = {"connectivities": adata.obsp["connectivities"], "params": {}}
    del adata.obsp["connectivities"]
    for make in (VelocityKernel, lambda data: VelocityPipeline(data).wait()):
        with unchanged(adata), pytest.raises(MissingKeyError, match="or name another with `conn_key`"):
            make(adata)


# Loops and zeros ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "graph",
    [sp.identity(N_CELLS, format="csr"), sp.diags_array(np.arange(N_CELLS) * 1.0, format="csr"), np.eye(N_CELLS)],
    ids=["identity", "some loops only", "dense"],
)
@pytest.mark.parametrize("kind", [VelocityKernel, ConnectivityKernel])
def test_a_graph_of_loops_is_the_cause(adata, kind, graph):
    adata.obsp["connectivities"] = graph
    with pytest.raises(
        ValueError, match=r"graph adata\.obsp\['connectivities'\] has no neighbours: each of its entries"
    ):
        kind(adata)


@pytest.mark.parametrize("stored", [0.0, 1.0], ids=["zero in place of a loop", "loop"])
def test_cells_with_a_loop_only_are_cells_without_neighbours(adata, stored):
    graph = adata.obsp["connectivities"].tolil()
    graph[[3, 8]] = 0
    graph = (graph + sp.identity(N_CELLS)).tocsr()
    graph[3, 3] = graph[8, 8] = stored
    adata.obsp["connectivities"] = graph
    with pytest.raises(ValueError, match=r"2 without neighbours \('cell3', 'cell8'\)\. Remove them"):
        VelocityKernel(adata).compute_transition_matrix()
    np.testing.assert_array_equal(matrix_of(adata).toarray()[[3, 8], [3, 8]], 1)


def trimmed(graph, eliminate):
    graph = graph.copy()
    graph.data[::3] = 0
    graph.data[4] = -0.0
    if eliminate:
        graph.eliminate_zeros()
    return graph


@pytest.mark.parametrize("layout", [sp.csr_matrix, sp.csc_matrix, sp.csr_array, np.asarray], ids=lambda c: c.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.int8])
def test_stored_zeros_are_no_edges(adata, layout, dtype):
    """Graphs that were trimmed in place keep them, and so do distances of a cell to itself."""
    graph = adata.obsp["connectivities"]
    graph.data = np.ceil(graph.data * 10).astype(dtype)
    adata.obsp["connectivities"] = trimmed(graph, eliminate=True)
    expected, weights = matrix_of(adata).toarray(), VelocityKernel(adata).connectivities.toarray()
    kept = trimmed(graph, eliminate=False)
    adata.obsp["connectivities"] = layout(kept.toarray() if layout is np.asarray else kept)
    np.testing.assert_array_equal(matrix_of(adata).toarray(), expected)
    np.testing.assert_array_equal(VelocityKernel(adata).connectivities.toarray(), weights)


def test_an_entry_stored_many_times_is_an_edge(adata):
    """Also 256 times, which a byte would count as 0."""
    graph = adata.obsp["connectivities"]
    expected = matrix_of(adata).toarray()
    data, indices = np.repeat(graph.data, 256), np.repeat(graph.indices, 256)
    adata.obsp["connectivities"] = sp.csr_matrix((data, indices, graph.indptr * 256), shape=graph.shape)
    np.testing.assert_array_equal(matrix_of(adata).toarray(), expected)


def test_only_zeros(adata):
    adata.obsp["connectivities"].data[:] = 0
    with pytest.raises(ValueError, match=r"has no edges\. Make one with"):
        VelocityKernel(adata)


# Indices ------------------------------------------------------------------------------------------


def with_indices(graph, indices=None, indptr=None):
    graph = graph.copy()
    graph.indices = graph.indices if indices is None else indices
    graph.indptr = graph.indptr if indptr is None else indptr
    return graph


def test_float_indices_that_are_whole_are_taken_exactly(adata):
    expected = matrix_of(adata).toarray()
    graph = adata.obsp["connectivities"]
    stored = with_indices(graph, graph.indices.astype(np.float64), graph.indptr.astype(np.float32))
    adata._obsp["connectivities"] = stored
    np.testing.assert_array_equal(VelocityKernel(adata).transition_matrix.toarray(), expected)
    assert stored.indices.dtype == np.float64


@pytest.mark.parametrize("bad", [0.5, np.nan, np.inf, -0.25])
@pytest.mark.parametrize("part", ["indices", "indptr"])
@pytest.mark.parametrize("read", [read_graph, read_weights], ids=["pattern", "weights"])
def test_float_indices_that_are_not_whole(adata, bad, part, read):
    graph = adata.obsp["connectivities"]
    spoilt = getattr(graph, part).astype(np.float64)
    spoilt[7] += bad
    adata._obsp["connectivities"] = with_indices(graph, **{part: spoilt})
    with pytest.raises(ValueError, match=r"graph adata\.obsp\['connectivities'\] is damaged: .* not whole numbers"):
        read(adata, "connectivities")


def test_other_readers_of_graphs_refuse_them_too(adata):
    graph = adata.obsp["connectivities"]
    adata._obsp["distances"] = with_indices(graph, graph.indices + 0.5)
    kernel = VelocityKernel(adata)
    with pytest.raises(ValueError, match=r"adata\.obsp\['distances'\] is damaged: its indices are not whole numbers"):
        kernel.cbc("early", "late", "clusters", "X_umap")
