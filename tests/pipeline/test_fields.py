"""What is drawn, and how far to believe it: the pipeline's results are core's and the kernel's."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from traitlets import TraitError

from velowidget import VelocityPipeline
from velowidget.core.grid import average, lattice
from velowidget.core.streamlines import streamlines
from velowidget.pipeline.events import Computed


def value(pipeline, stage):
    pipeline.want(stage)
    pipeline.wait()
    return pipeline.jobs.latest(stage).value


@pytest.mark.parametrize(("smooth", "density"), [(0.8, 1.0), (2.0, 0.5)])
def test_fields_are_those_of_core(pipeline, smooth, density):
    pipeline.smooth, pipeline.density = smooth, density
    positions = pipeline.positions("umap")
    on = lattice(positions, smooth=smooth, density=density)
    field = average(on, pipeline.kernel.arrows_on(positions))
    np.testing.assert_allclose(value(pipeline, "particles").values, field)
    np.testing.assert_allclose(value(pipeline, "grid").points, on.points)
    np.testing.assert_allclose(value(pipeline, "grid").vectors, field.reshape(-1, 2)[on.kept])
    np.testing.assert_allclose(value(pipeline, "stream").points, streamlines(on, field).points)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"scheme": "cosine"},
        {"backward": True},
        {"backward": True, "backward_mode": "negate"},
        {"mode": "stochastic"},
        {"mode": "monte_carlo", "n_samples": 20, "backward": True, "backward_mode": "negate"},
    ],
)
def test_diagnostics_are_those_of_the_kernel(adata, parameters):
    pipeline = VelocityPipeline(adata, **parameters)
    found, expected = value(pipeline, "diagnostics"), pipeline.kernel.diagnostics("umap")
    for name in expected:
        np.testing.assert_allclose(getattr(found, name), expected[name], atol=1e-12)


def test_belief_is_the_smaller_of_fidelity_and_support_averaged(pipeline):
    found, numbers = value(pipeline, "belief"), pipeline.kernel.diagnostics("umap")
    smaller = np.minimum(numbers["fidelity"], numbers["support"]).to_numpy()[:, None]
    on = found.lattice
    here = on.mass > 0
    np.testing.assert_allclose(found.values[here], average(on, smaller)[here])
    assert np.isnan(found.values[~here]).all()


def test_the_time_of_one_lattice_says_nothing_of_another(adata, pipeline, everything_light):
    adata.obsm["X_space"] = np.random.default_rng(0).normal(size=(adata.n_obs, 3))
    threads = {}

    def note(event):
        if isinstance(event, Computed):
            threads[event.stage] = threading.current_thread()

    def computed_here(**values):
        threads.clear()
        for name, v in values.items():
            setattr(pipeline, name, v)
        pipeline.wait()
        return {stage: thread is threading.current_thread() for stage, thread in threads.items()}

    for stage in ("stream", "belief"):
        pipeline.want(stage)
    pipeline.wait()
    pipeline.listen(note)
    stages = ("lattice", "particles", "grid", "stream", "belief")
    for changed in ({"smooth": 5.0}, {"density": 4.0}, {"basis": "space"}):
        before = {name: getattr(pipeline, name) for name in changed}
        there, back = computed_here(**changed), computed_here(**before)
        assert not any(there[stage] for stage in stages), f"nobody knows how long {changed} takes"
        assert all(back[stage] for stage in stages)


def test_support_depends_on_no_scale(pipeline):
    before = value(pipeline, "diagnostics")
    pipeline.softmax_scale = 50.0
    after = value(pipeline, "diagnostics")
    np.testing.assert_array_equal(before.support, after.support)
    assert (after.entropy < before.entropy).mean() > 0.9


def test_a_diagnostic_as_colour_is_computed_for_it(adata):
    pipeline = VelocityPipeline(adata, color="support")
    pipeline.wait()
    assert pipeline.annotation.source == "diagnostics"
    np.testing.assert_array_equal(pipeline.annotation.values, pipeline.jobs.latest("diagnostics").value.support)
    pipeline.color = "clusters"
    assert "diagnostics" not in pipeline.wanted


def test_a_column_of_that_name_goes_first(adata):
    adata.obs["support"] = np.arange(adata.n_obs)
    pipeline = VelocityPipeline(adata, color="support")
    assert pipeline.annotation.source == "obs"
    assert "diagnostics" not in pipeline.wanted


@pytest.mark.parametrize("name", ["smooth", "density", "arrow_length", "point_size", "opacity"])
@pytest.mark.parametrize("bad", [0.0, -1.0, 1e6, float("nan"), float("inf")])
def test_numbers_have_ranges(pipeline, name, bad):
    before = getattr(pipeline, name)
    with pytest.raises(TraitError, match=f"{name} must be from"):
        setattr(pipeline, name, bad)
    assert getattr(pipeline, name) == before


def test_looks_need_no_computing(pipeline):
    generation = pipeline.jobs.generation
    pipeline.arrow_length, pipeline.point_size, pipeline.opacity, pipeline.honest = 2.0, 0.5, 0.3, False
    assert pipeline.jobs.generation == generation


def test_components_are_the_axes(adata):
    adata.obsm["X_wide"] = np.random.default_rng(0).normal(size=(adata.n_obs, 5))
    adata.obsm["X_space"] = adata.obsm["X_wide"][:, :3]
    pipeline = VelocityPipeline(adata, basis="wide", components=[1, 3])
    pipeline.wait()
    np.testing.assert_array_equal(pipeline.positions("wide"), adata.obsm["X_wide"][:, [0, 2]])
    assert value(pipeline, "projection").vectors.shape == (adata.n_obs, 2)
    pipeline.components = [5, 1, 2]
    assert value(pipeline, "projection").vectors.shape == (adata.n_obs, 3)
    assert value(pipeline, "stream").points.shape[1] == 3
    with pytest.raises(TraitError, match="components 1 to 5"):
        pipeline.components = [1, 6]
    assert pipeline.components == [5, 1, 2]
    pipeline.basis = "space"
    assert pipeline.components == []
    assert pipeline.positions("space").shape[1] == 3, "all of three"
