"""Parameters to results: what is computed when, in which thread, and what is never shown."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError
from dataclasses import asdict, replace

import numpy as np
import pytest
from traitlets import TraitError, link

from velowidget.data.reading import Settings
from velowidget.kernels import VelocityKernel
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.events import Computed, Failed, Status
from velowidget.pipeline.parameters import Parameters
from velowidget.pipeline.stage import Stage
from velowidget.pipeline.stages import STAGES, key


def recorded(pipeline):
    events = []
    pipeline.listen(events.append)
    return events


def computed(events):
    return [event.stage for event in events if isinstance(event, Computed)]


def set_together(pipeline, **values):
    with pipeline.hold_trait_notifications():
        for name, value in values.items():
            setattr(pipeline, name, value)


class Gate:
    """A similarity stage that waits until it is let through, and counts how often it was started."""

    def __init__(self, monkeypatch):
        self.entered, self.open, self.starts = threading.Event(), threading.Event(), 0
        compute = STAGES["similarity"].compute

        def gated(context):
            self.starts += 1
            self.entered.set()
            while not self.open.wait(0.005):
                context.report(1, 4)
            return compute(context)

        stage = Stage(name="similarity", label="Similarities", depends=("scheme", "direction"), compute=gated)
        monkeypatch.setitem(STAGES, "similarity", stage)


# -- which parameter makes which stage stale ------------------------------------------------------

FIELD = {"particles", "grid", "stream"}  # of averages
BELIEF = {"diagnostics", "belief"}
FLOW = {"flow", "flow_null"}
ALL = {"similarity", "velocity", "T", "projection", "lattice", "null", "walks"} | FIELD | BELIEF | FLOW
WALKS = {"n_sims": 30, "max_iter": 9, "successive_hits": 0, "start_ixs": None, "stop_ixs": None, "seed": 0}
STALE = {
    ("scheme", "cosine"): ALL - {"lattice"},
    ("softmax_scale", 7.0): {"velocity", "T", "projection", "walks"} | FIELD | BELIEF | FLOW,
    ("basis", "pca"): {"projection", "lattice"} | FIELD | BELIEF,
    ("components", (2, 1)): {"projection", "lattice"} | FIELD | BELIEF,
    ("mode", "stochastic"): {"velocity", "T", "projection", "walks"} | FIELD | BELIEF | FLOW,
    ("n_samples", 10): set(),  # deterministic: no mode that draws
    ("backward", True): ALL - {"lattice"},
    ("smooth", 2.0): {"lattice", "belief"} | FIELD,
    ("density", 2.0): {"lattice", "belief"} | FIELD,
    ("cluster_key", "stage"): FLOW,
    ("time_key", "day"): FLOW,
    ("seed", 1): {"walks"},
    ("max_iter", 8): {"walks"},
    ("connectivity_weight", 0.2): {"T", "projection", "walks"} | FIELD | BELIEF | FLOW,
    ("threshold", 0.1): {"T", "projection", "walks"} | FIELD | BELIEF | FLOW,
    ("vkey", "velocity_true"): ALL - {"lattice"},
    ("n_neighbors", 5): ALL - {"lattice"},
    ("backward_mode", "negate"): set(),  # forward: the mode is not in use
}


@pytest.mark.parametrize(("change", "stale"), STALE.items(), ids=[name for name, _ in STALE])
def test_a_change_makes_exactly_the_stages_downstream_of_it_stale(change, stale):
    shown = {"smooth": 0.8, "density": 1.0, "cluster_key": "clusters", "time_key": ""}
    kernel = {"mode": "deterministic", "n_samples": 1000, "backward": False, "backward_mode": "transpose"}
    kernel |= {
        "scheme": "correlation",
        "softmax_scale": 4.0,
        "auto_scale": False,
        "threshold": 0.0,
        "degenerate": "error",
    }
    kernel |= {"connectivity_weight": 0.0}
    kernel |= {**asdict(Settings())}
    before = Parameters(**kernel, basis="umap", components=(), **shown, **WALKS)
    after = Parameters(**{**before.__dict__, change[0]: change[1]})
    assert {name for name, stage in STAGES.items() if key(stage, before) != key(stage, after)} == stale


@pytest.mark.parametrize(("change", "stale"), STALE.items(), ids=[name for name, _ in STALE])
def test_only_stale_stages_are_computed(pipeline, change, stale):
    for stage in STAGES:
        pipeline.want(stage)
    pipeline.wait()
    events = recorded(pipeline)
    setattr(pipeline, *change)
    pipeline.wait()
    # an explicit scale equal in effect still counts as another scale; the auto scale is part of T
    assert set(computed(events)) == stale


def test_negating_needs_no_similarities(pipeline):
    pipeline.backward_mode = "negate"
    events = recorded(pipeline)
    pipeline.backward = True
    pipeline.wait()
    assert "similarity" not in computed(events)
    assert "T" in computed(events)


def test_only_what_the_field_needs_is_computed(adata):
    pipeline = VelocityPipeline(adata, field="none")
    events = recorded(pipeline)
    pipeline.wait()
    pipeline.softmax_scale = 3.0
    pipeline.wait()
    assert set(computed(events)) <= {"similarity", "velocity", "T"}
    pipeline.field = "arrows"
    pipeline.wait()
    assert pipeline.jobs.latest("projection") is not None
    assert pipeline.jobs.latest("grid") is None


# -- results are those of the kernel --------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["correlation", "cosine", "dot_product"])
@pytest.mark.parametrize(("backward", "mode"), [(False, "transpose"), (True, "transpose"), (True, "negate")])
def test_kernel_is_what_the_kernel_class_computes(adata, scheme, backward, mode):
    pipeline = VelocityPipeline(adata, scheme=scheme, backward=backward, backward_mode=mode)
    ours = pipeline.kernel
    alone = VelocityKernel(adata, backward=backward)
    alone.compute_transition_matrix(scheme=scheme, backward_mode=mode)
    assert (ours.transition_matrix != alone.transition_matrix).nnz == 0
    assert (ours.logits != alone.logits).nnz == 0
    assert ours.params == alone.params
    assert ours.backward is backward


def test_the_kernel_is_independent(pipeline):
    kernel = pipeline.kernel
    before = pipeline.kernel.transition_matrix.copy()
    kernel.compute_transition_matrix(scheme="dot_product", softmax_scale=1.0)
    with pytest.raises(ValueError, match="read-only"):
        pipeline.kernel.transition_matrix.data[:] = 0
    assert (pipeline.kernel.transition_matrix != before).nnz == 0
    assert pipeline.scheme == "correlation"


def test_arrows_and_grid_show_the_resolved_scale(pipeline):
    for stage in ("projection", "grid"):
        assert pipeline.jobs.latest(stage).parameters.softmax_scale == pipeline.softmax_scale


# -- the softmax scale ----------------------------------------------------------------------------


def test_scale_is_the_number_in_use(pipeline):
    automatic = pipeline.softmax_scale
    assert automatic == pipeline.automatic_scale == pipeline.kernel.params["softmax_scale"]
    pipeline.softmax_scale = 2
    assert (pipeline.softmax_scale, pipeline.auto_scale) == (2.0, False)
    assert pipeline.kernel.params["softmax_scale"] == 2.0


def test_a_scale_kept_before_it_is_known_is_the_automatic_one(adata, pipeline):
    early = VelocityPipeline(adata, auto_scale=False)
    early.wait()
    assert (early.softmax_scale, early.auto_scale) == (pipeline.softmax_scale, False)
    early.scheme = "dot_product"
    early.wait()
    assert early.softmax_scale == pipeline.softmax_scale


@pytest.mark.parametrize("value", [None, "auto"])
def test_none_and_auto_put_the_automatic_number_back(pipeline, value):
    automatic = pipeline.softmax_scale
    pipeline.softmax_scale = 2
    pipeline.softmax_scale = value
    assert (pipeline.softmax_scale, pipeline.auto_scale) == (automatic, True)


def test_a_scale_kept_while_it_is_not_known_is_that_of_the_chain_gone_back_to(adata, pipeline):
    pipeline.wait()
    known = pipeline.softmax_scale
    with pipeline.changing():  # nothing is computed before this ends
        pipeline.scheme = "cosine"
        pipeline.auto_scale = False
        assert pipeline.softmax_scale is None
        pipeline.scheme = "correlation"
        assert (pipeline.softmax_scale, pipeline.auto_scale) == (known, False)


def test_assigning_the_same_number_still_takes_it_into_ones_own_hands(pipeline):
    pipeline.softmax_scale = float(pipeline.softmax_scale)
    assert not pipeline.auto_scale


def test_the_automatic_scale_follows_scheme_and_direction_and_a_number_stays(pipeline):
    correlation = pipeline.softmax_scale
    pipeline.scheme = "dot_product"
    pipeline.wait()
    assert pipeline.softmax_scale != correlation
    pipeline.softmax_scale = 3.0
    pipeline.scheme = "correlation"
    pipeline.wait()
    assert pipeline.softmax_scale == 3.0
    assert pipeline.automatic_scale == correlation
    pipeline.auto_scale = True
    pipeline.wait()
    assert pipeline.softmax_scale == correlation


@pytest.mark.parametrize("value", [0, -1.0, float("nan"), float("inf"), "ten", [1.0], True])
def test_a_refused_scale_leaves_everything_as_it_was(pipeline, value):
    before = (pipeline.softmax_scale, pipeline.auto_scale, pipeline.jobs.generation)
    with pytest.raises(TraitError, match="larger than 0"):
        pipeline.softmax_scale = value
    assert (pipeline.softmax_scale, pipeline.auto_scale, pipeline.jobs.generation) == before


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [
        ("scheme", "corelation", "correlation"),
        ("mode", "stochastik", "stochastic"),
        ("backward_mode", "negated", "negate"),
        ("basis", "umpa", "umap"),
        ("color", "cluster", "clusters"),
        ("field", "grids", "grid"),
    ],
)
def test_a_refused_word_names_the_nearest(pipeline, name, value, nearest):
    before = getattr(pipeline, name)
    with pytest.raises(TraitError, match=f"did you mean '{nearest}'"):
        setattr(pipeline, name, value)
    assert getattr(pipeline, name) == before


def test_no_embedding_is_refused_with_those_there_are(pipeline):
    with pytest.raises(TraitError, match="'umap', 'umap3d', 'pca'"):
        pipeline.basis = ""
    assert pipeline.basis == "umap"


def test_no_colour_is_a_choice(pipeline):
    pipeline.color = ""
    assert pipeline.annotation is None


def test_numbers_of_numpy_are_numbers(pipeline):
    given = {"smooth": np.float32(0.5), "n_sims": np.int64(7), "honest": np.False_, "softmax_scale": np.float32(3)}
    set_together(pipeline, **given)
    assert {name: getattr(pipeline, name) for name in given} == given
    assert {type(getattr(pipeline, name)) for name in given} == {float, int, bool}


def test_refused_together_nothing_counts(pipeline):
    before, generation = pipeline.values(), pipeline.jobs.generation
    with pytest.raises(TraitError, match="colour"):
        set_together(pipeline, scheme="cosine", softmax_scale=3.0, color="nonesuch")
    assert pipeline.values() == before
    assert pipeline.annotation.key == before["color"]
    assert pipeline.jobs.generation == generation


# -- threads, progress, cancel --------------------------------------------------------------------


def test_light_stages_answer_inside_the_assignment(pipeline, everything_light):
    pipeline.softmax_scale = 5.0  # compiled by now
    pipeline.wait()
    threads = set()
    pipeline.listen(lambda event: threads.add(threading.current_thread()))
    pipeline.softmax_scale = 6.0
    assert pipeline.jobs.latest("grid").parameters.softmax_scale == 6.0
    assert threads == {threading.current_thread()}


def test_heavy_stages_run_elsewhere_and_report_progress(adata, monkeypatch):
    gate = Gate(monkeypatch)
    pipeline = VelocityPipeline(adata)
    events = recorded(pipeline)
    assert gate.entered.wait(60)
    told = threading.Event()
    pipeline.listen(lambda event: told.set() if isinstance(event, Status) and event.progress == 0.25 else None)
    assert told.wait(60)
    gate.open.set()
    pipeline.wait()
    working = [e for e in events if isinstance(e, Status) and e.state == "working" and e.stage == "similarity"]
    assert any(e.progress == 0.25 for e in working)
    assert replace(events[-1], hashes={}) == Status(pipeline.jobs.generation, "ready")


def test_cancel_stops_and_compute_goes_on(adata, monkeypatch):
    gate = Gate(monkeypatch)
    pipeline = VelocityPipeline(adata)
    assert gate.entered.wait(60)
    pipeline.cancel()
    with pytest.raises(CancelledError, match="compute"):
        pipeline.wait(60)
    gate.open.set()
    pipeline.compute()
    pipeline.wait()
    assert gate.starts == 2


def test_a_long_stage_that_is_still_right_is_not_started_again(adata, monkeypatch):
    gate = Gate(monkeypatch)
    pipeline = VelocityPipeline(adata)
    events = recorded(pipeline)
    assert gate.entered.wait(60)
    for scale in np.linspace(1, 20, 50):
        pipeline.softmax_scale = scale
    gate.open.set()
    pipeline.wait()
    assert gate.starts == 1
    assert pipeline.kernel.params["softmax_scale"] == 20.0
    assert [e.value.softmax_scale for e in events if isinstance(e, Computed) and e.stage == "T"] == [20.0]


def test_a_long_stage_that_is_no_longer_asked_for_is_dropped(adata, monkeypatch):
    gate = Gate(monkeypatch)
    pipeline = VelocityPipeline(adata)
    events = recorded(pipeline)
    assert gate.entered.wait(60)
    pipeline.scheme = "cosine"
    gate.open.set()
    pipeline.wait()
    assert {e.parameters.scheme for e in events if isinstance(e, Computed) and e.stage != "lattice"} == {"cosine"}


def test_several_assignments_under_the_lock_are_one_change(pipeline):
    generation = pipeline.jobs.generation
    with pipeline.hold_trait_notifications():
        pipeline.scheme = "cosine"
        pipeline.backward = True
        pipeline.softmax_scale = 3.0
    pipeline.wait()
    assert pipeline.jobs.generation == generation + 1


def test_wait_says_when_it_gives_up(adata, monkeypatch):
    gate = Gate(monkeypatch)
    pipeline = VelocityPipeline(adata)
    with pytest.raises(TimeoutError, match=r"0\.05 seconds"):
        pipeline.wait(0.05)
    gate.open.set()
    pipeline.wait()


def test_an_observer_may_ask_for_the_kernel(pipeline):
    seen = []
    pipeline.observe(lambda change: seen.append(pipeline.kernel.params["softmax_scale"]), "softmax_scale")
    pipeline.softmax_scale = 9.0
    assert seen == [9.0]


def test_a_failing_listener_or_observer_does_not_stop_the_rest(pipeline, caplog):
    def fail(_):
        raise RuntimeError("not my day")

    pipeline.listen(fail)
    events = recorded(pipeline)
    pipeline.softmax_scale = 9.0
    pipeline.wait()
    assert "grid" in computed(events)
    assert "not my day" in caplog.text


def test_many_threads_changing_at_once_end_in_step(pipeline):
    def change(seed):
        random = np.random.default_rng(seed)
        for _ in range(30):
            pipeline.softmax_scale = float(random.uniform(1, 30))
            pipeline.scheme = str(random.choice(["correlation", "cosine"]))

    threads = [threading.Thread(target=change, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipeline.wait()
    kernel = pipeline.kernel
    assert kernel.params["softmax_scale"] == pipeline.softmax_scale
    assert kernel.params["scheme"] == pipeline.scheme
    assert pipeline.jobs.latest("grid").parameters.softmax_scale == pipeline.softmax_scale


def test_two_linked_pipelines_may_be_changed_from_two_threads(adata, pipeline):
    other = VelocityPipeline(adata)
    other.wait()
    link((pipeline, "softmax_scale"), (other, "softmax_scale"))

    def change(one):
        for scale in np.linspace(1, 20, 100):
            one.softmax_scale = float(scale)

    threads = [threading.Thread(target=change, args=(one,), daemon=True) for one in (pipeline, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert pipeline.softmax_scale == other.softmax_scale == 20.0
    assert pipeline.kernel.params == other.kernel.params


def test_an_interrupted_cell_hands_its_work_over_and_loses_no_event(pipeline, everything_light):
    pipeline.softmax_scale = 5.0  # light by now
    pipeline.wait()
    events, interrupts = [], [KeyboardInterrupt]

    def interrupted(event):
        if isinstance(event, Computed) and interrupts:
            raise interrupts.pop()
        events.append(event)

    pipeline.listen(interrupted)
    with pytest.raises(KeyboardInterrupt):
        pipeline.softmax_scale = 6.0
    pipeline.wait(60)
    assert [event.parameters.softmax_scale for event in events if isinstance(event, Computed)] == [6.0] * 5
    pipeline.softmax_scale = 7.0
    pipeline.wait(60)
    assert pipeline.jobs.latest("grid").parameters.softmax_scale == 7.0


def test_listening_may_be_ended_twice(pipeline):
    events = []
    stop = pipeline.listen(events.append)
    stop()
    stop()
    pipeline.softmax_scale = 6.0
    pipeline.wait()
    assert events == []


# -- several stages asked for -----------------------------------------------------------------------


def extra_stage(monkeypatch, compute, depends=("backward",)):
    monkeypatch.setitem(
        STAGES, "extra", Stage(name="extra", label="Extra", after=("similarity",), depends=depends, compute=compute)
    )


def test_a_stage_asked_for_stays_computed_until_it_is_released(pipeline):
    assert pipeline.wanted == ("grid",)
    pipeline.field = "none"
    pipeline.want("projection")
    pipeline.softmax_scale = 3.0
    pipeline.wait()
    assert pipeline.wanted == ("T", "projection")
    assert pipeline.jobs.latest("projection").parameters.softmax_scale == 3.0
    pipeline.release("projection")
    pipeline.softmax_scale = 4.0
    pipeline.wait()
    assert pipeline.jobs.latest("projection") is None
    with pytest.raises(ValueError, match="did you mean 'projection'"):
        pipeline.want("projections")


def test_a_failed_stage_leaves_the_others_alone_and_may_be_tried_again(pipeline, monkeypatch):
    broken = [ValueError("out of order")]

    def compute(context, similarity):
        if broken:
            raise broken[0]
        return "mended"

    extra_stage(monkeypatch, compute)
    events = recorded(pipeline)
    pipeline.want("extra")
    with pytest.raises(ValueError, match="out of order"):
        pipeline.wait()
    pipeline.softmax_scale = 3.0  # nothing to the stage, whose failure still stands
    with pytest.raises(ValueError, match="out of order"):
        pipeline.wait()
    assert pipeline.jobs.latest("grid").parameters.softmax_scale == 3.0
    assert pipeline.kernel.params["softmax_scale"] == 3.0
    assert [event.stage for event in events if isinstance(event, Failed)] == ["extra"]
    failed = Status(pipeline.jobs.generation, "failed", pending=("extra",), failed=("extra",))
    assert replace(events[-1], hashes={}) == failed
    broken.clear()
    pipeline.want("extra")
    pipeline.wait()
    assert pipeline.jobs.latest("extra").value == "mended"
    assert replace(events[-1], hashes={}) == Status(pipeline.jobs.generation, "ready")


def test_what_is_drawn_does_not_wait_for_a_long_stage_beside_it(pipeline, monkeypatch):
    entered, finish = threading.Event(), threading.Event()

    def compute(context, similarity):
        while not finish.wait(0.005):
            entered.set()
            context.report(1, 2)
        return "done"

    extra_stage(monkeypatch, compute)
    pipeline.want("extra")
    assert entered.wait(60)
    events = recorded(pipeline)
    pipeline.softmax_scale = 3.0
    pipeline.jobs.wait(10, only="grid")
    assert pipeline.jobs.latest("grid").parameters.softmax_scale == 3.0
    assert pipeline.jobs.latest("extra") is None
    finish.set()
    pipeline.wait(60)
    assert computed(events) == ["velocity", "T", "projection", "particles", "grid", "extra"]


# -- failures -------------------------------------------------------------------------------------


def test_a_failed_stage_is_reported_and_raised_and_another_parameter_mends_it(adata):
    adata.layers["velocity"][3] = 1.0  # constant: no correlation with anything
    pipeline = VelocityPipeline(adata)
    events = recorded(pipeline)
    with pytest.raises(ValueError, match=adata.obs_names[3]):
        pipeline.wait()
    pipeline.compute()
    with pytest.raises(ValueError, match=adata.obs_names[3]):
        pipeline.kernel  # noqa: B018
    assert [e.stage for e in events if isinstance(e, Failed)][-1] == "velocity"
    pipeline.scheme = "cosine"
    pipeline.wait()


def test_a_refused_first_value_is_raised_by_wait_until_it_is_mended(adata):
    pipeline = VelocityPipeline(adata, scheme="corelation")
    with pytest.raises(TraitError, match="'correlation'"):
        pipeline.wait()
    pipeline.scheme = "cosine"
    pipeline.wait()


def test_unknown_keywords_name_the_nearest(adata):
    with pytest.raises(TypeError, match="'softmax_scale'"):
        VelocityPipeline(adata, softmax_scal=3)


def test_left_out_genes_are_a_notice(adata):
    adata.layers["velocity"][0, np.flatnonzero(adata.var["velocity_genes"])[:2]] = np.nan
    assert any("2 genes" in notice for notice in VelocityPipeline(adata).notices)
