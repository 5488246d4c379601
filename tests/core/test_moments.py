"""Neighbourhood moments and random velocities against NumPy, CellRank's arrays and invariants."""

from __future__ import annotations

import os
from pathlib import Path

import anndata as ad
import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.reference import graph_of, neighbours
from velowidget.core import moments as module
from velowidget.core.moments import draw_velocities, velocity_moments
from velowidget.data.graphs import read_graph
from velowidget.data.velocity import read_velocity

SHARED = Path(__file__).resolve().parents[3] / "shared"
REFERENCE = SHARED / "reference" / "pancreas-cellrank.npz"


def slow_moments(graph, v):
    """Mean and population variance over each cell's neighbours and itself."""
    around = [sorted({i, *neighbours(graph, i)}) for i in range(graph.n_cells)]
    v = np.asarray(v, dtype=np.float64)
    return np.array([v[a].mean(axis=0) for a in around]), np.array([v[a].var(axis=0) for a in around])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_equal_reference(data, dtype):
    graph, _, v = data
    v = v.astype(dtype)
    for found, expected in zip(velocity_moments(graph, v), slow_moments(graph, v), strict=True):
        assert found.dtype == np.float64
        np.testing.assert_allclose(found, expected, atol=1e-14, rtol=1e-13)


@given(values=arrays(np.int8, (5, 3), elements=st.integers(-2, 2)), pattern=arrays(bool, (5, 5)))
def test_equal_reference_on_any_graph(values, pattern):
    """Cells without neighbours, and with themselves as a neighbour, which count once."""
    graph, v = graph_of(pattern), values.astype(np.float64)
    for found, expected in zip(velocity_moments(graph, v), slow_moments(graph, v), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-14)


def test_small_variances_keep_their_digits(rng):
    graph, ripple = graph_of(~np.eye(6, dtype=bool)), rng.normal(size=(6, 3))
    _, expected = slow_moments(graph, ripple)
    _, found = velocity_moments(graph, 2.0**20 + 2.0**-20 * ripple)
    np.testing.assert_allclose(found * 2.0**40, expected, rtol=1e-4)  # the sum itself is rounded to 2^-32


def test_equal_velocities_have_no_variance_at_all():
    graph = graph_of(~np.eye(7, dtype=bool))
    mean, variance = velocity_moments(graph, np.full((7, 3), 0.1))
    np.testing.assert_array_equal(mean, 0.1)
    np.testing.assert_array_equal(variance, 0.0)


@pytest.mark.skipif(
    not REFERENCE.exists() and os.environ.get("CI") != "true",
    reason=f"needs the reference arrays {REFERENCE}, which are not in git",
)
def test_equal_those_of_cellrank():
    pancreas = ad.read_h5ad(SHARED / "data" / "pancreas.h5ad")
    graph, _ = read_graph(pancreas)
    mean, variance = velocity_moments(graph, read_velocity(pancreas, "velocity", "Ms", None).v)
    with np.load(REFERENCE) as expected:
        np.testing.assert_allclose(mean[:, :50], expected["vexp"], atol=1e-5)
        np.testing.assert_allclose(variance[:, :50], expected["vvar"], atol=1e-5)


def test_drawn_velocities_have_the_moments(rng):
    """Three thousand twins of one neighbourhood, whose draws are as many samples of one distribution."""
    cells = 3000
    pattern = np.zeros((cells + 3, cells + 3), dtype=bool)
    pattern[:cells, cells:] = True
    v = np.vstack([np.broadcast_to([0.5, 0.0, -1.0, 2.0, 0.0], (cells, 5)), rng.normal(size=(3, 5))])
    v[:, 4] = 0.0
    graph = graph_of(pattern)
    mean, variance = velocity_moments(graph, v)
    drawn = draw_velocities(graph, v, seed=1)[:cells]
    np.testing.assert_array_equal(drawn[:, 4], 0.0)
    standard = (drawn[:, :4] - mean[0, :4]) / np.sqrt(variance[0, :4])
    assert np.abs(standard.mean(axis=0)).max() < 5 / np.sqrt(cells)
    assert np.abs(standard.var(axis=0) - 1).max() < 5 * np.sqrt(2 / cells)
    assert np.abs(np.corrcoef(standard.T)[~np.eye(4, dtype=bool)]).max() < 5 / np.sqrt(cells)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_draws_depend_on_seed_and_cell_only(data, monkeypatch, dtype):
    graph, _, v = data
    v = v.astype(dtype)
    expected = draw_velocities(graph, v, seed=7)
    assert expected.dtype == dtype
    assert not np.array_equal(draw_velocities(graph, v, seed=8), expected)
    np.testing.assert_array_equal(draw_velocities(graph, v, seed=7), expected)
    monkeypatch.setattr(module, "_BLOCK_WORK", 1)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        np.testing.assert_array_equal(draw_velocities(graph, v, seed=7), expected)
    finally:
        numba.set_num_threads(threads)


@pytest.mark.parametrize("run", [velocity_moments, lambda *args, **kw: draw_velocities(*args, 0, **kw)])
def test_report_and_shapes(data, run):
    graph, _, v = data
    seen = []
    run(graph, v, report=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 40)
    assert seen[-1] == (40, 40)
    with pytest.raises(ValueError, match="one row for each of 40 cells"):
        run(graph, v[:-1])
