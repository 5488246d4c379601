"""Streamlines against fields whose lines are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from velowidget.core import streamlines as module
from velowidget.core.grid import average, lattice
from velowidget.core.streamlines import streamlines


def lines_of(found):
    return [found.points[a:b] for a, b in zip(found.starts[:-1], found.starts[1:], strict=True)]


@pytest.fixture
def square(rng):
    """Cells all over a square, or cube, about the origin."""
    return lambda n_dims: lattice(rng.uniform(-1, 1, size=(4000, n_dims)), density=0.6)


def everywhere(on, field):
    axes = [on.start[c] + on.spacing * np.arange(n) for c, n in enumerate(on.shape)]
    return field(np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1))


@pytest.mark.parametrize("n_dims", [2, 3])
def test_follows_a_uniform_field(square, n_dims):
    on = square(n_dims)
    direction = np.array([0.6, 0.8, 0.0])[:n_dims]
    found = streamlines(on, everywhere(on, lambda p: np.broadcast_to(0.25 * direction, p.shape)))
    assert len(found.starts) > 5
    np.testing.assert_allclose(found.speeds, 0.25)
    for line in lines_of(found):
        steps = np.diff(line, axis=0)
        np.testing.assert_allclose(steps, 0.2 * on.spacing * np.broadcast_to(direction, steps.shape), atol=1e-9)


def test_goes_round_a_vortex_once(square):
    on = square(2)
    found = streamlines(on, everywhere(on, lambda p: np.stack([-p[..., 1], p[..., 0]], axis=-1)))
    for line in lines_of(found):
        radius = np.linalg.norm(line, axis=1)
        if radius.mean() < 0.5 * on.spacing:
            continue  # steps are too long for circles that small
        assert np.ptp(radius) < 0.1 * on.spacing
        angle = np.unwrap(np.arctan2(line[:, 1], line[:, 0]))
        assert (np.diff(angle) > 0).all(), "along the field"
        # A small circle is over before its vertices are far apart enough to be told from the way that was come.
        if radius[0] > 2 * on.spacing:
            assert np.ptp(angle) < 2 * np.pi + 0.1


@pytest.mark.parametrize("drift", [0.02, 0.05, 0.2])
def test_does_not_zigzag_where_the_field_runs_together(square, drift):
    on = square(2)
    found = streamlines(
        on, everywhere(on, lambda p: np.stack([np.full(p.shape[:-1], drift), -np.sign(p[..., 1])], axis=-1))
    )
    assert len(found.starts) > 5
    for line in lines_of(found):
        steps = np.diff(line, axis=0)
        steps /= np.linalg.norm(steps, axis=1)[:, None]
        assert (steps[1:] * steps[:-1]).sum(axis=1).min() > 0.29


@pytest.mark.parametrize("n_dims", [2, 3])
@pytest.mark.parametrize("separation", [0.7, 1.0, 1.5])
def test_lines_keep_apart(square, n_dims, separation):
    on = square(n_dims)
    field = everywhere(on, lambda p: np.roll(p, 1, axis=-1) * ([-1] + [1] * (n_dims - 1)) + 0.1)
    lines = lines_of(streamlines(on, field, separation=separation))
    assert len(lines) > 3
    vertices, number = np.concatenate(lines), np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    tree = cKDTree(vertices / on.spacing)
    near = tree.query_pairs(0.5 * separation - 1e-9, output_type="ndarray")
    np.testing.assert_array_equal(number[near[:, 0]], number[near[:, 1]])
    near = np.sort(tree.query_pairs(separation - 1e-9, output_type="ndarray"), axis=1)
    free = np.ones(len(vertices), dtype=bool)  # of earlier lines
    free[near[number[near[:, 0]] != number[near[:, 1]], 1]] = False
    assert len(np.unique(number[free])) == len(lines), "where they started"
    # Where cells and a direction are, a line is not far.
    speeds = np.linalg.norm(field.reshape(-1, n_dims)[on.kept], axis=1)
    inside = on.points[(speeds > 0.3) & (np.abs(on.points) < 0.8).all(axis=1)]
    assert np.median(tree.query(inside / on.spacing)[0]) < 1.2 * separation


def test_no_line_is_too_short_to_be_seen_as_one(square):
    on = square(2)
    field = everywhere(on, lambda p: np.stack([np.cos(7 * p[..., 1]), np.sin(5 * p[..., 0])], axis=-1))
    lengths = [np.linalg.norm(np.diff(line, axis=0), axis=1).sum() for line in lines_of(streamlines(on, field))]
    assert min(lengths) > 1.9 * on.spacing


def test_more_separation_is_fewer_lines(square):
    on = square(2)
    field = everywhere(on, lambda p: np.ones_like(p))
    counts = [len(streamlines(on, field, separation=s).starts) for s in (0.5, 1.0, 2.0)]
    assert counts[0] > counts[1] > counts[2]


def test_stays_where_cells_are(rng):
    positions = rng.normal(size=(600, 2))
    positions[300:, 0] += 12
    on = lattice(positions)
    found = streamlines(on, average(on, np.tile([1.0, 0.0], (600, 1))))
    assert len(found.points)
    assert cdist(found.points, positions).min(axis=1).max() < 3 * on.spread
    assert not any(line[0, 0] < 4 and line[-1, 0] > 8 for line in lines_of(found)), "over the gap"


def test_same_lines_in_any_units(rng):
    positions, arrows = rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) * 0.1 + (0.5, 0.2)
    on, scaled = lattice(positions), lattice(positions * 1024 + 4096)
    one, other = streamlines(on, average(on, arrows)), streamlines(scaled, average(scaled, arrows * 8))
    np.testing.assert_array_equal(one.starts, other.starts)
    np.testing.assert_allclose(one.points * 1024 + 4096, other.points, rtol=1e-6)
    np.testing.assert_allclose(one.speeds * 8, other.speeds, rtol=1e-6)


@pytest.mark.parametrize("n_cells", [0, 1, 2, 3, 10, 49])
@pytest.mark.parametrize("n_dims", [2, 3])
def test_few_cells(rng, n_cells, n_dims):
    positions = rng.normal(size=(n_cells, n_dims))
    on = lattice(positions)
    found = streamlines(on, average(on, np.ones((n_cells, n_dims))))
    assert np.isfinite(found.points).all()
    assert found.starts[-1] == len(found.points) == len(found.speeds)


@pytest.mark.parametrize("n_dims", [2, 3])
def test_progress_and_cancel(square, monkeypatch, n_dims):
    monkeypatch.setattr(module, "_SEEDS_IN_BLOCK", 100)
    on = square(n_dims)
    field = everywhere(on, lambda p: np.roll(p, 1, axis=-1) * ([-1] + [1] * (n_dims - 1)) + 0.1)
    reports = []

    def report(done, total):
        reports.append((done, total))
        if done > 200:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        streamlines(on, field, report=report)
    assert reports[0] == (0, 0), "before there are places"
    assert reports[-1][0] == 300 < reports[-1][1]


@pytest.mark.parametrize("n_dims", [2, 3])
def test_blocks_do_not_matter(square, monkeypatch, n_dims):
    on = square(n_dims)
    field = everywhere(on, lambda p: np.roll(p, 1, axis=-1) * ([-1] + [1] * (n_dims - 1)) + 0.1)
    whole = streamlines(on, field)
    monkeypatch.setattr(module, "_SEEDS_IN_BLOCK", 7)
    parts = streamlines(on, field)
    np.testing.assert_array_equal(parts.points, whole.points)
    np.testing.assert_array_equal(parts.starts, whole.starts)


@pytest.mark.parametrize("separation", [0.0, -1.0, np.nan, np.inf])
def test_separation_is_positive(square, separation):
    on = square(2)
    with pytest.raises(ValueError, match="separation must be larger than 0"):
        streamlines(on, np.ones((*on.shape, 2)), separation=separation)


def test_no_field_no_lines(square):
    on = square(2)
    found = streamlines(on, np.zeros((*on.shape, 2)))
    assert found.points.shape == (0, 2)
    np.testing.assert_array_equal(found.starts, [0])
