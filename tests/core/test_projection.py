"""Arrows on an embedding, and their scale."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from tests import reference
from tests.reference import graph_of, random_graph
from velowidget.core.projection import project, quiver_scale
from velowidget.core.similarity import similarity
from velowidget.core.softmax import row_softmax


@pytest.fixture
def walk(data):
    """Graph and probabilities."""
    graph, x, v = data
    return graph, row_softmax(graph, similarity(graph, x, v).logits, 3.0)


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equals_reference(walk, rng, n_dims, dtype):
    graph, probabilities = walk
    positions = rng.normal(size=(40, n_dims)).astype(dtype)
    positions[3] = positions[graph.indices[graph.indptr[2]]]  # coinciding cells
    positions[9] = np.nan
    expected = reference.projection(graph, graph.matrix(probabilities).toarray(), positions)
    found = project(graph, probabilities, positions)
    np.testing.assert_allclose(found, expected, atol=1e-14)
    assert np.isnan(found[9]).all()
    assert np.isfinite(np.delete(found, 9, axis=0)).all()


def test_uniform_walk_has_no_arrows(walk, rng):
    graph, _ = walk
    uniform = row_softmax(graph, np.zeros(graph.n_edges), 1.0)
    np.testing.assert_allclose(project(graph, uniform, rng.normal(size=(40, 2))), 0.0, atol=1e-15)


def test_sure_step_points_at_the_neighbour():
    graph = graph_of([[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    positions = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 2.0]])
    found = project(graph, np.array([1.0, 0.0, 1.0, 1.0]), positions)
    np.testing.assert_allclose(found[0], [0.5, -0.5])


def test_neighbours_without_a_place_are_left_out():
    graph = graph_of([[0, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 1], [1, 0, 1, 0]])
    positions = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 2.0], [np.nan, np.nan]])
    found = project(graph, np.array([0.6, 0.2, 0.2, 1.0, 1.0, 0.5, 0.5]), positions)
    np.testing.assert_allclose(found[0], [0.25, -0.25])  # three to one instead of half and half
    assert np.isnan(found[[2, 3]]).all()
    graph = graph_of([[0, 1, 1], [1, 0, 0], [1, 0, 0]])
    lost = project(graph, np.array([0.0, 1.0, 1.0, 1.0]), np.array([[0.0, 0.0], [1.0, 0.0], [np.nan, np.nan]]))
    assert np.isnan(lost[0]).all(), "it goes nowhere that has a place"


def test_cells_without_neighbours_are_nan_and_staying_cells_zero():
    graph = graph_of([[0, 0, 0], [1, 0, 1], [1, 1, 0]])
    found = project(graph, np.array([0.0, 0.0, 0.3, 0.7]), np.eye(3)[:, :2])
    assert np.isnan(found[0]).all()
    np.testing.assert_array_equal(found[1], 0.0)
    assert found[2].any()


def test_embedding_units_do_not_matter(walk, rng):
    graph, probabilities = walk
    positions = rng.normal(size=(40, 2))
    np.testing.assert_allclose(
        project(graph, probabilities, positions * 1e6 + 7), project(graph, probabilities, positions), atol=1e-9
    )


def test_shapes_that_do_not_fit(walk, rng):
    graph, probabilities = walk
    with pytest.raises(ValueError, match="39 positions"):
        project(graph, probabilities, rng.normal(size=(39, 2)))
    with pytest.raises(ValueError, match="probabilities"):
        project(graph, probabilities[1:], rng.normal(size=(40, 2)))


@pytest.mark.parametrize(("n_cells", "with_nan"), [(30, False), (150, False), (400, True)])
def test_scale_is_that_of_a_drawn_quiver(rng, n_cells, with_nan):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    positions = rng.normal(size=(n_cells, 2)) * (3.0, 11.0) + (100.0, -4.0)
    arrows = rng.normal(size=(n_cells, 2)) * (0.2, 0.1)
    if with_nan:
        arrows[::7] = np.nan
    # matplotlib's own figure and margins, whatever the user's settings are; CellRank's axes are those of a subplot
    # of the classic default size, 6.4 x 4.8 inches.
    with mpl.rc_context(mpl.rcParamsDefault):
        figure = Figure()
        FigureCanvasAgg(figure)
        quiver = figure.add_subplot().quiver(*positions.T, *arrows.T, angles="xy", scale=None, scale_units="xy")
        figure.canvas.draw()
    assert quiver_scale(arrows, positions) == pytest.approx(3 * quiver.scale, rel=1e-12)


def test_scale_of_no_arrows_is_one(rng):
    positions = rng.normal(size=(20, 2))
    assert quiver_scale(np.zeros((20, 2)), positions) == 1.0
    assert quiver_scale(np.full((20, 2), np.nan), positions) == 1.0
    assert quiver_scale(np.zeros((20, 2)), np.full((20, 2), 3.0)) == 1.0


def test_large_graph_in_parallel(rng):
    """Enough cells for every thread."""
    graph = random_graph(rng, 500, 8)
    positions = rng.normal(size=(500, 2))
    probabilities = row_softmax(graph, rng.normal(size=graph.n_edges), 2.0)
    expected = reference.projection(graph, graph.matrix(probabilities).toarray(), positions)
    np.testing.assert_allclose(project(graph, probabilities, positions), expected, atol=1e-14)
