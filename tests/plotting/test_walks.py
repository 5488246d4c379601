"""The picture of random walks: each step once, in its colour, and the first and last cells."""

from __future__ import annotations

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib.collections import LineCollection
from matplotlib.legend import Legend

from tests.kernels.conftest import make_adata
from velowidget import VelocityKernel

mpl.use("Agg")


@pytest.fixture
def kernel():
    return VelocityKernel(make_adata())


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def lines(ax):
    return next(c for c in ax.collections if isinstance(c, LineCollection))


def test_each_step_is_drawn_once(kernel):
    ax = kernel.plot_random_walks(7, 5, 0, start_ixs=[0, 3], stop_ixs=[9], cmap="viridis", linewidth=2, linealpha=0.5)
    walks = kernel.random_walks(7, 5, 0, start_ixs=[0, 3], stop_ixs=[9])
    at = kernel.adata.obsm["X_umap"]
    segments, colors = [], []
    for path in walks.tolist():
        path = [cell for cell in path if cell >= 0]
        segments += [[at[a], at[b]] for a, b in pairwise(path)]
        colors += [mpl.colormaps["viridis"](i / (len(path) - 1), alpha=0.5) for i in range(len(path) - 1)]
    drawn = lines(ax)
    assert np.allclose(drawn.get_segments(), segments)
    assert np.allclose(drawn.get_colors(), colors)
    assert drawn.get_linewidths() == [2]
    first, last = ax.collections[-2:]
    assert np.allclose(np.sort(first.get_offsets(), axis=0), np.sort(at[np.unique(walks[:, 0])], axis=0))
    ends = {[cell for cell in path if cell >= 0][-1] for path in walks.tolist()}
    assert np.allclose(np.sort(last.get_offsets(), axis=0), np.sort(at[sorted(ends)], axis=0))


def test_axes_files_and_legends(kernel, tmp_path):
    _, given = plt.subplots()
    ax = kernel.plot_random_walks(5, 3, 0, ax=given, ixs_legend_loc="upper right out", save=tmp_path / "walks")
    assert ax is given
    assert (tmp_path / "walks.png").stat().st_size > 1000
    legends = [child for child in ax.get_children() if isinstance(child, Legend)]
    assert [[text.get_text() for text in legend.get_texts()] for legend in legends] == [
        ["early", "late", "middle"],
        ["first cell", "last cell"],
    ]
    ax = kernel.plot_random_walks(5, 3, 0, figsize=(3, 2), dpi=50, save=tmp_path / "walks.svg")
    assert ax.figure.get_size_inches().tolist() == [3, 2]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["early", "late", "middle"]
    assert (tmp_path / "walks.svg").read_text().startswith("<?xml")


def test_cells_in_colour(kernel):
    ax = kernel.plot_random_walks(5, 3, 0, color="clusters", size=9, legend_loc="on data")
    assert {text.get_text() for text in ax.texts} == {"early", "middle", "late"}
    assert len(np.unique(ax.collections[0].get_facecolors(), axis=0)) == 3
    assert ax.collections[0].get_sizes().tolist() == [9]
    ax = kernel.plot_random_walks(5, 3, 0, color="time")
    assert len(ax.figure.axes) == 2, "with a colour bar"
    ax = kernel.plot_random_walks(5, 3, 0, color="")
    assert len(np.unique(ax.collections[0].get_facecolors(), axis=0)) == 1


def test_cells_without_a_place(kernel):
    walks = kernel.random_walks(20, 5, 0)
    missing = int(walks[0, 2])
    kernel.adata.obsm["X_umap"][missing] = np.nan
    drawn = lines(kernel.plot_random_walks(20, 5, 0)).get_segments()
    assert len(drawn) == (walks[:, :-1] != missing).astype(int)[(walks[:, 1:] != missing)].sum()
    assert np.isfinite(drawn).all()


def test_nothing_is_written(kernel):
    before = kernel.adata.copy()
    kernel.plot_random_walks(5, 3, 0, color="clusters", n_jobs=1, backend="loky", show_progress_bar=False)
    assert list(kernel.adata.uns) == list(before.uns)
    assert kernel.adata.obs.equals(before.obs)
    assert list(kernel.adata.obsm) == list(before.obsm)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"n_sim": 3}, TypeError, "did you mean 'n_sims'"),
        ({"basis": "tsne"}, KeyError, "No embedding 'tsne'"),
        ({"color": "cluster"}, KeyError, "did you mean 'clusters'"),
        ({"ixs_legend_loc": "right upper"}, ValueError, "cannot be at 'right upper'"),
        ({"legend_loc": "on dota"}, ValueError, "did you mean 'on data'"),
        ({"cmap": "gnuplod"}, ValueError, "gnuplod"),
    ],
)
def test_refused_pictures(kernel, changed, error, message):
    with pytest.raises(error, match=message):
        kernel.plot_random_walks(**{"n_sims": 3, "max_iter": 3, **changed})
