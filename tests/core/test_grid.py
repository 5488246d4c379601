"""Lattice and averages against direct sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import reference
from velowidget.core import grid
from velowidget.core.grid import average, lattice, sums


def at_points(on, values):
    """Averages at the points that are kept."""
    return average(on, values).reshape(-1, values.shape[1])[on.kept]


@pytest.mark.parametrize("n_cells", [2, 3, 10, 300])
@pytest.mark.parametrize("n_dims", [2, 3])
def test_equals_direct_sum(rng, n_cells, n_dims):
    positions = rng.normal(size=(n_cells, n_dims)) * 5 + 100
    arrows = rng.normal(size=(n_cells, n_dims))
    on = lattice(positions, density=0.3)
    expected, mass = reference.averages(on.points, positions, arrows, 0.8 * on.spacing)
    np.testing.assert_allclose(at_points(on, arrows), expected, atol=1e-12)
    np.testing.assert_allclose(sums(on, arrows)[..., 0].ravel()[on.kept], mass, atol=1e-12)
    reached = sums(on, arrows)[..., 0]
    np.testing.assert_allclose(on.mass * np.percentile(reached[reached > 0], 95), reached, atol=1e-12)
    assert len(on.points) > 0
    assert (mass > 0).all()


@pytest.mark.parametrize("smooth", [0.3, 1.7, 5.0, 40.0])
@pytest.mark.parametrize("n_dims", [1, 2, 3])
def test_any_width_equals_direct_sum(rng, n_dims, smooth):
    """Also of clumps that are much denser, and smaller than a spacing; also where it reaches over the rim."""
    positions = np.concatenate([rng.normal(size=(60, n_dims)) * 3, rng.normal(size=(60, n_dims)) * 0.05 + 1])
    arrows = rng.normal(size=(120, n_dims))
    on = lattice(positions, density=0.25, smooth=smooth, min_mass=0.0)
    expected, mass = reference.averages(on.points, positions, arrows, smooth * on.spacing)
    np.testing.assert_allclose(at_points(on, arrows), expected, atol=1e-12)
    np.testing.assert_allclose(sums(on, arrows)[..., 0].ravel()[on.kept], mass, rtol=1e-9)


@pytest.mark.parametrize("pass_over", [lambda *a: lattice(a[0], smooth=5.0, report=a[2]), average, sums])
def test_progress_and_cancel(rng, monkeypatch, pass_over):
    monkeypatch.setattr(grid, "_BLOCK_WORK", 10_000)
    positions, arrows = rng.normal(size=(500, 2)), rng.normal(size=(500, 2))
    at = positions if "lambda" in pass_over.__name__ else lattice(positions, smooth=5.0)
    reports = []

    def report(done, total):
        reports.append((done, total))
        if done > 250:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        pass_over(at, arrows, report)
    assert len(reports) > 3
    assert 250 < reports[-1][0] < reports[-1][1] == 500


def test_values_need_a_row_per_cell(rng):
    on = lattice(rng.normal(size=(20, 2)))
    for bad in (np.ones(20), np.ones((19, 2))):
        with pytest.raises(ValueError, match=r"row for each of the 20 cells.*values\[:, None\]"):
            average(on, bad)


@pytest.mark.parametrize("shape", [(20,), (20, 0)])
def test_positions_are_a_matrix(shape):
    with pytest.raises(ValueError, match=r"shape \(n_cells, n_dims\), not \(20,"):
        lattice(np.zeros(shape))


def test_points_are_square_and_cover_the_cells(rng):
    positions = rng.random((500, 2)) * (8.0, 2.0)
    on = lattice(positions, min_mass=0.0)
    assert on.spacing == pytest.approx(np.ptp(positions[:, 0]) / 32)
    for axis in range(2):
        steps = np.diff(np.unique(on.points[:, axis].round(9)))
        np.testing.assert_allclose(steps, on.spacing)
        assert on.points[:, axis].min() <= positions[:, axis].min()
        assert on.points[:, axis].max() >= positions[:, axis].max()


def test_min_mass_drops_points_far_from_cells(rng):
    positions = np.concatenate([rng.normal(size=(200, 2)), [[40.0, 0.0]]])
    all_points, dense = lattice(positions, min_mass=0.0), lattice(positions, min_mass=0.5)
    assert len(dense.points) < len(all_points.points)
    assert dense.points[:, 0].max() < 20 < all_points.points[:, 0].max()


def test_constant_field_stays_constant(rng):
    positions = rng.normal(size=(100, 2))
    on = lattice(positions)
    np.testing.assert_allclose(at_points(on, np.tile([3.0, -1.0], (100, 1))), np.tile([3.0, -1.0], (len(on.points), 1)))


def test_cells_without_position_or_arrow_are_left_out(rng):
    positions, arrows = rng.normal(size=(60, 2)), rng.normal(size=(60, 2))
    positions[5], arrows[8] = np.nan, (np.nan, 1.0)
    others = np.delete(np.arange(60), [5, 8])
    on, on_others = lattice(positions), lattice(np.delete(positions, 5, axis=0))
    np.testing.assert_allclose(on.points, on_others.points)
    expected, _ = reference.averages(on.points, positions[others], arrows[others], 0.8 * on.spacing)
    np.testing.assert_allclose(at_points(on, arrows), expected, atol=1e-12)
    assert np.isfinite(average(on, arrows)).all()


def test_no_arrow_near_is_zero(rng):
    positions = rng.normal(size=(20, 2))
    np.testing.assert_array_equal(average(lattice(positions), np.full((20, 2), np.nan)), 0.0)


@pytest.mark.parametrize("direction", [(1.0, 0.0), (0.0, 1.0)])
def test_one_dimensional_spread(rng, direction):
    positions = rng.random((50, 1)) * np.array([direction]) + 2.0
    on = lattice(positions)
    flat = direction.index(0.0)
    np.testing.assert_allclose(on.points[:, flat], 2.0)
    assert len(on.points) > 10


def test_identical_positions_are_one_point():
    on = lattice(np.full((7, 2), 3.0))
    np.testing.assert_array_equal(on.points, [[3.0, 3.0]])
    np.testing.assert_allclose(at_points(on, np.arange(14.0).reshape(7, 2)), [[6.0, 7.0]])


def test_no_position_is_no_point():
    on = lattice(np.full((4, 2), np.nan))
    assert on.points.shape == (0, 2)
    np.testing.assert_array_equal(average(on, np.zeros((4, 2))), 0.0)


def test_one_cell_is_one_point():
    on = lattice(np.array([[2.0, -1.0, 5.0]]))
    np.testing.assert_array_equal(on.points, [[2.0, -1.0, 5.0]])
    np.testing.assert_allclose(at_points(on, np.array([[0.5, 0.25, 0.0]])), [[0.5, 0.25, 0.0]])


def test_a_gaussian_too_narrow_to_reach_a_cell_is_no_point():
    on = lattice(np.array([[0.0, 0.0], [1.0, 0.37]]), density=0.04, smooth=1e-6)
    assert on.points.shape == (0, 2)


@pytest.mark.parametrize("bad", [{"density": 0.0}, {"smooth": 0.0}, {"smooth": np.nan}, {"density": np.inf}])
def test_density_and_smooth_are_positive(bad):
    with pytest.raises(ValueError, match=f"{next(iter(bad))} must be larger than 0"):
        lattice(np.zeros((3, 2)), **bad)


def test_more_than_three_dimensions_are_refused():
    """The lattice would not fit into memory."""
    with pytest.raises(ValueError, match="2 or 3 of them"):
        lattice(np.zeros((10, 50)))


@given(shift=st.floats(-1e3, 1e3), factor=st.floats(1e-3, 1e3), seed=st.integers(0, 99))
def test_moves_and_scales_with_the_embedding(shift, factor, seed):
    rng = np.random.default_rng(seed)
    positions, arrows = rng.normal(size=(30, 2)), rng.normal(size=(30, 2))
    on, moved = lattice(positions, min_mass=0.0), lattice(positions * factor + shift, min_mass=0.0)
    assert moved.spacing == pytest.approx(on.spacing * factor, rel=1e-6)
    if len(on.points) == len(moved.points):  # rounding may add a row of points at the rim
        np.testing.assert_allclose(moved.points, on.points * factor + shift, atol=1e-6 * factor)
        np.testing.assert_allclose(at_points(moved, arrows), at_points(on, arrows), atol=1e-6)
