"""Arrows and lines of figures fade where there is little reason to believe them."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch
from matplotlib.quiver import Quiver

from velowidget import VelocityKernel
from velowidget.core.grid import lattice
from velowidget.kernels import ConnectivityKernel
from velowidget.plotting.belief import opacities

SENTENCE = "Faint: fidelity or support is small."

pytestmark = pytest.mark.usefixtures("figures")


@pytest.fixture
def noise(adata):
    """Whose velocities point anywhere."""
    velocity = adata.layers["velocity"]
    adata.layers["velocity"] = np.random.default_rng(0).normal(size=velocity.shape).astype(velocity.dtype)
    return VelocityKernel(adata).compute_transition_matrix()


def every(ax, kind):
    return [child for child in ax.get_children() if isinstance(child, kind)]


def sentences(ax):
    return [text.get_text() for text in ax.texts]


def drawn_opacities(ax, stream):
    (drawn,) = every(ax, LineCollection if stream else Quiver)
    return drawn.get_colors()[:, 3] if stream else drawn.get_facecolors()[:, 3]


def slow_opacity(on, belief, place):
    """Belief averaged at the corners around one place, those without cells left out, interpolated."""
    at = (place - on.start) / on.spacing
    low = np.minimum(np.floor(at + 1e-9).astype(int), np.array(on.shape) - 2)
    total = weights = 0.0
    for corner in np.ndindex(2, 2):
        weight = np.prod([share if up else 1 - share for up, share in zip(corner, at - low, strict=True)])
        point = on.start + on.spacing * (low + corner)
        far = np.linalg.norm(on.positions - point, axis=1) / on.spread
        near = far <= 3
        sure = near & np.isfinite(belief)
        if near.any() and weight > 1e-12:
            gauss = np.exp(-(far[sure] ** 2) / 2)
            total += weight * (gauss @ belief[sure] / gauss.sum() if sure.any() else 0.0)
            weights += weight
    return 0.12 + 0.88 * (total / weights if weights else 0.0)


@pytest.mark.parametrize("stream", [True, False])
def test_fades_by_the_smaller_of_fidelity_and_support(noise, stream):
    ax = noise.plot_projection(stream=stream, density=1, arrow_color="navy")
    known = noise.diagnostics()
    belief = np.minimum(known["fidelity"], known["support"]).to_numpy()
    on = lattice(noise.adata.obsm["X_umap"])
    (drawn,) = every(ax, LineCollection if stream else Quiver)
    places = [path[0] for path in drawn.get_segments()] if stream else drawn.XY
    expected = [slow_opacity(on, belief, place) for place in places]
    np.testing.assert_allclose(drawn_opacities(ax, stream), expected, atol=1e-6)
    assert np.ptp(expected) > 0.2
    colors = drawn.get_colors() if stream else drawn.get_facecolors()
    np.testing.assert_allclose(colors[:, :3], np.tile(to_rgb("navy"), (len(colors), 1)))
    heads = every(ax, FancyArrowPatch)
    assert bool(heads) == stream
    assert all(head.get_facecolor()[3] < 0.9 for head in heads)
    assert sentences(ax) == [SENTENCE]


@pytest.mark.parametrize("stream", [True, False])
def test_signal_is_surer_than_noise(kernel, stream, noise):
    sure = drawn_opacities(kernel.plot_projection(stream=stream), stream)
    unsure = drawn_opacities(noise.plot_projection(stream=stream), stream)
    assert np.median(unsure) < 0.6 * np.median(sure)


@pytest.mark.parametrize("stream", [True, False])
def test_can_be_turned_off(noise, stream):
    ax = noise.plot_projection(stream=stream, honest=False)
    assert (drawn_opacities(ax, stream) == 1).all()
    assert all(head.get_facecolor()[3] == 1 for head in every(ax, FancyArrowPatch))
    assert not sentences(ax)


def test_chains_without_diagnostics_do_not_fade(kernel):
    given = VelocityKernel(kernel.adata)
    given.transition_matrix = kernel.transition_matrix.copy()
    for other in (given, ConnectivityKernel(kernel.adata), 0.5 * kernel + 0.5 * ConnectivityKernel(kernel.adata)):
        ax = other.plot_projection()
        assert (drawn_opacities(ax, stream=True) == 1).all()
        assert not sentences(ax)


def test_diagnostics_are_computed_once(kernel, monkeypatch):
    calls = []
    compute = VelocityKernel.diagnostics
    monkeypatch.setattr(VelocityKernel, "diagnostics", lambda *given: calls.append(1) or compute(*given))
    kernel.plot_projection(color="support")
    assert len(calls) == 1
    kernel.plot_projection(honest=False)
    assert len(calls) == 1


def test_lines_have_no_gaps(noise):
    """Each stroke ends where the next one of its line begins, or a hair beyond."""
    (drawn,) = every(noise.plot_projection(), LineCollection)
    strokes = drawn.get_segments()
    vertices = [tuple(stroke[-2]) for stroke in strokes]
    begins = [tuple(stroke[0]) for stroke in strokes]
    joined = [end == begin for end, begin in zip(vertices[:-1], begins[1:], strict=True)]
    lines = len(every(drawn.axes, FancyArrowPatch))
    assert len(strokes) - sum(joined) == lines
    hair = [np.linalg.norm(stroke[-1] - stroke[-2]) / np.linalg.norm(stroke[-2] - stroke[-3]) for stroke in strokes]
    assert max(hair) < 0.2


def test_unknown_belief_is_faint():
    positions = np.random.default_rng(1).normal(size=(50, 2))
    on = lattice(positions)
    unknown, sure = np.full(50, np.nan), np.ones(50)
    np.testing.assert_allclose(opacities(on, unknown, sure, positions), 0.12)
    np.testing.assert_allclose(opacities(on, sure, sure, positions), 1.0)


def test_places_without_cells_are_no_doubt():
    positions = np.array([[0.0, 0.0], [10.0, 10.0]])
    on = lattice(positions)
    edge = np.argwhere((on.mass[:-1] > 0) & (on.mass[1:] == 0))
    between = on.start + on.spacing * (edge + np.array([0.5, 0.0]))
    np.testing.assert_allclose(opacities(on, np.ones(2), np.ones(2), between), 1.0)
    assert len(edge)
