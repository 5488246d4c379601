"""Figures: what is in them, not whether they can be made."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch
from matplotlib.quiver import Quiver
from scipy.spatial import cKDTree

from tests.deprecations import no_warnings
from velowidget import VelocityKernel, datasets
from velowidget.core.grid import average, lattice
from velowidget.kernels import ConnectivityKernel
from velowidget.plotting.palettes import MISSING

pytestmark = pytest.mark.usefixtures("figures")


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


def test_cells_without_a_number_are_in_the_legend(kernel):
    kernel.adata.obs["number"] = np.arange(kernel.adata.n_obs, dtype=float)
    kernel.adata.obs["nothing"] = np.nan
    texts = lambda ax: [text.get_text() for text in (ax.get_legend().get_texts() if ax.get_legend() else ())]  # noqa: E731
    ax = kernel.plot_projection(color="number")
    assert [texts(one) for one in ax.figure.axes] == [[], []]  # cells, colour bar
    kernel.adata.obs.iloc[0, kernel.adata.obs.columns.get_loc("number")] = np.nan
    ax = kernel.plot_projection(color="number")
    assert [texts(one) for one in ax.figure.axes] == [[], ["missing"]]
    assert texts(kernel.plot_projection(color="nothing")) == ["missing"]
    assert texts(kernel.plot_projection(color="")) == []


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
        ({"linewidth": None}, "linewidth must be a number, at least 0 and finite, not None"),
        ({"linewidth": "a"}, "linewidth must be a number"),
        ({"linewidth": np.nan}, "linewidth must be at least 0 and finite, not nan"),
        ({"linewidth": np.inf}, "linewidth must be at least 0 and finite, not inf"),
        ({"arrow_length": "x"}, "arrow_length must be a number"),
        ({"arrow_length": np.nan, "stream": False}, "arrow_length must be at least 0"),
        ({"min_mass": "x"}, "min_mass must be a number"),
        ({"min_mass": np.nan}, "min_mass must be at least 0"),
        ({"size": "big"}, "size must be a number"),
        ({"alpha": 1.5}, "alpha must be from 0 to 1, not 1.5"),
        ({"figsize": 3}, "figsize must be width and height in inches"),
        ({"figsize": "ab"}, "figsize must be width and height in inches"),
        ({"figsize": (0, 0)}, "figsize must be larger than 0 both ways"),
        ({"figsize": (3, None)}, "Each number of figsize must be a number"),
        ({"dpi": 0}, "dpi must be larger than 0"),
        ({"ax": "x"}, "ax must be matplotlib axes"),
        ({"cmap": "nope"}, "cmap='nope' is not known to matplotlib"),
        ({"cmap": "virids"}, "say for instance 'viridis'"),
        ({"cmap": 3}, "cmap must be a colour map"),
        ({"arrow_color": "blakc"}, "arrow_color='blakc' is no colour"),
        ({"stream": "no"}, "stream must be True or False, not 'no'"),
        ({"honest": "no"}, "honest must be True or False, not 'no'"),
        ({"show": 1}, "show must be True or False, not 1"),
    ],
)
def test_errors_say_what_is_wrong(kernel, given, says):
    with pytest.raises((ValueError, KeyError, TypeError), match=says):
        kernel.plot_projection(**given)


@pytest.mark.parametrize("given", [{"linewidth": None}, {"cmap": "nope"}, {"figsize": (0, 0)}])
def test_a_refused_figure_leaves_none_open(kernel, given):
    from matplotlib import pyplot as plt

    with pytest.raises((ValueError, TypeError)):
        kernel.plot_projection(**given)
    assert not plt.get_fignums()


def test_only_velocity_kernels_have_diagnostics(kernel):
    neighbours = ConnectivityKernel(kernel.adata).compute_transition_matrix()
    for other, name in ((neighbours, "ConnectivityKernel"), (0.5 * kernel + 0.5 * neighbours, "Sum")):
        with pytest.raises(ValueError, match=f"only velocity kernels have 'support', and this is a .*{name}"):
            other.plot_projection(color="support")


def lines_of(ax):
    return sum(isinstance(child, FancyArrowPatch) for child in ax.get_children())


def test_few_cells_have_few_lines():
    """Not several side by side along a single cell's arrow."""
    adata = datasets.bifurcation(n_cells=50, n_genes=20)[:49].copy()
    near = cKDTree(adata.obsm["X_umap"]).query(adata.obsm["X_umap"], k=9)[1]
    adata.obsp["connectivities"] = sp.csr_matrix(np.eye(49)[near[:, 1:]].max(axis=1))
    kernel = VelocityKernel(adata).compute_transition_matrix()
    assert lines_of(kernel.plot_projection()) < 49 < lines_of(kernel.plot_projection(density=1))


def test_files_have_texts(kernel, tmp_path):
    kernel.adata.obs["odd"] = pd.Categorical(["$x_{ & <b>", "\x00bell\x07\nb"] * (kernel.adata.n_obs // 2))
    kernel.plot_projection(color="odd", save=tmp_path / "figure.svg")
    root = ElementTree.parse(tmp_path / "figure.svg")
    texts = ["".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["Faint: fidelity or support is small.", "odd", "bell b", "$x_{ & <b>"]
    kernel.plot_projection(color="odd", save=tmp_path / "figure.pdf")
    assert b"/FontFile2" in (tmp_path / "figure.pdf").read_bytes(), "TrueType, which editors of pictures keep as text"


@no_warnings
@pytest.mark.parametrize("legend_loc", ["right margin", "on data"])
def test_long_names_leave_room_for_the_picture(kernel, legend_loc):
    long = "An overlong name " * 30
    kernel.adata.obs[long] = pd.Categorical([f"{i}{long}" for i in np.arange(kernel.adata.n_obs) % 3])
    ax = kernel.plot_projection(color=long, legend_loc=legend_loc)
    ax.figure.canvas.draw()
    names = ax.texts if legend_loc == "on data" else ax.get_legend().get_texts()
    names = [name.get_text() for name in names if not name.get_text().startswith("Faint")]
    assert names == [f"{i}An overlong name An overlong name An o…" for i in range(3)]
    assert all(len(name) == 40 for name in [*names, ax.get_title()])
    assert ax.get_window_extent().width > 0.3 * ax.figure.bbox.width


@pytest.mark.parametrize("n", [41, 120])
@pytest.mark.parametrize("legend_loc", ["right margin", "on data"])
def test_the_largest_categories_are_named(kernel, legend_loc, n):
    counts = np.ones(n, dtype=int)
    large = np.random.default_rng(2).permutation(n)[:40]
    counts[large] = 2
    names = [f"_{i:03d}" for i in range(n)]
    column = pd.Categorical(np.repeat(names, counts), categories=names)
    kernel.adata.obs["many"] = pd.Categorical.from_codes(
        np.r_[column.codes, np.full(kernel.adata.n_obs - len(column), -1)], categories=names
    )
    ax = kernel.plot_projection(color="many", legend_loc=legend_loc, honest=False)
    expected = [names[i] for i in sorted(large)]
    if legend_loc == "on data":
        assert [text.get_text() for text in ax.texts] == expected
    else:
        listed = [text.get_text() for text in ax.get_legend().get_texts()]
        assert listed == [*expected, f"and {n - 40} more", "missing"]


@no_warnings
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
