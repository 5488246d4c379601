"""What plugins contribute works where ours do: in kernels, in the pipeline, in pictures and in files."""

from __future__ import annotations

import csv

import numpy as np
import pandas as pd
import pytest
from traitlets import TraitError

from tests.plugins.made import registered
from tests.plugins.objects import MANIFEST, lopsided
from velowidget import VelocityKernel, VelocityPipeline, datasets, plugins
from velowidget.data.annotations import CategoricalAnnotation
from velowidget.kernels import Kernel
from velowidget.plotting.palettes import category_colors
from velowidget.plugins import PluginError

RED_AND_BLUE = ("#ff0000", "#0000ff")


def categories(n, stored=None):
    names = tuple(map(str, range(n)))
    return CategoricalAnnotation("clusters", "obs", np.arange(n, dtype=np.int32), names, stored)


@pytest.fixture(autouse=True)
def _mine():
    with registered(MANIFEST):
        yield


def dense(kernel):
    return kernel.transition_matrix.toarray()


def test_kernels_know_the_schemes_of_plugins(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix(scheme="mine.plain_cosine", softmax_scale=5)
    ours = VelocityKernel(adata).compute_transition_matrix(scheme="cosine", softmax_scale=5)
    np.testing.assert_allclose(dense(kernel), dense(ours), atol=1e-6)
    with pytest.raises(ValueError, match=r"did you mean 'mine\.plain_cosine'"):
        kernel.compute_transition_matrix(scheme="mine.plain_cosin")
    with pytest.raises(PluginError, match=r"'mine' could not be used.*gone"):
        kernel.compute_transition_matrix(scheme="mine.gone")


@pytest.mark.parametrize("scale", [None, 3.0])
@pytest.mark.parametrize(
    ("backward", "mode"),
    [(False, "transpose"), (True, "transpose"), (True, "negate")],
    ids=["fwd", "transpose", "negate"],
)
def test_the_pipeline_computes_what_the_kernel_does(adata, backward, mode, scale):
    pipeline = VelocityPipeline(
        adata, scheme="mine.lopsided", backward=backward, backward_mode=mode, softmax_scale=scale
    )
    kernel = VelocityKernel(adata, backward=backward)
    kernel.compute_transition_matrix(scheme=lopsided, backward_mode=mode, softmax_scale=scale)
    assert pipeline.kernel.params == kernel.params
    np.testing.assert_array_equal(dense(pipeline.kernel), dense(kernel))
    np.testing.assert_array_equal(pipeline.kernel.logits.toarray(), kernel.logits.toarray())
    pd.testing.assert_frame_equal(pipeline.kernel.diagnostics(), kernel.diagnostics())


def test_going_from_scheme_to_scheme_and_back(pipeline):
    ours = dense(pipeline.kernel)
    pipeline.scheme = "mine.lopsided"
    theirs = dense(pipeline.kernel)
    pipeline.backward, pipeline.backward_mode = True, "negate"
    assert len({theirs.tobytes(), ours.tobytes(), dense(pipeline.kernel).tobytes()}) == 3
    pipeline.backward = False
    np.testing.assert_array_equal(dense(pipeline.kernel), theirs)
    pipeline.scheme = "correlation"
    np.testing.assert_array_equal(dense(pipeline.kernel), ours)


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        ("mine.gone", "plugin 'mine' could not be used"),
        ("mine.on_the_moon", r"needs adata\.obsm\['X_moon'\]"),
        ("mine.lopsidet", "did you mean 'mine.lopsided'"),
    ],
)
def test_a_scheme_that_cannot_be_used_is_refused_and_the_old_one_stays(pipeline, scheme, words):
    with pytest.raises(TraitError, match=words):
        pipeline.scheme = scheme
    assert pipeline.scheme == "correlation"
    pipeline.wait()


def test_a_scheme_that_raises_says_so_and_the_next_one_works(pipeline):
    pipeline.scheme = "mine.failing"
    with pytest.raises(RuntimeError, match="no idea") as raised:
        pipeline.wait()
    assert "failing" in raised.value.__notes__[0]
    pipeline.scheme = "cosine"
    pipeline.wait()


def test_a_scheme_that_ends_python_does_not(pipeline):
    pipeline.scheme = "mine.leaving"
    with pytest.raises(RuntimeError, match=r"sys\.exit"):
        pipeline.wait(60)
    pipeline.scheme = "cosine"
    pipeline.wait()


def test_a_scheme_that_goes_away_is_missed(pipeline):
    pipeline.scheme = "mine.lopsided"
    pipeline.wait()
    plugins.disable("mine")
    with pipeline.changing():
        pass
    with pytest.raises(ValueError, match=r"'mine\.lopsided' is not known"):
        pipeline.wait()
    plugins.enable("mine")
    with pipeline.changing():
        pass
    pipeline.wait()


def test_kernels(adata):
    kind = plugins.load("kernels", "mine.Kernel")
    assert issubclass(kind, Kernel)
    assert plugins.load("kernels", "velocity") is VelocityKernel


def test_no_colour_of_the_palette_looks_like_no_value():
    for color in category_colors(categories(8)):
        channels = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
        assert max(channels) - min(channels) > 60, f"{color} is as good as grey"


def test_palettes(pipeline):
    assert category_colors(categories(2, RED_AND_BLUE), "mine.greys") == ["#111111", "#eeeeee"]
    assert category_colors(categories(2, RED_AND_BLUE)) == ["#ff0000", "#0000ff"]
    assert category_colors(categories(2, RED_AND_BLUE), "okabe_ito") == ["#e69f00", "#56b4e9"]
    assert len(set(category_colors(categories(3), "mine.greys"))) == 3  # more than it has
    pipeline.palette = "mine.greys"
    with pytest.raises(TraitError, match=r"did you mean 'mine\.greys'"):
        pipeline.palette = "mine.grey"
    with pytest.raises(TraitError, match=r"needs adata\.obs\['age'\]"):
        pipeline.palette = "mine.ages"
    assert pipeline.palette == "mine.greys"
    plugins.disable("mine")
    assert category_colors(categories(2, RED_AND_BLUE), "mine.greys") == ["#ff0000", "#0000ff"]  # as "auto"
    assert category_colors(categories(2), "mine.greys") == ["#e69f00", "#56b4e9"]


def test_exporters(pipeline, tmp_path):
    written = pipeline.export("mine.write", tmp_path / "result")
    assert written == tmp_path / "result.txt"
    assert written.read_text() == f"correlation {pipeline.adata.n_obs}"
    assert pipeline.export("mine.write", str(tmp_path / "other.dat")).name == "other.dat"
    with pytest.raises(ValueError, match=r"needs adata\.obs\['age'\]"):
        pipeline.export("mine.w", tmp_path / "no")
    with pytest.raises(ValueError, match="did you mean 'arrows'"):
        pipeline.export("arrow", tmp_path / "no")


def test_our_exporters(pipeline, tmp_path):
    with pipeline.export("arrows", tmp_path / "arrows").open(newline="") as file:
        rows = list(csv.DictReader(file))
    arrows = pipeline.kernel.compute_projection("umap", copy=True)
    assert [row["cell"] for row in rows] == list(pipeline.adata.obs_names)
    np.testing.assert_array_equal([[float(r["velocity_x"]), float(r["velocity_y"])] for r in rows], arrows)
    np.testing.assert_array_equal([float(r["x"]) for r in rows], pipeline.positions("umap")[:, 0])
    read = Kernel.read(pipeline.export("kernel", tmp_path / "kernel"), pipeline.adata)
    np.testing.assert_array_equal(dense(read), dense(pipeline.kernel))


@pytest.mark.parametrize("components", [[], [3, 1]])
def test_places_and_velocities_in_a_table_are_on_the_same_components(adata, tmp_path, components):
    adata.obsm["X_space"] = np.random.default_rng(0).normal(size=(adata.n_obs, 3))
    pipeline = VelocityPipeline(adata, basis="space", components=components)
    header, *rows = csv.reader(pipeline.export("arrows", tmp_path / "arrows").open(newline=""))
    axes = [c - 1 for c in components] or [0, 1, 2]
    names = "xyz"[: len(axes)]
    assert header == ["cell", *names, *(f"velocity_{name}" for name in names)]
    velocities = pipeline.kernel.compute_projection("space", copy=True)
    numbers = np.array([row[1:] for row in rows], dtype=float)
    np.testing.assert_array_equal(numbers, np.hstack([adata.obsm["X_space"][:, axes], velocities[:, axes]]))


def test_example_data():
    manifest = {
        **MANIFEST,
        "name": "data",
        "commands": [{"id": "data.tiny", "python_name": "velowidget.datasets.simulated:bifurcation"}],
        "sample_data": [{"id": "data.tiny", "title": "Tiny", "command": "data.tiny"}],
        **{kind: [] for kind in ("schemes", "kernels", "panels", "palettes", "exporters")},
    }
    with registered(manifest):
        assert datasets.load("data.tiny", n_cells=60, n_genes=20).n_obs == 60
    assert datasets.load("cycle", n_cells=60, n_genes=20).n_obs == 60
    with pytest.raises(ValueError, match="did you mean 'bifurcation'"):
        datasets.load("bifurcations")
    with pytest.raises(AttributeError):
        datasets.bifurcations  # noqa: B018
