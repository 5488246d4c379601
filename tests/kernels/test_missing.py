"""Cells without velocity or expression, as a merge of samples leaves them: counted, named, and no trouble to others."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

from tests.deprecations import no_warnings
from tests.fingerprint import unchanged
from tests.kernels.conftest import N_CELLS, N_GENES
from velowidget.data.velocity import read_velocity
from velowidget.kernels import VelocityKernel

pytestmark = no_warnings

CELLS = [4, 11, 29]
OTHERS = np.setdiff1d(np.arange(N_CELLS), CELLS)
MODES = [
    {"mode": "deterministic", "scheme": "correlation"},
    {"mode": "deterministic", "scheme": "cosine"},
    {"mode": "deterministic", "scheme": "dot_product"},
    {"mode": "stochastic", "scheme": "correlation"},
    {"mode": "monte_carlo", "scheme": "cosine", "n_samples": 20, "seed": 1},
    {"mode": "sampling", "scheme": "dot_product", "seed": 1},
]


def without(adata, *layers, cells=CELLS, fill=np.nan):
    for layer in layers:
        values = np.array(adata.layers[layer])
        values[cells] = fill
        adata.layers[layer] = values
    return adata


def matrix_of(adata, backward=False, **compute):
    """The dense matrix; what is said of it is looked at elsewhere."""
    with warnings.catch_warnings(), unchanged(adata):
        warnings.simplefilter("ignore", UserWarning)
        kernel = VelocityKernel(adata, backward=backward)
        return kernel.compute_transition_matrix(**compute).transition_matrix.toarray()


def warned(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("compute", MODES, ids=lambda c: f"{c['mode']} {c['scheme']}")
@pytest.mark.parametrize("backward", [False, True], ids=["forward", "backward"])
def test_a_missing_velocity_is_a_zero_velocity(adata, compute, backward):
    if backward:
        compute = {**compute, "backward_mode": "negate"}
    expected = matrix_of(without(adata.copy(), "velocity", fill=0), backward, softmax_scale=5, **compute)
    found = matrix_of(without(adata, "velocity"), backward, softmax_scale=5, **compute)
    np.testing.assert_array_equal(found, expected)


def test_backward_by_transpose(adata):
    expected = matrix_of(without(adata.copy(), "velocity", fill=0), backward=True)
    np.testing.assert_array_equal(matrix_of(without(adata, "velocity"), backward=True), expected)


@pytest.mark.parametrize(
    ("compute", "mode"),
    [(c, m) for c in MODES for m in ("transpose", "negate", None) if c["mode"] == "deterministic" or m != "transpose"],
    ids=str,
)
@pytest.mark.parametrize("layers", [("Ms",), ("Ms", "velocity")], ids=["expression", "both"])
def test_without_expression_the_others_have_the_kernel_of_the_others(adata, compute, mode, layers):
    """That of an AnnData without these cells, to the bit; they themselves go to each neighbour alike."""
    compute = {"softmax_scale": 5, "degenerate": "self_loop", **compute, **({"backward_mode": mode} if mode else {})}
    drawn = compute["mode"] in ("sampling", "monte_carlo")
    if drawn:  # random numbers belong to a cell's place: the same ones, if these cells come last
        order = np.concatenate([OTHERS, CELLS])
        adata = adata[order].copy()
    cells, others = (np.arange(27, 30), np.arange(27)) if drawn else (np.array(CELLS), OTHERS)
    expected = matrix_of(adata[others].copy(), mode is not None, **compute)
    found = matrix_of(without(adata, *layers, cells=cells), mode is not None, **compute)
    np.testing.assert_allclose(found[np.ix_(others, others)], expected, atol=1e-12)
    assert not found[np.ix_(others, cells)].any()
    graph = adata.obsp["connectivities"].toarray() != 0
    graph[:, cells] = False
    np.testing.assert_allclose(found[cells], graph[cells] / graph[cells].sum(axis=1, keepdims=True))


class Nearest:
    """A scheme of a user's own, which refuses what it cannot compute with."""

    def __call__(self, v, d, scale):
        assert np.isfinite(v).all()
        assert np.isfinite(d).all()
        similar = d @ np.ones(d.shape[1]) + v.sum(axis=1)
        p = np.exp(similar - similar.max())
        return p / p.sum(), similar


@pytest.mark.parametrize("mode", ["deterministic", "monte_carlo"])
def test_schemes_of_a_users_own_never_see_nan(adata, mode):
    compute = {"scheme": Nearest(), "mode": mode, "n_samples": 3, "seed": 0, "degenerate": "self_loop"}
    found = matrix_of(without(adata, "Ms", "velocity"), softmax_scale=1, **compute)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert not found[:, CELLS].any()


def test_diagnostics_and_arrows_of_the_others_do_not_change(adata):
    plain = VelocityKernel(adata[OTHERS].copy())
    plain.compute_transition_matrix(softmax_scale=5, degenerate="self_loop")
    expected, arrows = plain.diagnostics(), plain.arrows_on(adata.obsm["X_umap"][OTHERS])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        kernel = VelocityKernel(without(adata, "Ms", "velocity"))
        kernel.compute_transition_matrix(softmax_scale=5, degenerate="self_loop")
    found = kernel.diagnostics()
    for name in ("fidelity", "entropy"):
        np.testing.assert_allclose(found[name].to_numpy()[OTHERS], expected[name], atol=1e-12)
    assert found["support"].notna().all()
    np.testing.assert_allclose(kernel.arrows_on(adata.obsm["X_umap"])[OTHERS], arrows, atol=1e-12)
    np.testing.assert_allclose(kernel.arrows_on(adata.obsm["X_umap"])[CELLS], 0, atol=1e-12)


def test_the_weights_are_those_of_the_graph_in_use(adata):
    with pytest.warns(UserWarning, match="without expression"):
        kernel = VelocityKernel(without(adata, "Ms"))
    assert kernel.connectivities.nnz == kernel._graph.n_edges
    assert not kernel.connectivities.toarray()[:, CELLS].any()


# What is said -------------------------------------------------------------------------------------

NAMES = r"3 cells without {} \('cell4', 'cell11', 'cell29'\): the {} is NaN in each gene in use"


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (("velocity",), [NAMES.format("velocity", "velocity layer 'velocity'") + ", and zero is used instead"]),
        (("Ms",), [NAMES.format("expression", "expression layer 'Ms'") + r"\. No other cell goes there"]),
        (("velocity", "Ms"), [NAMES.format("expression", "expression layer 'Ms'")]),
    ],
)
def test_cells_are_counted_and_named_once(adata, layers, said):
    messages = warned(lambda: VelocityKernel(without(adata, *layers)))
    assert len(messages) == len(said)
    for message, pattern in zip(messages, said, strict=True):
        assert re.search(pattern, message)


def test_genes_that_other_cells_lack_are_left_out_as_ever(adata):
    without(adata, "velocity")
    adata.layers["velocity"][7, 2] = np.nan
    messages = warned(lambda: VelocityKernel(adata))
    assert messages[0] == "1 gene of 11 left out: the velocity layer 'velocity' holds NaN for them."
    assert messages[1].startswith("3 cells without velocity")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert read_velocity(adata).genes.sum() == 10


def test_only_genes_in_use_count(adata):
    adata.layers["velocity"][5, :11] = np.nan  # gene11 is not in use, and known
    (message,) = warned(lambda: VelocityKernel(adata))
    assert message.startswith("1 cell without velocity ('cell5'):")


def test_velocities_in_obsm(adata):
    rng = np.random.default_rng(0)
    adata.obsm["x"], adata.obsm["v"] = rng.normal(size=(2, N_CELLS, 3))
    adata.obsm["v"][6] = np.nan
    (message,) = warned(lambda: VelocityKernel(adata, attr="obsm", vkey="v", xkey="x"))
    assert message.startswith("1 cell without velocity ('cell6'): the velocity adata.obsm['v'] is NaN")


def batches(adata, *groups):
    """Each group of cells lacks its genes."""
    for cells, genes in groups:
        adata.layers["velocity"][cells, genes] = np.nan
    return adata


EVEN, ODD, ALL = slice(0, None, 2), slice(1, None, 2), slice(None)


def test_batches_of_different_genes(adata):
    with pytest.raises(ValueError, match=r"^No gene is left: ") as caught:
        VelocityKernel(batches(adata, (slice(20), EVEN), (slice(20, None), ODD)))
    text = str(caught.value)
    assert "20 cells ('cell0', 'cell1', 'cell2', 'cell3', 'cell4' and 15 more) lack 6 of them" in text
    assert "10 cells ('cell20', 'cell21', 'cell22', 'cell23', 'cell24' and 5 more) lack 5 of them" in text
    assert "join='inner'" in text


def test_three_batches_and_a_cell_without_velocity(adata):
    """The cell is none of a batch that lacks some genes."""
    three = (slice(0, 10), [0, 1, 2, 3]), (slice(10, 20), [4, 5, 6]), (slice(20, 30), [7, 8, 9, 10])
    batches(adata, *three)
    adata.layers["velocity"][15] = np.nan
    with pytest.raises(ValueError, match=r"9 cells \('cell10'.* lack 3 of them") as caught:
        VelocityKernel(adata)
    assert "cell15" not in str(caught.value)


def test_many_patterns_are_not_all_listed(adata):
    rng = np.random.default_rng(0)
    adata.layers["velocity"][np.arange(N_CELLS), rng.permutation(np.arange(N_CELLS) % N_GENES)] = np.nan
    with pytest.raises(ValueError, match=r"and \d+ more groups of cells lack others") as caught:
        VelocityKernel(adata)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("layer", ["velocity", "Ms"])
def test_all_cells(adata, layer):
    without(adata, layer, cells=ALL)
    words = "No gene is left" if layer == "velocity" else "expression layer 'Ms' holds NaN in every cell"
    with pytest.raises(ValueError, match=words):
        VelocityKernel(adata)


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinite_values_are_an_error_still(adata, bad):
    without(adata, "velocity")
    adata.layers["velocity"][7, 2] = bad
    with pytest.raises(ValueError, match="infinite in 1 place, the first for cell 'cell7' and gene 'gene2'"):
        VelocityKernel(adata)


def test_some_missing_expression_names_the_cell(adata):
    without(adata, "Ms")
    adata.layers["Ms"][7, 2] = np.nan
    with pytest.raises(ValueError, match="NaN or infinite in 1 place, the first for cell 'cell7' and gene 'gene2'"):
        VelocityKernel(adata)


def test_layers_are_not_copied_without_need(adata):
    adata.var["velocity_genes"] = True
    data = read_velocity(adata)
    assert np.shares_memory(data.v, adata.layers["velocity"])
    assert data.placed is None
