"""Kernels on the strongest neighbours, with ways back, and with probabilities above a threshold."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from tests.deprecations import no_warnings
from tests.fingerprint import unchanged
from tests.kernels.conftest import N_CELLS
from velowidget.kernels import ConnectivityKernel, VelocityKernel

pytestmark = no_warnings


def reduced(weights, n_neighbors, symmetrize, nearest=False):
    """The graph that is meant, found with loops over a dense matrix."""
    dense = weights.toarray() if sp.issparse(weights) else weights
    kept = np.zeros(dense.shape)
    for i, row in enumerate(dense):
        others = [j for j in np.flatnonzero(row) if j != i]
        ranked = sorted(others, key=lambda j: (row[j] if nearest else -row[j], j))
        for j in ranked[:n_neighbors] + ([i] if row[i] else []):
            kept[i, j] = row[j]
    if symmetrize:
        kept = np.where(kept != 0, kept, kept.T)
    return kept


def on(adata, weights, **options):
    """A kernel on a graph of weights as they are."""
    other = adata.copy()
    other.obsp["connectivities"] = sp.csr_matrix(weights)
    return VelocityKernel(other, **options)


@pytest.mark.parametrize("n_neighbors", [None, 1, 3, 5, 100])
@pytest.mark.parametrize("symmetrize", [False, True])
@pytest.mark.parametrize("mode", ["deterministic", "stochastic"])
def test_equals_a_kernel_on_the_reduced_graph(adata, n_neighbors, symmetrize, mode):
    with unchanged(adata):
        kernel = VelocityKernel(adata, n_neighbors=n_neighbors, symmetrize=symmetrize)
        found = kernel.compute_transition_matrix(mode).transition_matrix
    weights = reduced(adata.obsp["connectivities"], n_neighbors, symmetrize)
    expected = on(adata, weights).compute_transition_matrix(mode).transition_matrix
    np.testing.assert_array_equal(found.toarray(), expected.toarray())
    np.testing.assert_array_equal(kernel.connectivities.toarray(), weights)


@pytest.mark.parametrize("store", [sp.csc_matrix, sp.csr_array, lambda m: m.toarray(), lambda m: m.astype("f4")])
def test_graphs_of_every_form(adata, store):
    weights = reduced(adata.obsp["connectivities"], 2, True)
    adata.obsp["connectivities"] = store(adata.obsp["connectivities"])
    kernel = VelocityKernel(adata, n_neighbors=2, symmetrize=True)
    np.testing.assert_allclose(kernel.connectivities.toarray(), weights, rtol=1e-6)


@pytest.mark.parametrize("key", ["distances", "own_distances", "recorded"])
def test_of_distances_the_smallest_are_the_nearest(adata, key):
    adata.obsp[key] = adata.obsp["connectivities"]
    adata.uns["mine"] = {"distances_key": "recorded"}
    weights = reduced(adata.obsp["connectivities"], 2, False, nearest=True)
    kernel = VelocityKernel(adata, conn_key=key, n_neighbors=2)
    np.testing.assert_array_equal(kernel.connectivities.toarray(), weights)


def test_an_entry_for_the_cell_itself_does_not_count(adata):
    weights = adata.obsp["connectivities"].tolil()
    weights.setdiag(0.05)
    adata.obsp["connectivities"] = weights.tocsr()
    kernel = VelocityKernel(adata, n_neighbors=2).compute_transition_matrix(scheme="dot_product")
    assert (np.diff(kernel.transition_matrix.indptr) == 3).all()


def test_nobody_goes_to_cells_without_expression(adata):
    adata.layers["Ms"][4] = np.nan
    with pytest.warns(UserWarning, match="cell4"):
        kernel = VelocityKernel(adata, n_neighbors=2, symmetrize=True).compute_transition_matrix()
    matrix = kernel.transition_matrix.toarray()
    assert not matrix[:, 4].any()
    usable = adata.obsp["connectivities"].toarray()
    usable[:, 4] = 0
    expected = reduced(usable, 2, True)
    expected[:, 4] = 0
    np.testing.assert_array_equal(kernel.connectivities.toarray(), expected)


# Thresholds ---------------------------------------------------------------------------------------


def above(dense, threshold):
    out = np.where((dense >= threshold) | (dense == dense.max(axis=1, keepdims=True)), dense, 0)
    return out / out.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("mode", ["deterministic", "stochastic", "monte_carlo"])
@pytest.mark.parametrize("backward", [False, True])
def test_probabilities_below_a_threshold_are_left_out(adata, mode, backward):
    kernel = VelocityKernel(adata, backward)
    options = {"mode": mode, "backward_mode": "negate", "n_samples": 20, "seed": 3}
    whole = kernel.compute_transition_matrix(**options).transition_matrix.toarray()
    found = kernel.compute_transition_matrix(**options, threshold=0.2)
    np.testing.assert_allclose(found.transition_matrix.toarray(), above(whole, 0.2), atol=1e-14)
    assert found.params["threshold"] == 0.2
    assert found.transition_matrix.nnz < np.count_nonzero(whole)
    assert "threshold" not in kernel.compute_transition_matrix(**options, threshold=0).params


def test_a_row_keeps_its_largest(adata):
    kernel = VelocityKernel(adata)
    whole = kernel.compute_transition_matrix().transition_matrix.toarray()
    found = kernel.compute_transition_matrix(threshold=0.999).transition_matrix.toarray()
    np.testing.assert_array_equal(found.argmax(axis=1), whole.argmax(axis=1))
    np.testing.assert_array_equal(found.max(axis=1), np.ones(N_CELLS))


def test_cells_that_go_everywhere_alike_still_do(adata):
    adata.layers["velocity"][7] = 0
    kernel = VelocityKernel(adata)
    with pytest.warns(UserWarning, match="zero velocity"):
        kernel.compute_transition_matrix(threshold=0.5)
    row = kernel.transition_matrix[[7]].toarray().ravel()
    np.testing.assert_allclose(row[row > 0], np.full(5, 0.2))


@pytest.mark.parametrize("degenerate", ["self_loop", "uniform"])
def test_cells_without_a_similarity(adata, degenerate):
    adata.layers["velocity"][7] = 1  # a constant has no correlation
    kernel = VelocityKernel(adata).compute_transition_matrix(threshold=0.5, degenerate=degenerate)
    row = kernel.transition_matrix[[7]].toarray().ravel()
    np.testing.assert_allclose(row[row > 0], [1.0] if degenerate == "self_loop" else np.full(5, 0.2))


# Arguments and files ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"n_neighbors": 0}, ValueError, "n_neighbors must be at least 1"),
        ({"n_neighbors": 2.5}, TypeError, "n_neighbors must be a whole number"),
        ({"n_neighbors": True}, TypeError, "n_neighbors must be a whole number"),
        ({"symmetrize": 1}, TypeError, "symmetrize must be True or False"),
        ({"n_neighbours": 3}, TypeError, "did you mean 'n_neighbors'"),
    ],
)
def test_graphs_of_no_use(adata, options, error, words):
    with pytest.raises(error, match=words):
        VelocityKernel(adata, **options)


@pytest.mark.parametrize(
    ("threshold", "error"),
    [(1, ValueError), (-0.1, ValueError), (np.nan, ValueError), ("0.1", TypeError), (True, TypeError)],
)
def test_thresholds_of_no_use(adata, threshold, error):
    kernel = VelocityKernel(adata)
    with pytest.raises(error, match="threshold must be"):
        kernel.compute_transition_matrix(threshold=threshold)
    assert kernel.params == {}


def test_kept_in_files_in_an_anndata_and_by_a_copy(adata, tmp_path):
    kernel = VelocityKernel(adata, n_neighbors=3, symmetrize=True).compute_transition_matrix(threshold=0.1)
    kernel.write_to_adata()
    copies = {
        "copy": kernel.copy(),
        "file": VelocityKernel.read(kernel.write(tmp_path / "kernel")),
        "adata": VelocityKernel.from_adata(adata, "T_fwd"),
    }
    for name, copied in copies.items():
        assert copied.params == kernel.params, name
        settings, expected = copied._settings(), kernel._settings()
        np.testing.assert_array_equal(settings.pop("gene_subset"), expected.pop("gene_subset"))
        assert settings == expected, name
        assert (settings["n_neighbors"], settings["symmetrize"]) == (3, True)
        np.testing.assert_array_equal(copied.transition_matrix.toarray(), kernel.transition_matrix.toarray())
        again = copied.compute_transition_matrix(threshold=0.1)
        np.testing.assert_allclose(again.transition_matrix.toarray(), kernel.transition_matrix.toarray(), atol=1e-15)


def test_a_sum_with_all_neighbours(adata):
    """Few neighbours for velocity, all for connectivity, are a sum over both."""
    few, every = VelocityKernel(adata, n_neighbors=2), ConnectivityKernel(adata)
    summed = (0.7 * few + 0.3 * every).transition_matrix.toarray()
    parts = few.transition_matrix.toarray(), every.transition_matrix.toarray()
    np.testing.assert_allclose(summed, 0.7 * parts[0] + 0.3 * parts[1], atol=1e-15)
