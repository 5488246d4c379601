"""Figures: colours that are stored, limits, layers, and legends of many or long names."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from scipy.spatial import cKDTree

from velowidget.data.annotations import CategoricalAnnotation
from velowidget.plotting.palettes import category_colors

pytestmark = pytest.mark.usefixtures("figures")


def of_cells(kernel, ax):
    """Colours of the cells as they are drawn, in the data's order."""
    cells = ax.collections[0]
    _, cell = cKDTree(kernel.adata.obsm["X_umap"]).query(cells.get_offsets())
    drawn = np.empty(kernel.adata.n_obs, dtype=object)
    drawn[cell] = [to_hex(color) for color in cells.get_facecolors()]
    return drawn


def bar(ax):
    (found,) = [other for other in ax.figure.axes if other is not ax]
    return found


def draw(kernel, **keywords):
    return kernel.plot_projection(stream=False, honest=False, **keywords)


@pytest.fixture
def gene(kernel):
    """The name of a gene of which one cell has a thousand times as much as the others, who have 1 to 2."""
    adata = kernel.adata
    dense = np.ones(adata.shape, dtype=np.float32)
    dense[:, 3] = np.linspace(1, 2, adata.n_obs)
    dense[7, 3] = 2000
    adata.X = dense
    return str(adata.var_names[3])


def test_an_outlier_leaves_the_others_their_colours(kernel, gene):
    ax = draw(kernel, color=gene)
    assert len(set(of_cells(kernel, ax))) > 100
    low, high = bar(ax).get_ylim()
    assert (low, high) == pytest.approx((1, 2), abs=0.02)
    assert len(bar(ax).collections) + len(bar(ax).patches) > 0
    assert bar(ax)._colorbar.extend == "max"
    assert ax.get_title() == f"{gene} (X)"


def test_given_limits(kernel, gene):
    assert bar(draw(kernel, color=gene, vmin=1.25, vmax=1.5)).get_ylim() == pytest.approx((1.25, 1.5))
    ax = draw(kernel, color=gene, vmin="p10", vmax="p50")
    values = kernel.adata.X[:, 3]
    assert bar(ax).get_ylim() == pytest.approx(np.percentile(values, [10, 50]), rel=1e-6)
    assert bar(ax)._colorbar.extend == "both"
    colors = of_cells(kernel, ax)
    assert len({*colors[values < np.percentile(values, 10)]}) == 1
    assert len({*colors[values > np.percentile(values, 50)]}) == 1
    ax = kernel.plot_random_walks(3, 5, seed=0, color=gene, vmax="p50", show_progress_bar=False)
    assert bar(ax).get_ylim()[1] == pytest.approx(np.percentile(values, 50))


def test_few_expressing_cells_are_seen(kernel):
    dense = np.zeros(kernel.adata.shape, dtype=np.float32)
    dense[5, 0] = 3
    kernel.adata.X = dense
    name = str(kernel.adata.var_names[0])
    for limits in ({}, {"vmax": "p99"}):
        colors = of_cells(kernel, draw(kernel, color=name, **limits))
        assert (colors[5], colors[6]) == ("#fde725", "#440154")


def test_layers(kernel, gene):
    from_layer = of_cells(kernel, draw(kernel, color=gene, layer="velocity"))
    ax = draw(kernel, color=f"velocity:{gene}")
    assert ax.get_title() == f"{gene} (velocity)"
    assert list(of_cells(kernel, ax)) == list(from_layer)
    assert list(from_layer) != list(of_cells(kernel, draw(kernel, color=gene)))
    with pytest.raises(KeyError, match="no 'veloc'; did you mean 'velocity'"):
        draw(kernel, color=gene, layer="veloc")


@pytest.mark.parametrize(
    ("limits", "words"),
    [({"vmin": 3, "vmax": 2}, "swap"), ({"vmax": "99"}, "p99"), ({"vmin": np.inf}, "finite"), ({"vmin": [1]}, "vmin")],
)
def test_wrong_limits(kernel, gene, limits, words):
    with pytest.raises((ValueError, TypeError), match=words):
        draw(kernel, color=gene, **limits)


def test_colours_that_cannot_be_used_are_said_and_filled(kernel):
    names = list(kernel.adata.obs["clusters"].cat.categories)
    kernel.adata.uns["clusters_colors"] = {names[0]: "tomato2", names[1]: "no colour", names[2]: (0, 0, 1.0)}
    with pytest.warns(UserWarning, match=r"uns\['clusters_colors'\].*'no colour'"):
        colors = of_cells(kernel, draw(kernel, color="clusters"))
    codes = kernel.adata.obs["clusters"].cat.codes.to_numpy()
    assert {*colors[codes == 0]} == {"#ee5c42"}
    assert {*colors[codes == 2]} == {"#0000ff"}
    assert not {*colors[codes == 1]} & {"#ee5c42", "#0000ff", "#c8c8c8"}
    with pytest.warns(UserWarning, match="clusters_colors"):
        kernel.plot_single_flow("Progenitor", "clusters", "day")


def test_legends_name_used_categories_only_and_tell_long_names_apart(kernel):
    long = "CD4-positive, alpha-beta T cell of the peripheral blood, {}"
    used = [long.format(word) for word in ("naive", "memory", "cytotoxic")]
    column = pd.Categorical.from_codes(np.arange(kernel.adata.n_obs) % 3, [*used, *(f"donor {i}" for i in range(60))])
    kernel.adata.obs["ann"] = column
    ax = draw(kernel, color="ann")
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(texts) == len(set(texts)) == 3
    assert all(text.startswith("CD4-positive") and len(text) <= 40 for text in texts)


def categories(n, stored=None, used=None):
    names = tuple(map(str, range(n)))
    codes = np.flatnonzero(np.ones(n, bool) if used is None else used).astype(np.int32)
    return CategoricalAnnotation("clusters", "obs", codes, names, stored)


def test_filled_colours_look_like_no_stored_one():
    orange, like_sky_blue = "#e69f00", "#58b0e0"
    colors = category_colors(categories(4, (None, orange, None, like_sky_blue)))
    assert colors == ["#009e73", orange, "#f0e442", like_sky_blue]


def test_many_colours_are_filled_though_some_are_alike():
    stored = tuple(f"#{i:02x}{j:02x}80" for i in range(0, 256, 16) for j in range(0, 256, 16))
    colors = category_colors(categories(600, stored + (None,) * 344))
    assert colors[:256] == list(stored)
    assert all(len(color) == 7 for color in colors)


def test_ten_thousand_categories_have_colours():
    colors = category_colors(categories(10_000, ("#56b4e9",) + (None,) * 9_999))
    assert all(len(color) == 7 and color[0] == "#" for color in colors)


def test_categories_without_cells_take_no_colour_of_the_palette():
    used = np.zeros(300, dtype=bool)
    used[[3, 150, 299]] = True
    colors = category_colors(categories(300, used=used))
    assert [colors[i] for i in np.flatnonzero(used)] == ["#e69f00", "#56b4e9", "#009e73"]
    assert len({*colors}) == 300
