"""The connectivity kernel and precomputed kernels: their matrices, and what they refuse."""

from __future__ import annotations

import os
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fingerprint import unchanged
from tests.kernels.conftest import make_adata
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel

SHARED = Path(__file__).resolve().parents[3] / "shared"
REFERENCE = SHARED / "reference" / "pancreas-cellrank.npz"
needs_reference = pytest.mark.skipif(
    not REFERENCE.exists() and os.environ.get("CI") != "true", reason=f"needs the arrays {REFERENCE}, not in git"
)

# -- connectivity -----------------------------------------------------------------------------------


def expected_walk(weights, density_normalize):
    """As CellRank computes it: rows of D^-1 A D^-1 or of A, D the column sums."""
    weights = np.asarray(weights, dtype=np.float64)
    if density_normalize:
        density = weights.sum(axis=0)
        inverse = np.diag([1 / d if d else 1.0 for d in density])
        weights = inverse @ weights @ inverse
    return weights / weights.sum(axis=1, keepdims=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.sampled_from([1.0, 1e-200, 1e200, 1e307]))
def test_connectivity_is_the_normalised_graph(seed, density_normalize, size):
    rng = np.random.default_rng(seed)
    adata = make_adata()[:10].copy()
    weights = rng.random((10, 10)) * (rng.random((10, 10)) < 0.4) + np.diag(rng.random(10) * 0.1 + 0.01)
    weights[:, 3] = 0  # never a neighbour
    weights[3, 4] = 1
    adata.obsp["connectivities"] = sp.csr_matrix(weights * size)
    with unchanged(adata):
        kernel = ConnectivityKernel(adata)
        assert kernel.compute_transition_matrix(density_normalize=density_normalize) is kernel
    expected = expected_walk(weights, density_normalize)
    np.testing.assert_allclose(kernel.transition_matrix.toarray(), expected, atol=1e-13)
    assert kernel.params == {"dnorm": density_normalize, "key": "connectivities"}
    assert kernel.backward is None


def test_density_normalisation_matters_and_is_the_default(adata):
    default = ConnectivityKernel(adata).transition_matrix
    without = ConnectivityKernel(adata).compute_transition_matrix(density_normalize=False).transition_matrix
    dense = adata.obsp["connectivities"].toarray()
    np.testing.assert_allclose(default.toarray(), expected_walk(dense, True), atol=1e-14)
    np.testing.assert_allclose(without.toarray(), expected_walk(dense, False), atol=1e-14)
    assert np.abs(default - without).max() > 0.05


def test_identical_parameters_give_the_same_matrix(adata):
    kernel = ConnectivityKernel(adata)
    matrix = kernel.transition_matrix
    assert kernel.compute_transition_matrix().transition_matrix is matrix
    assert kernel.compute_transition_matrix(density_normalize=False).transition_matrix is not matrix
    assert not matrix.data.flags.writeable


@pytest.mark.parametrize(
    "store",
    [
        sp.csr_array,
        sp.csc_matrix,
        sp.coo_array,
        sp.lil_matrix,
        lambda m: m.toarray(),
        lambda m: m.astype(np.float32),
        lambda m: sp.csr_matrix((m.data.astype(np.float16), m.indices, m.indptr), shape=m.shape),
    ],
)
def test_graphs_of_every_format(adata, store):
    plain = ConnectivityKernel(adata)
    stored = store(adata.obsp["connectivities"])
    adata.obsp["other"] = stored.tocsr() if sp.issparse(stored) and stored.format in ("coo", "lil") else stored
    kernel = ConnectivityKernel(adata, conn_key="other")
    np.testing.assert_allclose(kernel.transition_matrix.toarray(), plain.transition_matrix.toarray(), atol=1e-3)
    np.testing.assert_allclose(kernel.connectivities.toarray(), plain.connectivities.toarray(), atol=1e-3)


def test_integer_graphs_and_stored_zeros(adata):
    graph = adata.obsp["connectivities"]
    graph.data[:] = 1
    graph.data[::5] = 0
    adata.obsp["connectivities"] = graph.astype(np.int8)
    kernel = ConnectivityKernel(adata).compute_transition_matrix(density_normalize=False)
    np.testing.assert_allclose(kernel.transition_matrix.data, 1 / 4)
    assert kernel.transition_matrix.nnz == 4 * 30


def test_key_added_to_neighbors(adata):
    adata.obsp["mine_connectivities"] = adata.obsp["connectivities"] ** 2
    assert (
        np.abs(ConnectivityKernel(adata, "mine").transition_matrix - ConnectivityKernel(adata).transition_matrix).max()
        > 0.01
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([-1.0], "has 1 negative weight; probabilities cannot be made"),
        ([-1.0, -2.0], "has 2 negative weights"),
        ([np.nan], "NaN or infinite in 1 place"),
        ([np.inf, np.nan], "NaN or infinite in 2 places"),
    ],
)
def test_weights_that_are_none(adata, values, message):
    adata.obsp["connectivities"].data[: len(values)] = values
    with pytest.raises(ValueError, match=message):
        ConnectivityKernel(adata)


def test_cells_without_neighbours_are_named(adata):
    graph = adata.obsp["connectivities"]
    graph.data[graph.indptr[4] : graph.indptr[5]] = 0
    with pytest.raises(ValueError, match=r"no weights for 1 cell \('cell4'\)"):
        ConnectivityKernel(adata)


def test_wrong_arguments_of_connectivity(adata):
    with pytest.raises(KeyError, match="has no 'connectivites'; did you mean 'connectivities'"):
        ConnectivityKernel(adata, "connectivites")
    with pytest.raises(TypeError, match="did you mean 'conn_key'"):
        ConnectivityKernel(adata, con_key="connectivities")
    with pytest.raises(TypeError, match="did you mean 'density_normalize'"):
        ConnectivityKernel(adata).compute_transition_matrix(density_normalise=True)
    with pytest.raises(TypeError, match="density_normalize must be True or False"):
        ConnectivityKernel(adata).compute_transition_matrix("no")
    with pytest.raises(TypeError, match="Expected an AnnData"):
        ConnectivityKernel(adata.X)


@needs_reference
def test_parity_with_cellrank():
    pancreas, arrays = ad.read_h5ad(SHARED / "data" / "pancreas.h5ad"), np.load(REFERENCE)

    def largest_difference(kernel, name):
        parts = [arrays[f"{name}/T/{part}"] for part in ("data", "indices", "indptr")]
        expected = sp.csr_matrix(tuple(parts), shape=kernel.shape)
        assert kernel.transition_matrix.nnz == expected.nnz
        return np.abs(kernel.transition_matrix - expected).max()

    ck = ConnectivityKernel(pancreas)
    assert largest_difference(ck, "connectivity") <= 1e-10
    assert largest_difference(0.8 * VelocityKernel(pancreas) + 0.2 * ck, "combined-0.8v-0.2c") <= 1e-10
    assert largest_difference(0.7 * VelocityKernel(pancreas) + 0.3 * ck, "combined-0.8v-0.2c") > 1e-3


# -- precomputed ------------------------------------------------------------------------------------


@pytest.fixture
def matrix():
    rng = np.random.default_rng(0)
    dense = rng.random((30, 30)) * (rng.random((30, 30)) < 0.3) + np.eye(30)
    return dense / dense.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(
    "form", [np.asarray, sp.csr_matrix, sp.csr_array, sp.csc_matrix, sp.coo_matrix, pd.DataFrame, np.ndarray.tolist]
)
def test_matrices_of_every_form(adata, matrix, form):
    given_matrix = form(matrix)
    kernel = PrecomputedKernel(given_matrix, adata)
    np.testing.assert_array_equal(kernel.transition_matrix.toarray(), matrix)
    assert kernel.transition_matrix.format == "csr"
    assert kernel.params == {"origin": "array"}
    assert kernel.adata is adata
    assert kernel.backward is None
    assert kernel.compute_transition_matrix() is kernel
    assert PrecomputedKernel(given_matrix, adata, backward=True).backward is True


def test_the_matrix_is_a_copy(matrix):
    given_matrix = sp.csr_matrix(matrix)
    kernel = PrecomputedKernel(given_matrix)
    given_matrix.data[:] = 0
    np.testing.assert_array_equal(kernel.transition_matrix.toarray(), matrix)
    assert given_matrix.data.flags.writeable
    assert not kernel.transition_matrix.data.flags.writeable


def test_an_adata_is_made_if_there_is_none(matrix):
    kernel = PrecomputedKernel(matrix)
    assert kernel.adata.shape == (30, 1)
    assert kernel.shape == (30, 30)


def test_rows_are_normalised(adata, matrix):
    kernel = PrecomputedKernel(7 * matrix, adata)
    np.testing.assert_allclose(kernel.transition_matrix.toarray(), matrix, atol=1e-15)
    single = PrecomputedKernel(matrix.astype(np.float32), adata).transition_matrix
    np.testing.assert_allclose(single.sum(axis=1), 1, rtol=0, atol=1e-8)
    almost = matrix * (1 + 1e-10)
    np.testing.assert_array_equal(PrecomputedKernel(almost, adata).transition_matrix.toarray(), almost)
    huge = PrecomputedKernel(np.full((3, 3), 1e308)).transition_matrix
    np.testing.assert_allclose(huge.toarray(), 1 / 3)


def test_of_another_kernel(adata):
    source = VelocityKernel(adata, backward=True).compute_transition_matrix()
    kernel = PrecomputedKernel(source)
    assert kernel.adata is adata
    assert kernel.backward is True
    assert kernel.params == {"origin": "~VelocityKernel[n=30]"}
    assert kernel.transition_matrix.data.tobytes() == source.transition_matrix.data.tobytes()
    source.compute_transition_matrix(softmax_scale=20.0)
    assert np.abs(kernel.transition_matrix - source.transition_matrix).max() > 0.01
    expression = PrecomputedKernel(source + ConnectivityKernel(adata))
    assert expression.params == {"origin": "(0.5 * ~VelocityKernel[n=30] + 0.5 * ConnectivityKernel[n=30])"}
    walk = PrecomputedKernel(ConnectivityKernel(adata))
    assert walk.backward is None
    assert PrecomputedKernel(ConnectivityKernel(adata), backward=False).backward is False


def test_of_a_key(adata, matrix):
    adata.obsp["T_bwd"] = sp.csr_matrix(matrix)
    kernel = PrecomputedKernel("T_bwd", adata)
    assert kernel.backward is True
    assert kernel.params == {"origin": "adata.obsp['T_bwd']"}
    for other in (PrecomputedKernel(True, adata), PrecomputedKernel(adata), PrecomputedKernel(np.True_, adata)):
        assert other.params == kernel.params
        assert other.backward is True
    adata.obsp["T_fwd"] = adata.obsp["other"] = np.eye(30)
    assert PrecomputedKernel(False, adata).backward is False
    assert PrecomputedKernel("other", adata).backward is None
    assert PrecomputedKernel(adata, obsp_key="T_fwd").backward is False
    with pytest.raises(KeyError, match="both 'T_fwd' and 'T_bwd'; name a key with `obsp_key`"):
        PrecomputedKernel(adata)


def test_of_what_another_kernel_wrote(adata):
    VelocityKernel(adata, backward=True).write_to_adata("mine")
    assert PrecomputedKernel("mine", adata).backward is True
    ConnectivityKernel(adata).write_to_adata()
    assert PrecomputedKernel("T_fwd", adata).backward is None, "written under the default key, but without direction"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda a, m: PrecomputedKernel(m[:20], a), ValueError, r"must be square, and has shape \(20, 30\)"),
        (lambda a, m: PrecomputedKernel(m[0], a), ValueError, r"must be square, and has shape \(30,\)"),
        (lambda a, m: PrecomputedKernel(np.eye(20), a), ValueError, r"shape \(20, 20\) where \(30, 30\) is expected"),
        (lambda a, m: PrecomputedKernel(-m), ValueError, "negative in 2"),
        (lambda a, m: PrecomputedKernel(m - 2 * np.eye(30) + 2 * np.eye(30)[::-1]), ValueError, "negative in 30"),
        (lambda a, m: PrecomputedKernel(m * np.nan), ValueError, "NaN or infinite in"),
        (lambda a, m: PrecomputedKernel(m + np.diag([np.inf] * 30)), ValueError, "NaN or infinite in 30"),
        (lambda a, m: PrecomputedKernel(np.diag([1.0] * 28 + [0, 0])), ValueError, "2 rows without an entry, .* 28"),
        (lambda a, m: PrecomputedKernel(m.astype(str)), TypeError, "real numbers, not <U"),
        (lambda a, m: PrecomputedKernel(m * 1j), TypeError, "real numbers, not complex128"),
        (lambda a, m: PrecomputedKernel([[1.0, 0.0], [1.0]]), ValueError, "must be square, and has rows of different"),
        (lambda a, m: PrecomputedKernel(3), TypeError, "takes a matrix, a key .* not int"),
        (lambda a, m: PrecomputedKernel(None, a), TypeError, "not NoneType"),
        (lambda a, m: PrecomputedKernel("T_fwd"), TypeError, "needs the AnnData that has this key"),
        (lambda a, m: PrecomputedKernel("T_fwd", a), KeyError, r"obsp has no 'T_fwd'; there are 'connectivities'"),
        (lambda a, m: PrecomputedKernel(a), KeyError, "neither 'T_fwd' nor 'T_bwd'"),
        (lambda a, m: PrecomputedKernel(a, a.copy()), TypeError, "given two"),
        (lambda a, m: PrecomputedKernel(m, a, obsp_key="T"), TypeError, "obsp_key only with an AnnData"),
        (lambda a, m: PrecomputedKernel(m, m), TypeError, "Expected an AnnData, got ndarray"),
        (lambda a, m: PrecomputedKernel(m, a, backward=1), TypeError, "backward must be True, False or None, not 1"),
        (lambda a, m: PrecomputedKernel(m, a, bakward=True), TypeError, "did you mean 'backward'"),
        (lambda a, m: PrecomputedKernel(VelocityKernel(a), backward=True), ValueError, "is forward, and backward=True"),
        (lambda a, m: PrecomputedKernel(np.eye(1)), ValueError, "needs at least two"),
        (lambda a, m: PrecomputedKernel(np.zeros((0, 0))), ValueError, "needs at least two"),
    ],
)
def test_what_is_refused(adata, matrix, make, error, message):
    with pytest.raises(error, match=message):
        make(adata, matrix)


def test_a_damaged_sparse_matrix_is_refused(matrix):
    damaged = sp.csr_matrix(matrix)
    damaged.indices[3] = 1000
    with pytest.raises(ValueError, match="damaged: its indices do not fit its shape"):
        PrecomputedKernel(damaged)


def test_the_other_direction_of_a_matrix_is_not_known(adata, matrix):
    kernel = PrecomputedKernel(matrix, adata, backward=False)
    with pytest.raises(ValueError, match="matrix for one direction only"):
        kernel.__invert__()
    with pytest.raises(ValueError, match="matrix for one direction only"):
        ~(VelocityKernel(adata) + kernel)
    directionless = PrecomputedKernel(matrix, adata)
    inverse = ~directionless
    assert inverse.transition_matrix is not directionless.transition_matrix
    assert np.shares_memory(inverse.transition_matrix.data, directionless.transition_matrix.data)


def test_projection_follows_a_matrix_that_is_set(adata, matrix):
    kernel = PrecomputedKernel(matrix, adata)
    first = kernel.compute_projection(copy=True)
    kernel.transition_matrix = ConnectivityKernel(adata).transition_matrix
    walk = kernel.compute_projection(copy=True)
    np.testing.assert_allclose(walk, ConnectivityKernel(adata).compute_projection(copy=True), atol=1e-14)
    assert np.abs(first - walk).max() > 1e-3
