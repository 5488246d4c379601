"""Whatever real files hold: the right result, a warning, or one error that says what is wrong, where, and what to do.

Any other warning than the kernel's own is an error here, so no NumPy or pandas message gets through.
"""

from __future__ import annotations

import re
import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tests.deprecations import no_warnings
from tests.fingerprint import unchanged
from tests.kernels.conftest import N_CELLS, N_GENES, make_adata
from velowidget.data.graphs import read_graph
from velowidget.data.velocity import MissingKeyError, read_velocity
from velowidget.kernels import VelocityKernel

pytestmark = no_warnings

SCHEMES = ("correlation", "cosine", "dot_product")


def transition_matrix(adata, *, compute=None, **options):
    """The dense matrix, checked; the AnnData must not have changed."""
    with unchanged(adata):
        kernel = VelocityKernel(adata, **options).compute_transition_matrix(**(compute or {}))
    matrix = kernel.transition_matrix.toarray()
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-12)
    return matrix


@pytest.fixture
def expected(adata):
    """What the untouched data give."""
    return transition_matrix(adata)


# What is said of an array that does not fit: by AnnData before 0.13, with our advice; by the kernel since.
REFUSED = r"is damaged.*make a new AnnData|has shape .*(is expected|it needs)"


def set_layer(adata, key, value):
    adata.layers[key] = value


def force(adata, store, key, value):
    """Put a value where AnnData would not take it, as a file written by hand may."""
    getattr(adata, f"_{store}")[key] = value


def force_x(adata, value):
    """The same for `adata.X`, which AnnData has among its layers from 0.13 on."""
    if hasattr(adata, "_X"):
        adata._X = value
    else:
        force(adata, "layers", None, value)


def neighbours(adata):
    return read_graph(adata)[0].matrix(np.ones(read_graph(adata)[0].n_edges)).toarray()


def without(adata, store, key):
    del getattr(adata, store)[key]


# What is missing, or of no use at all: the error, and the words that it must have -------------------


def nan_in(layer):
    def spoil(adata):
        adata.layers[layer][4, 2] = np.nan

    return spoil


def infinite_in(layer, value=np.inf):
    def spoil(adata):
        adata.layers[layer][4, 2] = value

    return spoil


def fill(layer, value):
    def spoil(adata):
        adata.layers[layer][:] = value

    return spoil


def genes(values):
    def spoil(adata):
        adata.var["velocity_genes"] = values

    return spoil


def weight(value):
    def spoil(adata):
        adata.obsp["connectivities"].data[3] = value

    return spoil


def twice(table, name):
    def spoil(adata):
        frame = getattr(adata, table)
        setattr(adata, table, pd.concat([frame, frame[[name]]], axis=1))

    return spoil


def convert(layer, dtype):
    def spoil(adata):
        adata.layers[layer] = adata.layers[layer].astype(dtype)

    return spoil


def damaged_indices(adata):
    adata.obsp["connectivities"].indices[5] = N_CELLS


def damaged_indptr(adata):
    adata.obsp["connectivities"].indptr[4] = 0


def no_edges(adata):
    adata.obsp["connectivities"] = sp.csr_matrix((N_CELLS, N_CELLS))


def object_graph(adata):
    adata.obsp["connectivities"] = adata.obsp["connectivities"].toarray().astype(object)


def complex_graph(adata):
    adata.obsp["connectivities"] = adata.obsp["connectivities"].astype(complex)


def isolated(adata):
    adata.obsp["connectivities"] = without_rows(adata, [7])


def constant_velocity(adata):
    adata.layers["velocity"][8] = 0.3


def identical_cells(adata):
    adata.layers["Ms"][:] = adata.layers["Ms"][0]


def too_large(adata):
    for layer in ("Ms", "velocity"):
        adata.layers[layer] = adata.layers[layer].astype(np.float64) * 1e200


def too_small(adata):
    for layer in ("Ms", "velocity"):
        adata.layers[layer] = adata.layers[layer].astype(np.float64) * 1e-155


def without_rows(adata, rows):
    graph = adata.obsp["connectivities"].tolil()
    for row in rows:
        graph[row] = 0
    return graph.tocsr()


BAD = {
    "no velocity layer": (
        lambda a: without(a, "layers", "velocity"),
        MissingKeyError,
        ["velocity", "adata.layers has no 'velocity'", "velowidget.velocity(adata)", "vkey"],
    ),
    "no Ms layer": (
        lambda a: without(a, "layers", "Ms"),
        MissingKeyError,
        ["expression", "adata.layers has no 'Ms'", "velowidget.moments(adata)", "xkey"],
    ),
    "no layers at all": (
        lambda a: (without(a, "layers", "Ms"), without(a, "layers", "velocity")),
        MissingKeyError,
        ["no 'velocity'; there are none."],
    ),
    "no graph": (
        lambda a: without(a, "obsp", "connectivities"),
        MissingKeyError,
        ["No neighbour graph", "adata.obsp has no 'connectivities'", "scanpy.pp.neighbors(adata)", "conn_key"],
    ),
    "all velocities NaN": (
        fill("velocity", np.nan),
        ValueError,
        ["No gene is left", "NaN for each of the 11 genes", "velowidget.velocity", "gene_subset"],
    ),
    "all velocities zero": (
        fill("velocity", 0),
        ValueError,
        ["No automatic softmax scale", "all velocities are zero", "velowidget.velocity", "softmax_scale"],
    ),
    "inf in velocity": (
        infinite_in("velocity"),
        ValueError,
        ["velocity layer 'velocity'", "infinite in 1 place,", "'cell4'", "'gene2'", "gene_subset"],
    ),
    "-inf in velocity": (infinite_in("velocity", -np.inf), ValueError, ["velocity layer", "'cell4'", "'gene2'"]),
    "inf in Ms": (infinite_in("Ms"), ValueError, ["expression layer 'Ms'", "1 place,", "'cell4'", "'gene2'"]),
    "NaN in Ms": (nan_in("Ms"), ValueError, ["expression layer 'Ms'", "NaN or infinite", "'cell4'", "'gene2'"]),
    "object velocity": (convert("velocity", object), TypeError, ["velocity layer", "object values", "astype"]),
    "complex velocity": (convert("velocity", complex), TypeError, ["velocity layer", "complex128 values"]),
    "string Ms": (convert("Ms", str), TypeError, ["expression layer 'Ms'", "<U", "astype"]),
    "no velocity gene": (genes(False), ValueError, ["No gene is left", "adata.var['velocity_genes']", "none of 12"]),
    "velocity_genes are words": (
        genes("maybe"),
        TypeError,
        ["adata.var['velocity_genes']", "'maybe'", "true or false", "gene_subset"],
    ),
    "velocity_genes are numbers": (genes(np.arange(N_GENES) / 2), TypeError, ["velocity_genes", "'0.5'"]),
    "velocity_genes twice": (
        twice("var", "velocity_genes"),
        ValueError,
        ["adata.var", "several columns called 'velocity_genes'", "rename"],
    ),
    "NaN weight": (weight(np.nan), ValueError, ["graph", "NaN or infinite in 1 place", "scanpy.pp.neighbors"]),
    "infinite weight": (weight(np.inf), ValueError, ["graph", "NaN or infinite in 1 place", "scanpy.pp.neighbors"]),
    "object graph": (object_graph, TypeError, ["graph", "object values", "scanpy.pp.neighbors"]),
    "complex graph": (complex_graph, TypeError, ["graph", "complex128 values", "scanpy.pp.neighbors"]),
    "no edges": (no_edges, ValueError, ["graph", "no edges", "scanpy.pp.neighbors(adata)"]),
    "indices beyond the cells": (damaged_indices, ValueError, ["graph", "damaged", "scanpy.pp.neighbors(adata)"]),
    "indptr that goes back": (damaged_indptr, ValueError, ["graph", "damaged", "scanpy.pp.neighbors(adata)"]),
    "a cell without neighbours": (
        isolated,
        ValueError,
        ["1 without neighbours ('cell7')", "scanpy.pp.neighbors", "degenerate='self_loop'", "degenerate='uniform'"],
    ),
    "a constant velocity": (
        constant_velocity,
        ValueError,
        ["1 without a defined similarity to any neighbour ('cell8')", "degenerate='self_loop'"],
    ),
    "identical cells": (identical_cells, ValueError, ["No automatic softmax scale", "zero or undefined"]),
}


@pytest.mark.parametrize("case", BAD)
def test_one_clear_error(adata, case):
    spoil, error, words = BAD[case]
    spoil(adata)
    with unchanged(adata), pytest.raises(error) as caught:
        VelocityKernel(adata).compute_transition_matrix()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    ("store", "key", "stored", "words"),
    [
        ("layers", "velocity", np.zeros((N_CELLS, 3)), ["'velocity'", "(30, 3)", "(30, 12)"]),
        ("layers", "velocity", np.zeros(N_CELLS), ["'velocity'", "(30, 12)"]),
        ("layers", "Ms", np.zeros((29, N_GENES)), ["'Ms'", "(29, 12)", "(30, 12)"]),
        ("layers", "Ms", None, []),
        ("layers", "Ms", "text", []),
        ("obsp", "connectivities", np.zeros((N_CELLS, 29)), ["'connectivities'", "(30, 29)"]),
        ("obsp", "connectivities", None, []),
        ("obsp", "connectivities", sp.csr_matrix((29, N_CELLS)), ["'connectivities'", "(29, 30)", "(30, 30)"]),
        ("obsm", "X_umap", np.zeros((29, 2)), ["'X_umap'", "29", "30"]),
        ("obsm", "X_umap", np.zeros(()), []),
    ],
)
def test_shapes_that_differ(adata, store, key, stored, words):
    """AnnData checks what it is given, but may hold what a file or another program put there.

    Before 0.13 it then refuses to give out anything of that store, and says so in its own words.
    """
    force(adata, store, key, stored)
    with pytest.raises(ValueError, match=REFUSED) as caught:
        VelocityKernel(adata).compute_projection()
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("stored", [np.zeros((29, 4)), "text", None])
def test_velocities_of_other_cells(adata, stored):
    adata.obsm["x"] = np.ones((N_CELLS, 4))
    force(adata, "obsm", "v", stored)
    with pytest.raises(ValueError, match=REFUSED):
        VelocityKernel(adata, attr="obsm", vkey="v", xkey="x")


@pytest.mark.parametrize("layout", [sp.coo_matrix, sp.lil_array, sp.dok_matrix])
def test_sparse_layouts_that_anndata_does_not_take(adata, expected, layout):
    """Refused by it before 0.13, wherever they come from; else a graph like others."""
    force(adata, "obsp", "connectivities", layout(adata.obsp["connectivities"]))
    try:
        adata.obsp  # noqa: B018
    except ValueError:
        with pytest.raises(ValueError, match=r"adata\.obsp is damaged.*CSR and CSC"):
            VelocityKernel(adata)
    else:
        np.testing.assert_array_equal(transition_matrix(adata), expected)


@pytest.mark.parametrize(
    ("layer", "stored"), [("Ms", np.zeros((N_CELLS, N_GENES, 2))), ("velocity", np.zeros((N_CELLS, N_GENES, 1)))]
)
def test_layers_with_a_third_dimension(adata, layer, stored):
    force(adata, "layers", layer, stored)
    with pytest.raises(ValueError, match=rf"The layer '{layer}' has shape \(30, 12, .\) where \(30, 12\) is expected"):
        VelocityKernel(adata)


def test_graph_with_a_third_dimension(adata):
    force(adata, "obsp", "connectivities", np.zeros((N_CELLS, N_CELLS, 2)))
    with pytest.raises(ValueError, match=r"graph adata\.obsp\['connectivities'\] has shape \(30, 30, 2\) where"):
        VelocityKernel(adata)


def test_x_of_another_shape(adata):
    force_x(adata, np.zeros((N_CELLS, 3)))
    with pytest.raises(ValueError, match=r"adata\.X has shape \(30, 3\) where \(30, 12\) is expected"):
        VelocityKernel(adata, xkey="X")


@pytest.mark.parametrize("case", ["no velocity layer", "no Ms layer", "no graph"])
def test_missing_keys_read_as_sentences(adata, case):
    """A KeyError would show its message in quotes, with every quote escaped."""
    BAD[case][0](adata)
    with pytest.raises(KeyError) as caught:
        VelocityKernel(adata)
    assert not str(caught.value).startswith(("'", '"'))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"vkey": "velocty"}, ["'velocty'", "did you mean 'velocity'?"]),
        ({"xkey": "ms"}, ["'ms'", "did you mean 'Ms'?"]),
        ({"xkey": "zzz"}, ["'zzz'; there are 'Ms', 'velocity'."]),
        ({"conn_key": "conectivities"}, ["did you mean 'connectivities'?"]),
        ({"gene_subset": "velocity_gene"}, ["adata.var has no column", "did you mean 'velocity_genes'?"]),
    ],
)
def test_unknown_keys_name_the_nearest(adata, options, words):
    with pytest.raises(MissingKeyError) as caught:
        VelocityKernel(adata, **options)
    for word in words:
        assert word in str(caught.value)


def test_long_lists_of_keys_are_cut(adata):
    for i in range(20):
        adata.layers[f"q{i}"] = adata.layers["Ms"]
    with pytest.raises(MissingKeyError, match=r"'q5', \.\.\. Make"):
        VelocityKernel(adata, vkey="velocity_of_something_else_altogether")


@pytest.mark.parametrize(
    "thing", [None, np.zeros((3, 3)), pd.DataFrame(), "pancreas.h5ad", {}, sp.csr_matrix((3, 3)), ad.AnnData]
)
def test_not_an_anndata(thing):
    with pytest.raises(TypeError, match=f"Expected an AnnData, got {type(thing).__name__}.*read_h5ad"):
        VelocityKernel(thing)


def test_empty_anndata():
    with pytest.raises(ValueError, match=r"0 cells; .* at least two"):
        VelocityKernel(ad.AnnData())


@pytest.mark.parametrize(("cells", "word"), [(slice(0), "0 cells"), (slice(1), "1 cell;")])
def test_too_few_cells(adata, cells, word):
    with pytest.raises(ValueError, match=f"{word}.*filtered"):
        VelocityKernel(adata[cells].copy())


def test_no_genes(adata):
    with pytest.raises(ValueError, match=r"no genes; .*filtered"):
        VelocityKernel(adata[:, :0].copy())


def test_two_cells_are_enough(adata):
    two = adata[:2].copy()
    two.obsp["connectivities"] = sp.csr_matrix(1 - np.eye(2))
    np.testing.assert_array_equal(transition_matrix(two), [[0, 1], [1, 0]])


def test_overflowing_dot_products(adata):
    too_large(adata)
    with pytest.raises(ValueError, match=r"dot products overflow.*Normalise the data.*correlation"):
        VelocityKernel(adata).compute_transition_matrix(scheme="dot_product")
    transition_matrix(adata, compute={"scheme": "cosine"})


def test_dot_products_at_the_lower_end(adata):
    too_small(adata)
    with pytest.raises(ValueError, match=r"too large or too small for float64.*softmax_scale"):
        VelocityKernel(adata).compute_transition_matrix(scheme="dot_product")
    transition_matrix(adata, compute={"scheme": "dot_product", "softmax_scale": 1.0})


@pytest.mark.parametrize("scheme", SCHEMES)
def test_one_gene(adata, scheme):
    if scheme == "correlation":
        with pytest.raises(ValueError, match=r"one gene is undefined.*cosine.*dot_product"):
            VelocityKernel(adata, gene_subset=["gene1"]).compute_transition_matrix()
    else:
        transition_matrix(adata, gene_subset=["gene1"], compute={"scheme": scheme})


# Cells without probabilities ----------------------------------------------------------------------


@pytest.mark.parametrize("cells", [[7], list(range(8))])
def test_cells_without_neighbours_stay(adata, cells):
    adata.obsp["connectivities"] = without_rows(adata, cells)
    for policy in ("self_loop", "uniform"):
        matrix = transition_matrix(adata, compute={"degenerate": policy})
        np.testing.assert_array_equal(matrix[cells], np.eye(N_CELLS)[cells])
    if len(cells) > 5:
        with pytest.raises(ValueError, match=r"8 without neighbours \('cell0', .*'cell4' and 3 more\)"):
            VelocityKernel(adata).compute_transition_matrix()


def test_cells_without_similarity_follow_the_policy(adata, expected):
    constant_velocity(adata)
    staying = transition_matrix(adata, compute={"degenerate": "self_loop"})
    np.testing.assert_array_equal(staying[8], np.eye(N_CELLS)[8])
    uniform = transition_matrix(adata, compute={"degenerate": "uniform"})
    np.testing.assert_allclose(uniform[8], neighbours(adata)[8] / 5)
    np.testing.assert_array_equal(np.delete(uniform, 8, axis=0), np.delete(staying, 8, axis=0))
    transition_matrix(adata, compute={"scheme": "cosine"})  # which needs no policy


def test_both_kinds_are_named(adata):
    constant_velocity(adata)
    isolated(adata)
    message = r"1 without neighbours \('cell7'\) and 1 without a defined similarity to any neighbour \('cell8'\)"
    with pytest.raises(ValueError, match=message):
        VelocityKernel(adata).compute_transition_matrix()


def test_projection_with_an_isolated_cell(adata):
    isolated(adata)
    kernel = VelocityKernel(adata).compute_transition_matrix(degenerate="self_loop")
    arrows = kernel.compute_projection(copy=True)
    assert np.isnan(arrows[7]).all()
    assert np.isfinite(np.delete(arrows, 7, axis=0)).all()


# Data that just work ------------------------------------------------------------------------------

LAYERS = {
    "float64": lambda x: x.astype(np.float64),
    "longdouble": lambda x: x.astype(np.longdouble),
    "big-endian float32": lambda x: x.astype(">f4"),
    "big-endian float64": lambda x: x.astype(">f8"),
    "Fortran order": np.asfortranarray,
    "not contiguous": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "csr_matrix": sp.csr_matrix,
    "csc_matrix": sp.csc_matrix,
    "csr_array": sp.csr_array,
    "csc_array": sp.csc_array,
    "masked, nothing hidden": lambda x: np.ma.masked_array(x, mask=False),
    "data frame": lambda x: pd.DataFrame(
        x, index=[f"cell{i}" for i in range(N_CELLS)], columns=[f"gene{g}" for g in range(N_GENES)]
    ),
}


@pytest.mark.parametrize("all_genes", [True, False])
@pytest.mark.parametrize("kind", LAYERS)
def test_layers_of_every_kind(adata, kind, all_genes):
    options = {"gene_subset": list(adata.var_names)} if all_genes else {}
    expected = transition_matrix(adata, **options)
    for layer in ("velocity", "Ms"):
        adata.layers[layer] = LAYERS[kind](adata.layers[layer])
    np.testing.assert_allclose(transition_matrix(adata, **options), expected, atol=1e-12)


SPARSE_TYPES = ["i1", "u1", "i2", "i4", "i8", "u8", "bool", "g"]  # SciPy has no others


@pytest.mark.parametrize(
    ("dtype", "sparse"), [*((t, False) for t in [*SPARSE_TYPES, "f2", ">i4"]), *((t, True) for t in SPARSE_TYPES)]
)
def test_numbers_of_every_type(adata, dtype, sparse):
    rng = np.random.default_rng(1)
    x, v = rng.integers(0, 2 if dtype == "bool" else 100, (2, N_CELLS, N_GENES))
    adata.layers["Ms"], adata.layers["velocity"] = x.astype(np.float64), v.astype(np.float64)
    expected = transition_matrix(adata)
    for layer, values in (("Ms", x), ("velocity", v)):
        adata.layers[layer] = sp.csr_matrix(values.astype(dtype)) if sparse else values.astype(dtype)
    np.testing.assert_allclose(transition_matrix(adata), expected, atol=1e-12)


def test_mixed_precision_is_double(adata):
    adata.layers["Ms"] = adata.layers["Ms"].astype(np.float64)
    data = read_velocity(adata)
    assert data.x.dtype == data.v.dtype == np.float64


def test_one_layer_is_not_copied(adata):
    del adata.var["velocity_genes"]
    data = read_velocity(adata)
    assert np.shares_memory(data.x, adata.layers["Ms"])
    assert not data.x.flags.writeable
    assert adata.layers["Ms"].flags.writeable


def test_longdouble_beyond_float64(adata):
    values = adata.layers["Ms"].astype(np.longdouble)
    values[4, 2] = np.longdouble(10) ** 400
    adata.layers["Ms"] = values
    with pytest.raises(ValueError, match=r"infinite in 1 place.*'cell4' and gene 'gene2'"):
        VelocityKernel(adata)


@pytest.mark.parametrize("scheme", ["correlation", "cosine"])
@pytest.mark.parametrize("factor", [1e200, 1e-200])
@pytest.mark.parametrize("cells", [slice(None), [5]], ids=["all", "one"])
def test_huge_and_tiny_values(adata, scheme, factor, cells):
    expected = transition_matrix(adata, compute={"scheme": scheme})
    adata.layers["velocity"] = adata.layers["velocity"].astype(np.float64)
    adata.layers["velocity"][cells] *= factor
    if cells == slice(None):
        adata.layers["Ms"] = adata.layers["Ms"].astype(np.float64) * factor
    np.testing.assert_allclose(transition_matrix(adata, compute={"scheme": scheme}), expected, atol=1e-12)


def test_values_whose_sum_overflows_are_finite(adata):
    adata.layers["velocity"] = adata.layers["velocity"].astype(np.float64)
    adata.layers["velocity"][:] = np.sign(adata.layers["velocity"]) * 1.7e308
    transition_matrix(adata)


def test_read_only_arrays(adata, expected):
    for layer in ("Ms", "velocity"):
        adata.layers[layer].flags.writeable = False
    graph = adata.obsp["connectivities"]
    for array in (graph.data, graph.indices, graph.indptr):
        array.flags.writeable = False
    np.testing.assert_array_equal(transition_matrix(adata), expected)


@pytest.mark.parametrize("key", [None, "X"])
def test_velocity_or_expression_in_x(adata, expected, key):
    adata.X = adata.layers["velocity"]
    genes = adata.var_names[:11]
    np.testing.assert_array_equal(transition_matrix(adata, vkey=key, gene_subset=genes), expected)
    adata.X = sp.csr_matrix(adata.layers["Ms"])
    np.testing.assert_array_equal(transition_matrix(adata, xkey=key), expected)


def test_no_x(adata, expected):
    adata.X = None
    np.testing.assert_array_equal(transition_matrix(adata), expected)
    with pytest.raises(MissingKeyError, match=r"No velocity: adata\.X is empty.*velowidget\.velocity"):
        VelocityKernel(adata, vkey="X")


def test_errors_name_x(adata):
    adata.X[4, 2] = np.nan
    with pytest.raises(ValueError, match=r"The expression in adata\.X is NaN or infinite"):
        VelocityKernel(adata, xkey="X")


# NaN velocities -----------------------------------------------------------------------------------


@pytest.mark.parametrize("masked", [False, True], ids=["NaN", "masked"])
def test_genes_with_nan_velocities_are_left_out_and_counted_once(adata, masked):
    expected = transition_matrix(adata, gene_subset=[f"gene{g}" for g in range(11) if g not in (2, 5)])
    bad = np.zeros((N_CELLS, N_GENES), dtype=bool)
    bad[4, 2] = bad[:, 5] = bad[0, 11] = True  # gene11 is not in use anyway
    velocity = adata.layers["velocity"]
    adata.layers["velocity"] = np.ma.masked_array(velocity, bad) if masked else np.where(bad, np.nan, velocity)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        matrix = transition_matrix(adata)
    np.testing.assert_array_equal(matrix, expected)
    (warning,) = caught
    assert warning.category is UserWarning
    assert str(warning.message) == "2 genes of 11 left out: the velocity layer 'velocity' holds NaN for them."
    assert warning.filename == __file__


def test_one_gene_left_out(adata):
    adata.layers["velocity"][4, 2] = np.nan
    with pytest.warns(UserWarning, match="^1 gene of 11 left out"):
        VelocityKernel(adata)


def test_nan_expression_of_a_gene_left_out_does_not_matter(adata):
    adata.layers["velocity"][:, 3] = adata.layers["Ms"][:, 3] = np.nan
    adata.layers["Ms"][:, 11] = np.inf
    with pytest.warns(UserWarning, match="1 gene"):
        VelocityKernel(adata)


def test_a_masked_expression(adata):
    adata.layers["Ms"] = np.ma.masked_array(adata.layers["Ms"], adata.layers["Ms"] == adata.layers["Ms"][4, 2])
    with pytest.raises(ValueError, match="'cell4' and gene 'gene2'"):
        VelocityKernel(adata)


# Graphs -------------------------------------------------------------------------------------------


def shuffled(graph):
    """The same matrix, the entries of each row in reverse order."""
    graph = graph.copy()
    for start, stop in zip(graph.indptr[:-1], graph.indptr[1:], strict=True):
        graph.indices[start:stop] = graph.indices[start:stop][::-1]
        graph.data[start:stop] = graph.data[start:stop][::-1]
    graph.has_sorted_indices = True  # what a file cannot say, and a careless program may
    return graph


def doubled(graph):
    """Every entry stored twice, half of its weight each."""
    data, indices = np.repeat(graph.data / 2, 2), np.repeat(graph.indices, 2)
    return sp.csr_matrix((data, indices, graph.indptr * 2), shape=graph.shape)


def with_dtype(dtype):
    def of(graph):
        return sp.csr_matrix(
            ((graph.data * 10).astype(dtype), graph.indices, graph.indptr), shape=graph.shape, copy=True
        )

    return of


GRAPHS = {
    "csr_matrix": sp.csr_matrix,
    "csr_array": sp.csr_array,
    "csc_matrix": sp.csc_matrix,
    "csc_array": sp.csc_array,
    "dense": lambda g: g.toarray(),
    "dense bool": lambda g: g.toarray() != 0,
    "dense float16": lambda g: g.toarray().astype(np.float16),
    "masked": lambda g: np.ma.masked_array(np.where(g.toarray(), g.toarray(), 9.0), g.toarray() == 0),
    "unsorted": shuffled,
    "unsorted csc": lambda g: shuffled(g.T.tocsr()).T,
    "duplicate entries": doubled,
    "int64 weights": with_dtype(np.int64),
    "uint8 weights": with_dtype(np.uint8),
    "bool weights": with_dtype(bool),
    "float32 weights": with_dtype(np.float32),
    "float16 weights": with_dtype(np.float16),
    "longdouble weights": with_dtype(np.longdouble),
    "int64 indices": lambda g: sp.csr_array((g.data, g.indices.astype(np.int64), g.indptr.astype(np.int64)), g.shape),
}


@pytest.mark.parametrize("kind", GRAPHS)
def test_graphs_of_every_kind(adata, expected, kind):
    """Only the pattern counts."""
    graph = adata.obsp["connectivities"]
    force(adata, "obsp", "connectivities", GRAPHS[kind](graph))
    np.testing.assert_array_equal(transition_matrix(adata), expected)


def test_negative_weights_are_reported(adata, expected):
    adata.obsp["connectivities"].data[[3, 9]] *= -1
    with pytest.warns(UserWarning, match=r"graph.*2 negative weights.*not the weights"):
        matrix = transition_matrix(adata)
    np.testing.assert_array_equal(matrix, expected)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_graph_with_a_diagonal(adata, scheme):
    """A cell is at no distance from itself: no displacement to correlate with, and a dot product of 0."""
    plain = transition_matrix(adata, compute={"scheme": scheme, "softmax_scale": 3.0})
    adata.obsp["connectivities"] = (adata.obsp["connectivities"] + sp.eye(N_CELLS)).tocsr()
    matrix = transition_matrix(adata, compute={"scheme": scheme, "softmax_scale": 3.0})
    if scheme == "dot_product":
        assert (np.diag(matrix) > 0).all()
    else:
        np.testing.assert_allclose(matrix, plain, atol=1e-15)
    arrows = VelocityKernel(adata).compute_projection(copy=True)
    assert np.isfinite(arrows).all()


def test_last_cells_are_nobodys_neighbours(adata):
    graph = adata.obsp["connectivities"].tolil()
    graph[:, -3:] = 0
    graph[-3:, 0] = 1.0
    adata.obsp["connectivities"] = graph.tocsr()
    matrix = transition_matrix(adata, compute={"degenerate": "self_loop"})
    assert matrix.shape == (N_CELLS, N_CELLS)
    assert not matrix[:27, -3:].any()


def test_graph_under_the_name_given_to_scanpy(adata, expected):
    adata.obsp["mine_connectivities"] = adata.obsp["connectivities"]
    del adata.obsp["connectivities"]
    np.testing.assert_array_equal(transition_matrix(adata, conn_key="mine"), expected)
    np.testing.assert_array_equal(transition_matrix(adata, conn_key="mine_connectivities"), expected)


# Genes --------------------------------------------------------------------------------------------

TRUTH = np.arange(N_GENES) % 3 != 0
NULLABLE = pd.array(TRUTH.tolist(), dtype="boolean")
WITH_GAPS = pd.array([t if t else pd.NA for t in TRUTH.tolist()], dtype="boolean")
COLUMNS = {
    "bool": TRUTH,
    "'True' and 'False'": TRUTH.astype(str),
    "'true' and ' FALSE '": np.where(TRUTH, "true", " FALSE "),
    "0 and 1": TRUTH.astype(int),
    "0.0 and 1.0": TRUTH.astype(float),
    "'0' and '1'": TRUTH.astype(int).astype(str),
    "1.0 and NaN": np.where(TRUTH, 1.0, np.nan),
    "True and NaN": np.where(TRUTH, True, np.nan).astype(object),
    "True and None": np.array([t or None for t in TRUTH.tolist()], dtype=object),
    "nullable": NULLABLE,
    "nullable with gaps": WITH_GAPS,
    "nullable integers": pd.array([1 if t else pd.NA for t in TRUTH.tolist()], dtype="Int8"),
    "string dtype": pd.array(TRUTH.astype(str).tolist(), dtype="string"),
    "categorical": pd.Categorical(TRUTH),
    "categorical words with gaps": pd.Categorical(np.where(TRUTH, "True", None)),
}


@pytest.mark.parametrize("kind", COLUMNS)
def test_velocity_genes_columns_as_files_hold_them(adata, kind):
    adata.var["velocity_genes"] = COLUMNS[kind]
    np.testing.assert_array_equal(read_velocity(adata).genes, TRUTH)
    adata.var["chosen"] = COLUMNS[kind]
    np.testing.assert_array_equal(read_velocity(adata, gene_subset="chosen").genes, TRUTH)


def test_velocity_genes_follow_vkey(adata):
    adata.layers["dynamics"] = adata.layers["velocity"]
    assert read_velocity(adata, vkey="dynamics").genes.all()
    adata.var["dynamics_genes"] = TRUTH
    np.testing.assert_array_equal(read_velocity(adata, vkey="dynamics").genes, TRUTH)


NAMES = [f"gene{g}" for g in np.flatnonzero(TRUTH)]
SUBSETS = {
    "list": NAMES,
    "tuple": tuple(NAMES),
    "array": np.array(NAMES),
    "object array": np.array(NAMES, dtype=object),
    "index": pd.Index(NAMES),
    "column": pd.Series(NAMES),
    "string dtype": pd.array(NAMES, dtype="string"),
    "categorical": pd.Categorical(NAMES),
    "set": set(NAMES),
    "dict": dict.fromkeys(NAMES),
    "other order, twice": [*NAMES[::-1], NAMES[0]],
    "mask": TRUTH,
    "list of bool": TRUTH.tolist(),
    "column of bool": pd.Series(TRUTH),
    "column of bool by name, in another order": pd.Series(TRUTH, [f"gene{g}" for g in range(N_GENES)])[::-1],
    "nullable mask": NULLABLE,
    "nullable mask with gaps": WITH_GAPS,
    "object mask with gaps": np.array([t or np.nan for t in TRUTH.tolist()], dtype=object),
}


@pytest.mark.parametrize("kind", SUBSETS)
def test_gene_subsets_of_every_kind(adata, kind):
    np.testing.assert_array_equal(read_velocity(adata, gene_subset=SUBSETS[kind]).genes, TRUTH)


def test_some_unknown_names_are_reported(adata):
    with pytest.warns(
        UserWarning, match=r"gene_subset: 2 names not among the genes, 'Gene3' for one; did you mean 'gene3'"
    ):
        kernel = VelocityKernel(adata, gene_subset=["gene1", "gene2", "Gene3", "zzz"])
    assert kernel.transition_matrix.shape == (N_CELLS, N_CELLS)


@pytest.mark.parametrize(
    ("subset", "error", "words"),
    [
        (["zzz", "yyy"], ValueError, ["No gene is left", "names in gene_subset", "none of 12"]),
        ([], ValueError, ["No gene is left", "gene_subset"]),
        (set(), ValueError, ["No gene is left"]),
        (np.zeros(N_GENES, bool), ValueError, ["No gene is left", "mask gene_subset"]),
        (np.ones(5, bool), ValueError, ["one entry for each of 12 genes", "has 5"]),
        (np.ones((N_GENES, 2), bool), TypeError, ["gene names, a boolean mask over genes"]),
        ([1, 2, 3], TypeError, ["gene_subset must be gene names", "[1, 2, 3]"]),
        (np.arange(3), TypeError, ["gene_subset must be gene names"]),
        (7, TypeError, ["gene_subset must be gene names", "7"]),
        (np.array("gene1"), TypeError, ["gene_subset must be gene names"]),
        (["gene1", 2], TypeError, ["gene_subset must be gene names"]),
        (["gene1", None], TypeError, ["gene_subset must be gene names"]),
        ([["gene1"], ["gene2", "gene3"]], TypeError, ["gene_subset must be gene names"]),
        ("clusters", MissingKeyError, ["adata.var has no column 'clusters'"]),
    ],
)
def test_gene_subsets_of_no_use(adata, subset, error, words):
    with pytest.raises(error) as caught:
        VelocityKernel(adata, gene_subset=subset)
    for word in words:
        assert word in str(caught.value)


# Names, views, files ------------------------------------------------------------------------------


def renamed(adata, **names):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # AnnData's own about duplicates
        for table, values in names.items():
            setattr(adata, table, values)


def test_duplicated_names(adata, expected):
    renamed(adata, obs_names=["same"] * N_CELLS, var_names=["g"] * 3 + [f"gene{g}" for g in range(3, N_GENES)])
    np.testing.assert_array_equal(transition_matrix(adata), expected)
    assert read_velocity(adata, gene_subset=["g", "gene5"]).genes.sum() == 4
    column = adata.var["velocity_genes"]
    np.testing.assert_array_equal(read_velocity(adata, gene_subset=column).genes, column)


def test_names_in_messages_are_plain_text(adata):
    renamed(adata, obs_names=[f"<b>'\"cell ü{i}" for i in range(N_CELLS)])
    isolated(adata)
    with pytest.raises(ValueError, match=re.escape(repr("<b>'\"cell ü7"))):
        VelocityKernel(adata).compute_transition_matrix()


@pytest.mark.parametrize("cells", [slice(3, 25), np.arange(29, 4, -1)], ids=["slice", "reversed"])
def test_views(adata, cells):
    view = adata[cells, 1:]
    expected = transition_matrix(view.copy(), compute={"degenerate": "self_loop"})
    np.testing.assert_array_equal(transition_matrix(view, compute={"degenerate": "self_loop"}), expected)
    assert view.is_view


def test_view_of_odd_arrays(adata):
    adata.layers["Ms"] = sp.csc_matrix(adata.layers["Ms"])
    adata.layers["velocity"] = np.ma.masked_array(adata.layers["velocity"], mask=False)
    adata.obsp["connectivities"] = sp.csr_array(adata.obsp["connectivities"])
    view = adata[5:28]
    assert transition_matrix(view, compute={"degenerate": "self_loop"}).shape == (23, 23)


@pytest.mark.parametrize("sparse_x", [False, True], ids=["dense", "sparse"])
def test_backed(adata, expected, tmp_path, sparse_x):
    adata.X = sp.csr_matrix(adata.layers["Ms"]) if sparse_x else adata.layers["Ms"]
    adata.write_h5ad(tmp_path / "file.h5ad")
    backed = ad.read_h5ad(tmp_path / "file.h5ad", backed="r")
    for options in ({}, {"xkey": "X"}, {"xkey": "X", "gene_subset": adata.var_names[:11]}):
        matrix = VelocityKernel(backed, **options).compute_transition_matrix().transition_matrix
        np.testing.assert_array_equal(matrix.toarray(), expected)
    assert VelocityKernel(backed, xkey="X", gene_subset=list(adata.var_names)).transition_matrix.nnz
    backed.file.close()


def test_a_file_read_back_gives_the_same(adata, expected, tmp_path):
    adata.write_h5ad(tmp_path / "file.h5ad")
    np.testing.assert_array_equal(transition_matrix(ad.read_h5ad(tmp_path / "file.h5ad")), expected)


# Embeddings ---------------------------------------------------------------------------------------


def test_no_embedding(adata):
    del adata.obsm["X_umap"]
    with pytest.raises(
        MissingKeyError, match=r"No embedding 'umap': adata\.obsm has neither 'X_umap' nor 'umap'; there"
    ):
        VelocityKernel(adata).compute_projection()


@pytest.mark.parametrize(
    ("basis", "words"),
    [("umpa", ["did you mean 'umap'?", "scanpy.tl.umap(adata)"]), ("tsne", ["scanpy.tl.tsne(adata)"])],
)
def test_unknown_embeddings(adata, basis, words):
    with pytest.raises(MissingKeyError) as caught:
        VelocityKernel(adata).compute_projection(basis)
    for word in words:
        assert word in str(caught.value)


EMBEDDINGS = {
    "float32": (lambda y: y.astype(np.float32), 1e-6),
    "float16": (lambda y: y.astype(np.float16), 0.05),
    "longdouble": (lambda y: y.astype(np.longdouble), 1e-15),
    "big-endian": (lambda y: y.astype(">f8"), 1e-15),
    "Fortran order": (np.asfortranarray, 1e-15),
    "read-only view": (lambda y: np.broadcast_to(y, (1, *y.shape))[0], 1e-15),
    "data frame": (lambda y: pd.DataFrame(y, index=[f"cell{i}" for i in range(N_CELLS)]), 1e-15),
    "nullable data frame": (
        lambda y: pd.DataFrame(y, index=[f"cell{i}" for i in range(N_CELLS)]).convert_dtypes(),
        1e-15,
    ),
    "masked": (lambda y: np.ma.masked_array(y, mask=False), 1e-15),
    "sparse": (sp.csr_matrix, 1e-15),
    "huge": (lambda y: y * 1e80, 1e-12),
    "tiny": (lambda y: y * 1e-80, 1e-12),
}


@pytest.mark.parametrize("kind", EMBEDDINGS)
def test_embeddings_of_every_kind(adata, kind):
    change, tolerance = EMBEDDINGS[kind]
    arrows = VelocityKernel(adata).compute_projection(copy=True)
    adata.obsm["X_umap"] = change(adata.obsm["X_umap"])
    with unchanged(adata):
        found = VelocityKernel(adata).compute_projection(copy=True)
    size, expected_size = np.abs(found).max(), np.abs(arrows).max()
    np.testing.assert_allclose(found / size, arrows / expected_size, atol=tolerance)
    assert found.dtype == np.float64


def test_integer_embedding(adata):
    adata.obsm["X_umap"] = np.arange(2 * N_CELLS).reshape(N_CELLS, 2)
    assert np.isfinite(VelocityKernel(adata).compute_projection(copy=True)).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf], ids=["NaN", "inf"])
@pytest.mark.parametrize("masked", [False, True], ids=["stored", "masked"])
def test_embedding_with_nan_rows(adata, bad, masked):
    adata.obsm["X_umap"][6, 1] = bad
    if masked:
        adata.obsm["X_umap"] = np.ma.masked_array(
            np.nan_to_num(adata.obsm["X_umap"]), ~np.isfinite(adata.obsm["X_umap"])
        )
    with unchanged(adata):
        arrows = VelocityKernel(adata).compute_projection(copy=True)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(arrows).any(axis=1)), [6])


def test_identical_positions_have_no_arrows(adata):
    adata.obsm["X_umap"] = np.full((N_CELLS, 2), 3.0)
    np.testing.assert_array_equal(VelocityKernel(adata).compute_projection(copy=True), 0.0)


@pytest.mark.parametrize(
    ("stored", "error", "words"),
    [
        (np.full((N_CELLS, 2), np.nan), ValueError, ["no cell with finite coordinates", "scanpy.tl.umap(adata)"]),
        (np.zeros((N_CELLS, 1)), ValueError, ["shape (30, 1)", "at least two columns"]),
        (np.zeros((N_CELLS, 2, 2)), ValueError, ["shape (30, 2, 2)"]),
        (np.full((N_CELLS, 2), "a"), TypeError, ["<U1 values", "not real numbers"]),
        (np.zeros((N_CELLS, 2), complex), TypeError, ["complex128 values"]),
        (np.arange(60.0).reshape(N_CELLS, 2) * 1e200, ValueError, ["spread over 6e+201", "Rescale"]),
        (np.arange(60.0).reshape(N_CELLS, 2) * 1e-200, ValueError, ["spread over 6e-199", "Rescale"]),
        (np.arange(60.0).reshape(N_CELLS, 2) * 3e306 - 9e307, ValueError, ["spread over", "Rescale"]),
    ],
)
def test_embeddings_of_no_use(adata, stored, error, words):
    force(adata, "obsm", "X_umap", stored)
    with pytest.raises(error) as caught:
        VelocityKernel(adata).compute_projection()
    for word in ["The embedding adata.obsm['X_umap']", *words]:
        assert word in str(caught.value)


def test_the_data_of_these_tests_are_fine():
    transition_matrix(make_adata())
