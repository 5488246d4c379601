"""What napari is given, as plain arrays."""

from __future__ import annotations

import numpy as np
import pytest

from velowidget.data.annotations import CategoricalAnnotation, ContinuousAnnotation, read_annotation
from velowidget.napari_plugin import layers
from velowidget.napari_plugin.legend import legend
from velowidget.plotting.palettes import MISSING


def test_up_on_the_embedding_is_up_on_the_screen():
    plane = layers.axes(np.array([[1.0, 2.0], [3.0, -4.0]]))
    np.testing.assert_array_equal(plane, [[0, -2, 1], [0, 4, 3]])
    np.testing.assert_array_equal(layers.axes(np.array([[1.0, 2.0, 5.0]])), [[5, -2, 1]])
    assert plane.dtype == np.float32


def test_arrows_start_at_their_feet_and_are_as_long_as_in_the_widget():
    feet = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [np.nan, np.nan]])
    vectors = np.array([[0.5, 0.0], [0.01, 0.0], [np.nan, np.nan], [1.0, 0.0]])
    shown = layers.arrows(feet, vectors, 0.25)
    np.testing.assert_allclose(shown, [[[0, 0, 0], [0, 0, 0.5 * 1.6 * 0.25]]])  # the second is too short to be seen


def test_no_more_arrows_than_can_be_told_apart():
    many = np.zeros((2 * layers.MOST_ARROWS + 1, 2, 3), dtype=np.float32)
    many[:, 0, 0] = np.arange(len(many))
    left = layers.thinned(many)
    assert len(left) <= layers.MOST_ARROWS
    assert set(np.diff(left[:, 0, 0])) == {3}
    few = many[: layers.MOST_ARROWS]
    assert len(layers.thinned(few)) == len(few)


def test_tracks_are_walks_step_by_step_without_what_has_no_place():
    positions = np.array([[0.0, 0.0], [1.0, 0.0], [np.nan, np.nan], [0.0, 3.0]])
    walks = np.array([[0, 1, 2, 3], [3, 0, -1, -1]], dtype=np.int32)
    np.testing.assert_array_equal(
        layers.tracks(walks, positions),
        [[0, 0, 0, 0, 0], [0, 1, 0, 0, 1], [0, 3, 0, -3, 0], [1, 0, 0, -3, 0], [1, 1, 0, 0, 0]],
    )


def test_cells_without_a_place_are_left_out_and_the_others_keep_their_names(adata):
    positions = np.array(adata.obsm["X_umap"], dtype=float)
    positions[3] = np.nan
    points, attributes, kind = layers.cells(adata, positions, read_annotation(adata, "clusters"), name="c")
    assert kind == "points"
    assert len(points) == adata.n_obs - 1
    assert list(attributes["features"]["cell"]) == list(np.delete(adata.obs_names, 3))
    assert list(attributes["features"]["clusters"]) == list(np.delete(adata.obs["clusters"].astype(str), 3))
    assert len(attributes["face_color"]) == len(points)
    assert attributes["metadata"]["anndata"] is adata


def test_categories_have_the_stored_colours_and_the_missing_ones_grey():
    annotation = CategoricalAnnotation("c", "obs", np.array([1, -1, 0], np.int32), ("a", "b"), ("#ff0000", "#0000ff"))
    colors = layers.colors(annotation, 3)
    np.testing.assert_allclose(colors[[0, 2]], [[0, 0, 1, 1], [1, 0, 0, 1]])
    np.testing.assert_allclose(colors[1, :3], [int(MISSING[i : i + 2], 16) / 255 for i in (1, 3, 5)])


@pytest.mark.parametrize("values", [[0.0, 1.0, np.nan], [2.0, 2.0, 2.0], [np.nan] * 3])
def test_numbers_have_a_colour_whatever_they_are(values):
    colors = layers.colors(ContinuousAnnotation("g", "gene", np.array(values)), 3)
    assert np.isfinite(colors).all()
    assert (colors[:, 3] == 1).all()
    assert (colors[0] == colors[1]).all() == (values[0] == values[1] or np.isnan(values[0]))


def test_the_legend_names_categories_with_cells_and_the_limits_in_use():
    codes = np.array([0, 2, 2, -1], dtype=np.int32)
    found = legend(CategoricalAnnotation("c", "obs", codes, ("used", "never", "<b>too"), None))
    assert "used" in found
    assert "never" not in found
    assert "&lt;b&gt;too" in found
    numbers = ContinuousAnnotation("g", "gene", np.array([*np.linspace(0, 1, 200), 900.0]), "<Ms>")
    assert legend(numbers).startswith("0&nbsp;")
    assert "&ge;0.995" in legend(numbers)
    assert "(&lt;Ms&gt;)" in legend(numbers)
    assert legend(numbers, vmin=0.5, vmax=2000.0).startswith("&le;0.5&nbsp;")
    assert "&ge;" not in legend(numbers, vmax=2000.0)


def test_colours_follow_the_limits():
    values = ContinuousAnnotation("g", "gene", np.array([0.0, 1.0, 2.0, np.nan]), "X")
    low, high = layers.colors(values, 4)[[0, 2]]
    np.testing.assert_array_equal(layers.colors(values, 4, vmin=1.0)[:2], [low, low])
    np.testing.assert_array_equal(layers.colors(values, 4, vmax="p50")[1:3], [high, high])
