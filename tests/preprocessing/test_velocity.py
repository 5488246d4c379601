"""`velocity`: what is written from counts to arrows, against known truth; what is kept, and what is refused."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest
import scipy.sparse as sp

import velowidget
from tests.fingerprint import unchanged
from tests.preprocessing.conftest import dense, raw_counts, with_graph
from velowidget import datasets, moments, velocity

pytestmark = [pytest.mark.filterwarnings("error::UserWarning"), pytest.mark.filterwarnings("error::RuntimeWarning")]

MODES = ("deterministic", "stochastic")


@pytest.fixture(scope="module")
def truth():
    """Simulated cells, enough of them to know rates from."""
    return datasets.bifurcation(n_cells=1500, n_genes=200, seed=1)


@pytest.fixture
def cells(truth):
    """Their counts and their graph."""
    return with_graph(raw_counts(truth), truth)


@pytest.mark.parametrize("mode", MODES)
def test_velocities_agree_with_the_true_ones(truth, cells, mode):
    velocity(cells, mode=mode)
    genes = cells.var["velocity_genes"].to_numpy()
    estimated, true = cells.layers["velocity"][:, genes], truth.layers["velocity_true"][:, genes]
    estimated, true = (x - x.mean(axis=1, keepdims=True) for x in (estimated, true))
    correlation = (estimated * true).sum(axis=1) / np.linalg.norm(estimated, axis=1) / np.linalg.norm(true, axis=1)
    assert np.median(correlation) > 0.6
    assert (correlation > 0).mean() > 0.85


@pytest.mark.parametrize("mode", MODES)
def test_gammas_agree_with_the_true_ratio_of_rates(truth, cells, mode):
    velocity(cells, mode=mode)
    known = (truth.var["true_gamma"] / truth.var["true_beta"]).to_numpy()
    genes = cells.var["velocity_genes"].to_numpy()
    ratio = np.log(cells.var["velocity_gamma"] / known)[genes]
    assert abs(np.median(ratio)) < 0.25
    assert np.corrcoef(np.log(cells.var["velocity_gamma"][genes]), np.log(known[genes]))[0, 1] > 0.85


@pytest.mark.parametrize("mode", MODES)
def test_what_is_written(connected, mode):
    stored = {layer: values.copy() for layer, values in connected.layers.items()}
    assert velocity(connected, mode=mode) is None
    written = {"Ms", "Mu", "velocity", "spliced", "unspliced"} | ({"variance_velocity"} if mode == MODES[1] else set())
    assert {key for key in connected.layers if key is not None} == written
    assert {connected.layers[key].dtype for key in written} == {np.dtype("float32")}
    assert set(connected.var) == {f"velocity_{name}" for name in ("gamma", "qreg_ratio", "r2", "genes")}
    assert connected.var["velocity_genes"].dtype == bool
    assert connected.uns["velocity_params"] == {"mode": mode, "fit_offset": False, "perc": 95.0}
    gamma = connected.var["velocity_gamma"].to_numpy()
    expected = connected.layers["Mu"] - gamma * connected.layers["Ms"]
    np.testing.assert_allclose(connected.layers["velocity"], expected, atol=1e-4)
    for layer, values in stored.items():
        np.testing.assert_array_equal(dense(connected.layers[layer]), dense(values))


def test_it_survives_a_file(connected, tmp_path):
    velocity(connected, perc=(5, 95), fit_offset=True)
    connected.write_h5ad(tmp_path / "a.h5ad")
    again = ad.read_h5ad(tmp_path / "a.h5ad")
    np.testing.assert_array_equal(again.layers["velocity"], connected.layers["velocity"])


def test_stochastic_changes_velocity_genes_only(connected):
    one, two = (velocity(connected, mode=mode, copy=True) for mode in MODES)
    genes = one.var["velocity_genes"].to_numpy()
    np.testing.assert_array_equal(two.var["velocity_genes"], genes)
    np.testing.assert_array_equal(two.var["velocity_qreg_ratio"], one.var["velocity_gamma"])
    differ = (one.var["velocity_gamma"] != two.var["velocity_gamma"]).to_numpy()
    assert 0 < genes.sum() < len(genes)
    np.testing.assert_array_equal(differ, genes)
    assert (two.layers["variance_velocity"] != 0).any(axis=0).tolist() == genes.tolist()


def test_an_offset_is_written_if_asked_for(connected):
    velocity(connected, mode="deterministic", fit_offset=True, perc=(5, 95))
    offset = connected.var["velocity_offset"].to_numpy()
    assert (offset >= 0).all()
    assert (offset > 0).any()
    gamma = connected.var["velocity_gamma"].to_numpy()
    expected = connected.layers["Mu"] - gamma * connected.layers["Ms"] - offset
    np.testing.assert_allclose(connected.layers["velocity"], expected, atol=1e-4)


def test_another_key(connected):
    velocity(connected, "steady", mode="stochastic")
    assert {"steady", "variance_steady"} <= set(connected.layers)
    assert "steady_genes" in connected.var
    kernel = velowidget.VelocityKernel(connected, vkey="steady").compute_transition_matrix()
    assert kernel.transition_matrix.shape == (200, 200)


def test_only_highly_variable_genes_are_chosen(connected):
    velocity(connected)
    before = connected.var["velocity_genes"].to_numpy()
    connected.var["highly_variable"] = np.arange(connected.n_vars) % 2 == 0
    velocity(connected)
    np.testing.assert_array_equal(connected.var["velocity_genes"], before & connected.var["highly_variable"])


# What is there already ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
def test_moments_that_are_there_are_used_as_they_are(connected, mode):
    moments(connected)
    ms, mu = connected.layers["Ms"], connected.layers["Mu"]
    velocity(connected, mode=mode)
    assert connected.layers["Ms"] is ms
    assert connected.layers["Mu"] is mu


def test_only_the_moment_that_is_missing_is_made(connected):
    moments(connected)
    expected = connected.layers.pop("Mu")
    connected.layers["Ms"] = 2 * connected.layers["Ms"]
    ms = connected.layers["Ms"].copy()
    velocity(connected)
    np.testing.assert_array_equal(connected.layers["Ms"], ms)
    np.testing.assert_array_equal(connected.layers["Mu"], expected)


def test_moments_alone_are_enough_for_the_deterministic_mode(connected):
    velocity(connected, mode="deterministic")
    alone = ad.AnnData(layers={key: connected.layers[key] for key in ("Ms", "Mu")})
    velocity(alone, mode="deterministic")
    np.testing.assert_array_equal(alone.layers["velocity"], connected.layers["velocity"])
    with pytest.raises(KeyError, match="no 'spliced'"):
        velocity(alone)


def test_other_velocities_stay(connected):
    connected.layers["dynamo"] = np.ones(connected.shape, dtype=np.float32)
    velocity(connected)
    assert (connected.layers["dynamo"] == 1).all()


@pytest.mark.parametrize("mode", MODES)
def test_a_copy_leaves_the_original_alone(connected, mode):
    with unchanged(connected):
        copy = velocity(connected, mode=mode, copy=True)
    velocity(connected, mode=mode)
    np.testing.assert_array_equal(copy.layers["velocity"], connected.layers["velocity"])


# From counts alone -------------------------------------------------------------------------------------------------


def test_one_call_from_counts_to_a_kernel(raw, simulated):
    velocity(raw)
    kernel = velowidget.VelocityKernel(raw).compute_transition_matrix()
    flow = kernel.flow()
    onwards, back = flow.loc["Progenitor", "Transitional"], flow.loc["Transitional", "Progenitor"]
    assert onwards > 2 * back


def test_integers_and_dense_layers_give_the_same(connected):
    velocity(connected)
    other = connected.copy()
    for key in ("Ms", "Mu"):
        del other.layers[key]
    other.layers["spliced"] = other.layers["spliced"].toarray().astype(np.int32)
    other.layers["unspliced"] = sp.csc_matrix(other.layers["unspliced"], dtype=np.int64)
    velocity(other)
    np.testing.assert_allclose(other.layers["velocity"], connected.layers["velocity"], atol=1e-5)


# What cannot be ------------------------------------------------------------------------------------------------------


def shift(adata):
    """Unspliced RNA of other cells: nothing to fit."""
    rng = np.random.default_rng(0)
    adata.layers["unspliced"] = sp.csr_matrix(rng.permuted(adata.layers["unspliced"].toarray(), axis=0))


def test_few_velocity_genes_are_reported(connected):
    with pytest.warns(UserWarning, match=r"Fewer than two genes have r2 above min_r2=0.999: the 12 genes above"):
        velocity(connected, min_r2=0.999)
    assert connected.var["velocity_genes"].sum() == 12


def test_no_signal_at_all(connected):
    connected.layers["Ms"] = np.ones(connected.shape, dtype=np.float32)
    connected.layers["Mu"] = np.ones(connected.shape, dtype=np.float32)
    with unchanged(connected), pytest.raises(ValueError, match="No velocity gene is left"):
        velocity(connected, mode="deterministic")


def test_moments_that_are_not_finite(connected):
    moments(connected)
    connected.layers["Mu"][3, 5] = np.nan
    with unchanged(connected), pytest.raises(ValueError, match=r"'Mu' is NaN or infinite in 1 place.*moments\(adata\)"):
        velocity(connected)


def test_moments_of_another_shape(connected):
    connected._layers["Ms"] = np.ones((3, 4))
    with pytest.raises(ValueError, match=r"\(3, 4\).*\(200, 60\)"):
        velocity(connected)


def test_too_few_cells(connected):
    with pytest.raises(ValueError, match="9 cells, and velocities need at least 10"):
        velocity(connected[:9].copy())


def test_ten_cells_are_enough(connected):
    few = connected[:10].copy()
    few.obsp["connectivities"] = sp.csr_matrix(np.ones((10, 10)) - np.eye(10))
    velocity(few, mode="deterministic", min_r2=-1e9)
    assert np.isfinite(few.layers["velocity"]).all()


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"mode": "dynamical"}, ValueError, "recover_dynamics"),
        ({"mode": "stochastik"}, ValueError, "did you mean 'stochastic'"),
        ({"mode": None}, ValueError, "mode=None is not known"),
        ({"vkey": None}, TypeError, "vkey must be text"),
        ({"perc": 101}, ValueError, "perc must be a percentile from 0 to 100"),
        ({"perc": (95, 5)}, ValueError, "the lower first"),
        ({"perc": (5, 50, 95)}, TypeError, "perc must be a number"),
        ({"perc": "95"}, TypeError, "perc must be a number"),
        ({"min_r2": np.nan}, ValueError, "min_r2 must be finite"),
        ({"min_r2": True}, TypeError, "min_r2 must be a number"),
        ({"fit_offset": 1}, TypeError, "fit_offset must be True or False"),
        ({"conn_key": "knn"}, KeyError, "no 'knn'"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_changes(connected, arguments, kind, words):
    with unchanged(connected), pytest.raises(kind, match=words):
        velocity(connected, **arguments)


def test_something_else_than_an_anndata():
    with pytest.raises(TypeError, match="Expected an AnnData, got dict"):
        velocity({"spliced": 1})
