"""The kernel's mode as a parameter: numbers, what they depend on, and what takes its time."""

from __future__ import annotations

import inspect
import threading
import warnings
from concurrent.futures import CancelledError
from dataclasses import asdict

import numpy as np
import pytest
from traitlets import TraitError

from tests.deprecations import without_warnings
from tests.plugins.made import registered
from tests.plugins.objects import lopsided
from velowidget.core import moments, monte_carlo, stochastic
from velowidget.data.reading import Settings
from velowidget.kernels import VelocityKernel
from velowidget.pipeline import VelocityPipeline, jobs
from velowidget.pipeline.events import Computed, Status
from velowidget.pipeline.offers import modes
from velowidget.pipeline.parameters import Parameters
from velowidget.pipeline.stages import STAGES, key

MODES = ("deterministic", "stochastic", "sampling", "monte_carlo")
DIRECTIONS = {"forward": (False, "transpose"), "transpose": (True, "transpose"), "negate": (True, "negate")}
CHAIN = [
    "velocity",
    "T",
    "projection",
    "particles",
    "grid",
    "stream",
    "diagnostics",
    "belief",
    "flow",
    "flow_null",
    "walks",
]


def curved(v, d, scale):
    return lopsided(v, d, scale)


curved.hessian = lambda v, d, scale: 0.01 * d**2

SCHEMES = {
    "name": "bent",
    "commands": [
        {"id": "bent.curved", "python_name": f"{__name__}:curved"},
        {"id": "bent.straight", "python_name": "tests.plugins.objects:lopsided"},
    ],
    "schemes": [{"id": f"bent.{name}", "title": name, "command": f"bent.{name}"} for name in ("curved", "straight")],
}


@pytest.fixture(autouse=True)
def _bent():
    with registered(SCHEMES):
        yield


def parameters(**changes):
    values = {
        "scheme": "correlation",
        "softmax_scale": 4.0,
        "auto_scale": False,
        "mode": "deterministic",
        "n_samples": 1000,
        "backward": False,
        "backward_mode": "transpose",
        "basis": "umap",
        "components": (),
        "smooth": 0.8,
        "density": 1.0,
        "cluster_key": "clusters",
        "time_key": "",
        "n_sims": 30,
        "max_iter": 9,
        "successive_hits": 0,
        "start_ixs": None,
        "stop_ixs": None,
        "seed": 0,
        "threshold": 0.0,
        "connectivity_weight": 0.0,
        "degenerate": "error",
        **asdict(Settings()),
    }
    return Parameters(**{**values, **changes})


# -- numbers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [None, 3.0])
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize(
    ("mode", "scheme"),
    [
        (mode, scheme)
        for mode in MODES
        for scheme in ("correlation", "cosine", "dot_product", "bent.curved", "bent.straight")
        if (mode, scheme) != ("stochastic", "bent.straight")  # which is refused, see below
    ],
)
def test_every_mode_gives_the_kernels_numbers(adata, mode, scheme, direction, scale):
    adata = adata[:60].copy()
    backward, backward_mode = DIRECTIONS[direction]
    options = {"mode": mode, "scheme": scheme, "backward_mode": backward_mode, "n_samples": 7, "seed": 3}
    with without_warnings():
        pipeline = VelocityPipeline(adata, field="none", backward=backward, softmax_scale=scale, **options)
        ours = pipeline.kernel
    alone = VelocityKernel(adata, backward=backward)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # backward by transpose is deterministic
        alone.compute_transition_matrix(softmax_scale=scale, **options)
    assert ours.params == alone.params
    assert pipeline.softmax_scale == alone.params["softmax_scale"]
    for name in ("transition_matrix", "logits"):
        found, expected = getattr(ours, name), getattr(alone, name)
        np.testing.assert_array_equal(found.indices, expected.indices)
        np.testing.assert_array_equal(found.data, expected.data)


def test_modes_differ(pipeline):
    matrices = []
    for mode in MODES:
        pipeline.mode = mode
        matrices.append(pipeline.kernel.transition_matrix.toarray().tobytes())
    assert len(set(matrices)) == len(MODES)


def test_defaults_are_the_kernels(pipeline):
    ours = inspect.signature(VelocityKernel.compute_transition_matrix).parameters
    assert {name: getattr(pipeline, name) for name in ("mode", "n_samples")} == {
        name: ours[name].default for name in ("mode", "n_samples")
    }


def test_every_mode_is_offered_in_words():
    assert tuple(mode.key for mode in modes(None)) == MODES
    assert all(mode.title and mode.help for mode in modes(None))


# -- what results depend on -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "direction", "numbers"),
    [
        ("deterministic", "forward", set()),
        ("stochastic", "forward", set()),
        ("sampling", "forward", {"seed"}),
        ("monte_carlo", "forward", {"seed", "n_samples"}),
        ("monte_carlo", "negate", {"seed", "n_samples"}),
        ("monte_carlo", "transpose", set()),
    ],
)
def test_only_modes_that_draw_depend_on_samples_and_seed(mode, direction, numbers):
    backward, backward_mode = DIRECTIONS[direction]
    before = parameters(mode=mode, backward=backward, backward_mode=backward_mode)
    for name, downstream in (("seed", ["walks"]), ("n_samples", [])):
        after = Parameters(**{**before.__dict__, name: 77})
        stale = [stage for stage in STAGES if key(STAGES[stage], before) != key(STAGES[stage], after)]
        assert sorted(stale) == sorted(CHAIN if name in numbers else downstream)


def test_backward_by_transpose_is_the_same_in_every_mode(pipeline):
    pipeline.backward = True
    before = pipeline.kernel.transition_matrix
    computed = []
    pipeline.listen(lambda event: computed.append(event) if isinstance(event, Computed) else None)
    for mode in MODES:
        pipeline.mode = mode
        pipeline.wait()
    assert computed == []
    assert pipeline.kernel.params["mode"] == "deterministic"
    assert pipeline.kernel.transition_matrix is not before
    assert (pipeline.kernel.transition_matrix != before).nnz == 0


# -- refusals ---------------------------------------------------------------------------------------


def refusal_of_the_kernel(adata):
    with pytest.raises(TypeError, match="second derivatives") as raised:
        VelocityKernel(adata).compute_transition_matrix(mode="stochastic", scheme="bent.straight")
    return str(raised.value)


def test_a_scheme_without_second_derivatives_and_the_stochastic_mode_refuse_each_other(pipeline, adata):
    pipeline.scheme = "bent.straight"
    with pytest.raises(TraitError) as raised:
        pipeline.mode = "stochastic"
    assert str(raised.value) == refusal_of_the_kernel(adata)
    assert (pipeline.scheme, pipeline.mode) == ("bent.straight", "deterministic")
    pipeline.mode = "monte_carlo"
    pipeline.scheme = "cosine"
    pipeline.mode = "stochastic"
    with pytest.raises(TraitError) as raised:
        pipeline.scheme = "bent.straight"
    assert str(raised.value) == refusal_of_the_kernel(adata)
    assert (pipeline.scheme, pipeline.mode) == ("cosine", "stochastic")
    pipeline.scheme = "bent.curved"
    pipeline.wait()


def test_set_together_scheme_and_mode_count_as_they_are_in_the_end(pipeline):
    pipeline.scheme = "bent.straight"
    with pipeline.hold_trait_notifications():
        pipeline.mode, pipeline.scheme = "stochastic", "cosine"
    with pytest.raises(TraitError, match="second derivatives"), pipeline.hold_trait_notifications():
        pipeline.softmax_scale, pipeline.scheme = 3.0, "bent.straight"
    assert (pipeline.scheme, pipeline.mode, pipeline.auto_scale) == ("cosine", "stochastic", True)
    pipeline.wait()


@pytest.mark.parametrize("scheme", ["cosine", "bent.straight"])
def test_what_was_there_before_can_be_put_back(pipeline, scheme):
    pipeline.scheme = scheme
    pipeline.mode = "stochastic" if scheme == "cosine" else "sampling"
    pipeline.wait()
    before = pipeline.values()
    pipeline.mode = "deterministic"
    pipeline.scheme = "bent.straight" if scheme == "cosine" else "cosine"
    pipeline.mode = "sampling" if scheme == "cosine" else "stochastic"
    with pipeline.hold_trait_notifications():
        for name, value in before.items():
            setattr(pipeline, name, value)
    pipeline.wait()
    assert pipeline.values() == before


def test_a_first_mode_that_the_scheme_cannot_is_raised_by_wait(adata):
    pipeline = VelocityPipeline(adata, mode="stochastic", scheme="bent.straight")
    with pytest.raises(TraitError, match="second derivatives"):
        pipeline.wait()
    pipeline.scheme = "bent.curved"
    pipeline.wait()


@pytest.mark.parametrize("value", [0, -1, 2**32, 2.5, "many"])
def test_samples_are_a_number_from_one(pipeline, value):
    with pytest.raises(TraitError, match="n_samples"):
        pipeline.n_samples = value
    assert pipeline.n_samples == 1000


# -- time -------------------------------------------------------------------------------------------


def test_the_time_of_one_mode_says_nothing_of_another(pipeline, everything_light):
    threads = []

    def note(event):
        if isinstance(event, Computed) and event.stage == "velocity":
            threads.append(threading.current_thread())

    def computed_here(**values):
        for name, value in values.items():
            setattr(pipeline, name, value)
        pipeline.wait()
        return threads.pop() is threading.current_thread()

    pipeline.listen(note)
    assert computed_here(softmax_scale=3.0)
    assert not computed_here(mode="stochastic"), "nobody knows how long it takes"
    assert computed_here(mode="deterministic")
    assert computed_here(mode="stochastic")
    pipeline.jobs._seconds["velocity", "correlation", "stochastic", 1000] = 100.0
    assert computed_here(mode="deterministic")
    assert not computed_here(mode="stochastic")
    assert not computed_here(mode="monte_carlo")
    assert computed_here(seed=1)
    assert not computed_here(n_samples=1001), "nobody knows how much longer"
    assert not computed_here(scheme="cosine")


@pytest.mark.parametrize(
    ("mode", "module"), [("stochastic", stochastic), ("sampling", moments), ("monte_carlo", monte_carlo)]
)
def test_progress_and_cancel(pipeline, monkeypatch, mode, module):
    monkeypatch.setattr(module, "_BLOCK_WORK", 1)  # many blocks
    monkeypatch.setattr(jobs, "_SECONDS_BETWEEN_REPORTS", 0.0)
    shares = []

    def cancel_halfway(event):
        if isinstance(event, Status) and event.stage == "velocity" and event.progress is not None:
            shares.append(event.progress)
            if len(shares) == 5:
                pipeline.cancel()

    stop = pipeline.listen(cancel_halfway)
    pipeline.mode = mode
    with pytest.raises(CancelledError):
        pipeline.wait(60)
    assert len(shares) == 5
    assert sorted(shares) == shares
    assert 0 < shares[-1] < 1
    assert pipeline.jobs.latest("T") is None
    stop()
    pipeline.compute()
    pipeline.wait()
    assert pipeline.kernel.params["mode"] == mode
