"""Figures: what is in them, not whether they can be made."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.quiver import Quiver
from scipy.spatial import cKDTree

from velowidget import VelocityKernel, datasets
from velowidget.core.grid import average, lattice
from velowidget.kernels import ConnectivityKernel
from velowidget.plotting.palettes import MISSING


@pytest.fixture(autouse=True)
def _figures():
    backend = mpl.get_backend()
    mpl.use("agg")
    from matplotlib import pyplot as plt

    yield
    plt.close("all")
    mpl.use(backend)


@pytest.fixture
def kernel(adata):
    return VelocityKernel(adata).compute_transition_matrix()


def only(ax, kind):
    (found,) = [child for child in ax.get_children() if isinstance(child, kind)]
    return found


def test_streamlines_run_with_time(kernel):
    adata = kernel.adata
    ax = kernel.plot_projection()
    drawn = np.concatenate([np.diff(piece, axis=0) for piece in only(ax, LineCollection).get_segments()])
    early, late = (
        adata.obsm["X_umap"][adata.obs["true_time"].rank(pct=True).between(*r)].mean(axis=0)
        for r in ((0, 0.2), (0.3, 0.5))
    )
    assert (drawn @ (late - early) > 0).mean() > 0.7
    assert ax.get_title() == "clusters"
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == list(adata.obs["clusters"].cat.categories)


def test_grid_arrows_are_the_averages(kernel):
    ax = kernel.plot_projection(stream=False, density=0.5, arrow_length=2.0)
    quiver = only(ax, Quiver)
    positions = kernel.adata.obsm["X_umap"]
    on = lattice(positions, density=0.5)
    arrows = kernel.compute_projection(copy=True)
    expected = average(on, arrows).reshape(-1, 2)[on.kept]
    np.testing.assert_allclose(quiver.XY, on.points)
    drawn = np.stack([quiver.U, quiver.V], axis=-1)
    ratio = np.linalg.norm(drawn, axis=1) / np.linalg.norm(expected, axis=1)
    np.testing.assert_allclose(ratio, ratio[0])
    np.testing.assert_allclose(drawn, ratio[0] * expected, atol=1e-9)
    longest = np.linalg.norm(average(on, kernel.arrows_on(positions)), axis=-1).ravel()[on.kept].max()
    assert np.linalg.norm(drawn, axis=1).max() == pytest.approx(2 * 1.6 * on.spacing * longest)


def test_cells_have_their_colours(kernel):
    adata = kernel.adata
    clusters = adata.obs["clusters"].copy()
    clusters.iloc[3] = np.nan
    adata.obs["clusters"] = clusters
    adata.uns["clusters_colors"] = ["red", "lime", "blue", "cyan", "magenta", "yellow"]
    ax = kernel.plot_projection()
    cells = only(ax, PathCollection)
    assert cells.get_rasterized()
    _, cell = cKDTree(adata.obsm["X_umap"]).query(cells.get_offsets())
    assert sorted(cell) == list(range(adata.n_obs))
    assert cell[0] == 3, "below the others"
    for i, color in zip(cell, cells.get_facecolors(), strict=True):
        expected = MISSING if i == 3 else adata.uns["clusters_colors"][clusters.cat.codes.iloc[i]]
        np.testing.assert_allclose(color[:3], to_rgb(expected))
    assert ax.get_legend().get_texts()[-1].get_text() == "missing"


def test_numbers_have_a_bar(kernel):
    ax = kernel.plot_projection(color="true_time", stream=False, ax=None)
    bar = [other for other in ax.figure.axes if other is not ax]
    assert len(bar) == 1
    low, high = bar[0].get_ylim()
    assert (low, high) == pytest.approx((kernel.adata.obs["true_time"].min(), kernel.adata.obs["true_time"].max()))


def test_a_diagnostic_is_a_colour(kernel):
    ax = kernel.plot_projection(color="support")
    assert ax.get_title() == "support"
    kernel.adata.obs["support"] = pd.Categorical(["mine"] * kernel.adata.n_obs)
    assert [t.get_text() for t in kernel.plot_projection(color="support").get_legend().get_texts()] == ["mine"]


def test_draws_on_given_axes_and_saves_lines_as_lines(kernel, tmp_path):
    from matplotlib.figure import Figure

    given = Figure().add_subplot()
    assert kernel.plot_projection(ax=given, save=tmp_path / "figure.svg", title="Title") is given
    text = (tmp_path / "figure.svg").read_text()
    assert text.count("<image") == 1, "cells are one picture"
    assert text.count("<path") > len(only(given, LineCollection).get_segments()) > 100


def test_data_is_left_alone(kernel):
    before = kernel.adata.copy()
    kernel.plot_projection()
    assert list(kernel.adata.obsm) == list(before.obsm)
    assert list(kernel.adata.uns) == list(before.uns)
    pd.testing.assert_frame_equal(kernel.adata.obs, before.obs)


def test_other_kernels_and_components(adata):
    kernel = ConnectivityKernel(adata).compute_transition_matrix()
    ax = kernel.plot_projection("pca", components=(1, 3), color="", legend_loc="on data")
    np.testing.assert_allclose(
        np.sort(only(ax, PathCollection).get_offsets(), axis=0), np.sort(adata.obsm["X_pca"][:, [0, 2]], axis=0)
    )


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("n_cells", [3, 10, 49])
def test_few_cells(n_cells, stream):
    adata = datasets.bifurcation(n_cells=50, n_genes=20)[:n_cells].copy()
    adata.obsp["connectivities"] = sp.csr_matrix(1 - np.eye(n_cells))
    kernel = VelocityKernel(adata).compute_transition_matrix(degenerate="self_loop", softmax_scale=2.0)
    assert kernel.plot_projection(stream=stream).figure is not None


def test_hostile_names_and_values(kernel):
    adata = kernel.adata
    names = ["$x_{", "<b>&amp;", "%s\n{}", "\u202eevil"]
    adata.obs["odd"] = pd.Categorical([names[i % 4] for i in range(adata.n_obs)])
    adata.obs["nothing"] = np.nan
    adata.obs["many"] = pd.Categorical([f"c{i}" for i in range(adata.n_obs)])
    adata.obsm["X_umap"][5] = (np.inf, np.nan)
    adata.obsm["X_umap"][6:9] = adata.obsm["X_umap"][9]
    for color in ("odd", "nothing", "many"):
        ax = kernel.plot_projection(color=color)
        ax.figure.canvas.draw()
        assert ax.get_legend() is None or len(ax.get_legend().get_texts()) <= 41
    assert kernel.plot_projection(color="odd", legend_loc="on data").texts


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"color": "cluster"}, "did you mean 'clusters'"),
        ({"basis": "umpa"}, "umap"),
        ({"components": (1, 9)}, "components 1 to 2"),
        ({"components": (1, 2, 3)}, "two components"),
        ({"components": (0, 1)}, "components 1 to 2"),
        ({"legend_loc": "on dat"}, "did you mean 'on data'"),
        ({"components": None}, "two components"),
        ({"components": 1}, "two components"),
        ({"density": 0}, "density must be larger than 0"),
        ({"density": "high"}, "density must be larger than 0, not 'high'"),
        ({"density": 1e5}, "lower density"),
        ({"smooth": None}, "smooth must be larger than 0"),
        ({"color": 3}, "color must be text"),
        ({"color": ["clusters"]}, "color must be text"),
        ({"basis": None}, "basis must be text"),
    ],
)
def test_errors_say_what_is_wrong(kernel, given, says):
    with pytest.raises((ValueError, KeyError, TypeError), match=says):
        kernel.plot_projection(**given)


@pytest.mark.filterwarnings("error")
def test_lines_without_width_are_none(kernel):
    ax = kernel.plot_projection(linewidth=0)
    ax.figure.canvas.draw()
    assert not any(isinstance(child, LineCollection) for child in ax.get_children())


def test_lines_of_uncertain_steps_are_thin(kernel):
    """Widths are absolute: they do not make the strongest line of noise as wide as that of a signal."""
    sure, unsure = (
        VelocityKernel(kernel.adata).compute_transition_matrix(softmax_scale=scale).plot_projection()
        for scale in (20.0, 0.2)
    )
    assert max(only(sure, LineCollection).get_linewidths()) > 2 * max(only(unsure, LineCollection).get_linewidths())
