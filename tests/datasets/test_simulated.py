"""The simulations keep their promises: exact kinetics, honest noise, known truth, reproducible."""

from __future__ import annotations

import subprocess
import sys

import anndata
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.integrate import solve_ivp, trapezoid

from tests.deprecations import no_warnings
from velowidget import datasets
from velowidget.datasets import kinetics, simulated
from velowidget.datasets.layout import umap_layout

pytestmark = no_warnings
MAKERS = {"bifurcation": datasets.bifurcation, "cycle": datasets.cycle}
LAYERS = ("spliced", "unspliced", "Ms", "Mu", "velocity", "velocity_true")


@pytest.fixture(scope="module", params=MAKERS)
def adata(request):
    return MAKERS[request.param](n_cells=1000, n_genes=300, seed=3)


def dense(matrix):
    return matrix.toarray() if sp.issparse(matrix) else np.asarray(matrix)


def row_correlation(a, b):
    a, b = (x - x.mean(axis=1, keepdims=True) for x in (a, b))
    return np.sum(a * b, axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


# --- kinetics -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("beta", "gamma"), [(3.0, 1.2), (1.0, 4.0), (2.0, 2.0), (2.0, 2.0 + 1e-9)])
def test_trajectory_solves_the_differential_equations(beta, gamma):
    starts, alphas = np.array([0.0, 0.7, 1.9]), np.array([1.0, 20.0, 2.0])
    times = np.linspace(0, 4, 41)

    def equations(t, y):
        alpha = alphas[np.searchsorted(starts, t, side="right") - 1]
        return [alpha - beta * y[0], beta * y[0] - gamma * y[1]]

    solved = solve_ivp(equations, (0, 4), [0.3, 5.0], t_eval=times, rtol=1e-8, atol=1e-10, max_step=0.01)
    u, s = kinetics.trajectory(times, starts, alphas, beta, gamma, (0.3, 5.0))
    # The integrator steps across the switches, which costs it some digits.
    np.testing.assert_allclose(u, solved.y[0], atol=2e-3)
    np.testing.assert_allclose(s, solved.y[1], atol=2e-3)


def test_steady_state_does_not_change():
    state = kinetics.steady_state(6.0, 3.0, 1.5)
    assert state == (2.0, 4.0)
    np.testing.assert_allclose(kinetics.relax(*state, 6.0, 3.0, 1.5, 0.8), state)


def test_a_periodic_start_comes_back_after_a_period():
    starts, alphas = [0, 0.2, 0.6], [1.0, 9.0, 1.0]
    start = kinetics.periodic_start(starts, alphas, 2.0, 0.7, 1.0)
    np.testing.assert_allclose(kinetics.trajectory(1.0, starts, alphas, 2.0, 0.7, start), start)
    assert not np.allclose(kinetics.trajectory(0.5, starts, alphas, 2.0, 0.7, start), start)


# --- noise ----------------------------------------------------------------------------------------------------------


def test_counts_have_the_negative_binomial_mean_and_variance():
    mean, n = np.array([0.2, 2.0, 30.0]), 20_000
    sizes = np.full(n, 1.5)
    counts = simulated.sample_counts(np.random.default_rng(0), np.tile(mean, (n, 1)), sizes).toarray()
    expected = 1.5 * mean
    variance = expected + simulated.DISPERSION * expected**2
    np.testing.assert_array_less(np.abs(counts.mean(axis=0) - expected), 4 * np.sqrt(variance / n))
    np.testing.assert_allclose(counts.var(axis=0), variance, rtol=0.06)


def test_counts_follow_the_analytic_solution(adata):
    """Pearson residuals of every count against the truth rebuilt from `var` and `obs`: mean 0, variance 1."""
    genes = simulated.Genes(
        adata.var["program"].to_numpy(),
        *(adata.var[f"true_{n}"].to_numpy() for n in ("alpha", "beta", "gamma", "on", "off")),
    )
    times = adata.obs["true_time"].to_numpy()
    if "lineage" in adata.obs:
        lineages = (adata.obs["lineage"] == "B").to_numpy().astype(int)  # on the trunk both are the same
        truth = simulated.fate_molecules(genes, times, lineages)
    else:
        truth = simulated.cycle_molecules(genes, times)
    for layer, expected in (("spliced", truth.spliced), ("unspliced", truth.unspliced)):
        mean = adata.obs["size_factor"].to_numpy()[:, None] * expected
        residuals = (dense(adata.layers[layer]) - mean) / np.sqrt(mean + simulated.DISPERSION * mean**2)
        assert abs(residuals.mean()) < 5 / np.sqrt(residuals.size)
        assert residuals.var() == pytest.approx(1, abs=0.05)
        assert np.abs(residuals.mean(axis=0)).max() < 5 / np.sqrt(adata.n_obs)


# --- velocities -----------------------------------------------------------------------------------------------------


def later_minus_now(adata, ahead):
    """For each cell, the mean expression a little later on its branch minus its own, where there is somebody later."""
    times, ms = adata.obs["true_time"].to_numpy(), adata.layers["Ms"]
    lineage = adata.obs["lineage"].to_numpy() if "lineage" in adata.obs else np.full(adata.n_obs, "A")
    cells, steps = [], []
    for i, (time, own) in enumerate(zip(times, lineage, strict=True)):
        later = (times > time + 0.5 * ahead) & (times < time + 1.5 * ahead) & (lineage == own)
        if later.sum() >= 3:
            cells.append(i)
            steps.append(ms[later].mean(axis=0) - ms[i])
    return np.array(cells), np.array(steps)


def test_true_velocity_points_to_later_cells(adata):
    name = adata.uns["simulation"]["name"]
    cells, steps = later_minus_now(adata, ahead={"bifurcation": 0.3, "cycle": 0.06}[name])
    velocity = adata.layers["velocity_true"][cells]
    cosine = np.sum(steps * velocity, axis=1) / (np.linalg.norm(steps, axis=1) * np.linalg.norm(velocity, axis=1))
    # Cells at the very start rest in steady state and point nowhere.
    assert np.median(cosine) > 0.5
    assert np.mean(cosine > 0) > 0.9


def test_true_velocity_is_the_derivative_on_the_scale_of_ms(adata):
    """Summed along the process, it is the change of Ms."""
    branch = adata[adata.obs["lineage"] != "B"] if "lineage" in adata.obs else adata
    times = branch.obs["true_time"].to_numpy()
    order = np.argsort(times)
    half = order[times[order] < times.max() / 2]
    change = trapezoid(branch.layers["velocity_true"][half], times[half], axis=0)
    observed = branch.layers["Ms"][half[-10:]].mean(axis=0) - branch.layers["Ms"][half[:10]].mean(axis=0)
    slope = np.sum(change * observed) / np.sum(change**2)
    assert np.corrcoef(change, observed)[0, 1] > 0.9
    assert slope == pytest.approx(1, abs=0.2)


def test_estimated_velocity_correlates_with_the_true_one_and_is_imperfect(adata):
    genes = adata.var["velocity_genes"].to_numpy()
    correlation = row_correlation(adata.layers["velocity"][:, genes], adata.layers["velocity_true"][:, genes])
    assert 0.4 < np.median(correlation) < 0.95


def test_velocity_genes_leave_out_the_constant_ones(adata):
    chosen = adata.var["velocity_genes"]
    assert chosen.dtype == bool
    constant = adata.var["program"] == "Constant"
    assert chosen[~constant].mean() > 0.6
    assert chosen[constant].mean() < 0.3


# --- layout of the AnnData ------------------------------------------------------------------------------------------


def test_has_what_it_promises(adata):
    n_cells, n_genes = adata.shape
    assert (n_cells, n_genes) == (1000, 300)
    assert adata.obs_names.is_unique
    assert adata.var_names.is_unique
    for layer in LAYERS:
        assert adata.layers[layer].shape == adata.shape
        assert adata.layers[layer].dtype == np.float32
        assert np.isfinite(dense(adata.layers[layer])).all()
    for layer in ("spliced", "unspliced"):
        counts = dense(adata.layers[layer])
        assert (counts >= 0).all()
        assert (counts == np.round(counts)).all()
    assert {key: adata.obsm[key].shape[1] for key in adata.obsm} == {"X_pca": 30, "X_umap": 2, "X_umap3d": 3}
    assert all(np.isfinite(adata.obsm[key]).all() for key in adata.obsm)
    assert adata.uns["neighbors"]["params"]["n_neighbors"] == 30
    graph = adata.obsp["connectivities"]
    assert np.diff(graph.indptr).min() >= 15
    assert graph.diagonal().sum() == 0

    totals = np.expm1(dense(adata.X)).sum(axis=1)
    np.testing.assert_allclose(totals, np.median(dense(adata.layers["spliced"]).sum(axis=1)), rtol=1e-4)


def test_clusters_follow_the_process_and_touch_only_along_true_edges(adata):
    clusters = adata.obs["clusters"]
    names = list(clusters.cat.categories)
    assert len(adata.uns["clusters_colors"]) == len(names) == len(set(adata.uns["clusters_colors"]))
    assert (clusters.value_counts() > 20).all()

    codes = clusters.cat.codes.to_numpy()
    graph = adata.obsp["connectivities"].tocoo()
    touching = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(touching, (codes[graph.row], codes[graph.col]), 1)
    edges = [(names.index(a), names.index(b)) for a, b in adata.uns["simulation"]["edges"]]
    true = np.eye(len(names), dtype=bool)
    for a, b in edges:
        assert touching[a, b] > 20
        true[a, b] = true[b, a] = True
    assert touching[~true].sum() < 0.001 * touching.sum()  # a stray link or two

    mean_time = adata.obs.groupby("clusters", observed=False)["true_time"].mean()
    assert all(mean_time[names[a]] < mean_time[names[b]] for a, b in edges if (a, b) != (len(names) - 1, 0))


def test_stages_are_ordered_and_overlap_in_true_time(adata):
    stage, day, time = adata.obs["stage"], adata.obs["day"], adata.obs["true_time"]
    assert stage.cat.ordered
    assert len(stage.cat.categories) == 4
    assert (stage.value_counts() > 60).all()
    assert list(day.groupby(stage, observed=True).first()) == sorted(day.unique())
    assert day.groupby(stage, observed=True).nunique().eq(1).all()
    middle = time.groupby(stage, observed=True).median()
    assert middle.is_monotonic_increasing
    first, second = (time[stage == s] for s in stage.cat.categories[1:3])
    assert first.max() > second.min()


def test_survives_h5ad(adata, tmp_path):
    adata.write_h5ad(tmp_path / "a.h5ad")
    back = anndata.read_h5ad(tmp_path / "a.h5ad")
    np.testing.assert_array_equal(back.layers["velocity"], adata.layers["velocity"])
    np.testing.assert_array_equal(back.uns["simulation"]["edges"], adata.uns["simulation"]["edges"])
    pd.testing.assert_series_equal(back.obs["stage"], adata.obs["stage"], check_index_type=False)


# --- reproducible, small, and clear about nonsense ------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_same_seed_same_arrays_whatever_numpys_global_state(make):
    make(n_cells=60, n_genes=40, seed=5)  # imports scanpy, with which old libraries come that draw numbers
    before = np.random.get_state()  # noqa: NPY002
    one = make(n_cells=60, n_genes=40, seed=5)
    for was, is_now in zip(before, np.random.get_state(), strict=True):  # noqa: NPY002
        np.testing.assert_array_equal(is_now, was)
    np.random.random(7)  # noqa: NPY002
    two, other = make(n_cells=60, n_genes=40, seed=5), make(n_cells=60, n_genes=40, seed=6)
    for key in LAYERS:
        np.testing.assert_array_equal(dense(one.layers[key]), dense(two.layers[key]))
        assert not np.array_equal(dense(one.layers[key]), dense(other.layers[key]))
    for key in one.obsm:
        np.testing.assert_array_equal(one.obsm[key], two.obsm[key])
    pd.testing.assert_frame_equal(one.obs, two.obs)
    pd.testing.assert_frame_equal(one.var, two.var)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize(("n_cells", "n_genes"), [(20, 20), (21, 300), (200, 20), (np.int64(33), 25)])
def test_small_data_work(make, n_cells, n_genes, capsys):
    adata = make(n_cells=n_cells, n_genes=n_genes)
    assert adata.shape == (n_cells, n_genes)
    assert np.isfinite(adata.obsm["X_umap3d"]).all()
    assert np.isfinite(adata.layers["velocity"]).all()
    assert adata.var["velocity_genes"].sum() >= 3
    assert np.diff(adata.obsp["connectivities"].indptr).min() >= 1
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_cells": 19}, "n_cells must be at least 20, not 19"),
        ({"n_cells": -5}, "n_cells must be at least 20"),
        ({"n_genes": 3}, "n_genes must be at least 20"),
        ({"n_cells": 100.0}, "n_cells must be an integer, not 100.0"),
        ({"n_genes": "many"}, "n_genes must be an integer, not 'many'"),
        ({"n_cells": True}, "n_cells must be an integer"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"seed": None}, "seed must be an integer, not None"),
        ({"seed": 0.5}, "seed must be an integer"),
    ],
)
def test_impossible_arguments_are_refused(make, arguments, message):
    with pytest.raises(ValueError, match=message):
        make(**arguments)


def test_layout_keeps_a_ring_a_ring():
    """Cells on a ring, linked to their neighbours and started badly, come to lie with neighbours close."""
    n = 200
    rows = np.repeat(np.arange(n), 10)
    graph = sp.csr_matrix((np.ones(10 * n), (rows, (rows + np.tile([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5], n)) % n)))
    angle = 2 * np.pi * np.arange(n) / n
    rng = np.random.default_rng(0)
    start = np.c_[np.cos(angle), np.sin(angle)] + rng.normal(0, 0.5, size=(n, 2))
    y = umap_layout(graph, start, rng)
    assert y.shape == (n, 2)
    assert y.dtype == np.float32
    beside = np.linalg.norm(y - np.roll(y, 1, axis=0), axis=1)
    across = np.linalg.norm(y - np.roll(y, n // 2, axis=0), axis=1)
    assert across.min() > 5 * np.median(beside)


def test_importing_datasets_loads_nothing_heavy():
    code = (
        "import sys, velowidget.datasets as d; assert 'bifurcation' in dir(d); "
        "print([m for m in ('scanpy', 'numba', 'matplotlib', 'anndata', 'pooch', 'umap') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_simulating_needs_no_compiler():
    """umap-learn and PyNNDescent compile for many seconds; the simulations do without, also where scanpy would not."""
    code = (
        "import sys; from velowidget.datasets import cycle, preprocessing; "
        "preprocessing.umap_layout = lambda graph, start, rng: start; "  # to save time
        "cycle(n_cells=8300, n_genes=20); "
        "print([m for m in ('umap', 'pynndescent') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
    assert out.stderr == ""
