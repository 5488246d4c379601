"""Observers and other threads: nobody waits for them, and everybody sees values that belong together."""

from __future__ import annotations

import random
import threading
import time

import numpy as np
import pytest
from traitlets import TraitError

from tests.widget.test_assignments import agrees, computes, some_value
from velowidget.analyses.walks import checked_steps
from velowidget.pipeline.traits import PARAMETERS
from velowidget.widget import VelocityWidget

SECONDS = 60  # many times what anything here takes


@pytest.fixture
def other(adata, recorder):
    other = VelocityWidget(adata)
    other.wait()
    yield other
    other.close()


def in_thread(function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("same", [False, True])
def test_an_observer_may_wait_for_a_thread_that_assigns(widget, other, same):
    ended = []

    def observer(_):
        thread = in_thread(setattr, widget if same else other, "density", 2.0)
        thread.join(SECONDS)
        ended.append(not thread.is_alive())

    widget.observe(observer, "softmax_scale")
    widget.softmax_scale = 5
    assert ended == [True]
    assert (widget if same else other).density == 2.0


@pytest.mark.parametrize("same", [False, True])
def test_an_observer_may_wait_for_the_observer_of_another_thread(widget, other, same):
    target, heard = widget if same else other, threading.Event()
    target.observe(lambda _: heard.set(), "density")
    found = []

    def observer(_):
        in_thread(setattr, target, "density", 2.0)
        found.append(heard.wait(SECONDS))

    widget.observe(observer, "softmax_scale")
    widget.softmax_scale = 5
    assert found == [True]


def test_a_slow_observer_holds_up_nobody_else(widget, other):
    at_work, go_on = threading.Event(), threading.Event()
    widget.observe(lambda _: (at_work.set(), go_on.wait(SECONDS)), "softmax_scale")
    slow = in_thread(setattr, widget, "softmax_scale", 5)
    assert at_work.wait(SECONDS)
    heard = []
    other.observe(lambda change: heard.append(change.new), "softmax_scale")
    other.softmax_scale = 7
    other.wait()
    assert (heard, other.kernel.params["softmax_scale"]) == ([7.0], 7.0)
    widget.density = 2.0  # the same widget, too
    assert (widget.softmax_scale, slow.is_alive()) == (5.0, True)
    go_on.set()
    slow.join(SECONDS)
    computes(widget)


def test_observers_are_told_when_everything_is_as_it_will_be(widget):
    seen = []
    widget.observe(lambda _: seen.append((widget.scheme, widget.mode, widget.kernel.params["scheme"])), "mode")
    with widget.hold_trait_notifications():
        widget.scheme, widget.mode = "cosine", "sampling"
    assert seen == [("cosine", "sampling", "cosine")]


def test_an_observer_hears_once_of_what_was_changed_there_and_back(widget):
    heard = []
    widget.observe(heard.append, ["density", "smooth"])
    before = widget.density
    with widget.pipeline.changing():
        widget.density, widget.smooth = 2.0, 2.0
        widget.density = before
    assert [change.name for change in heard] == ["smooth"]


def test_no_thread_sees_what_is_refused(widget):
    stop, seen = threading.Event(), set()

    def look():
        while not stop.is_set():
            seen.add((widget.scheme, widget.mode))
            time.sleep(0)  # others, too, want to run

    reader = in_thread(look)
    for _ in range(100):
        with pytest.raises(TraitError), widget.hold_trait_notifications():
            widget.scheme, widget.mode, widget.color = "cosine", "sampling", "nonesuch"
    stop.set()
    reader.join(SECONDS)
    assert seen == {("correlation", "deterministic")}


def consistent(widget):
    """What must hold at any time, whoever is assigning."""
    pipeline = widget.pipeline
    with pipeline.changing():
        values, computed = pipeline.values(), pipeline.jobs.latest("T")
        assert values["auto_scale"] in (True, False)
        if values["auto_scale"]:
            assert values["softmax_scale"] == pipeline.automatic_scale
        assert values["step"] <= checked_steps(values["max_iter"], widget.adata.n_obs)
        if values["cluster"]:
            assert values["cluster"] in map(str, pipeline.flow_cells.names)
        if computed is not None:  # else nothing is shown as the present chain
            shown = computed.parameters
            assert (shown.scheme, shown.backward) == (values["scheme"], values["backward"])
            if not values["auto_scale"]:
                assert computed.value.softmax_scale == values["softmax_scale"]


def test_ten_thousand_assignments_from_two_threads(adata, recorder):
    widget = VelocityWidget(adata, n_sims=3, max_iter=5)
    traits = [*PARAMETERS, "selection"]
    local, errors, counted = threading.local(), [], {"taken": 0, "refused": 0}

    def reply(_change):
        replies = getattr(local, "replies", None)
        if replies:
            name = replies.pop()
            setattr(widget, name, some_value(local.rng, name, adata))

    def assign(seed):
        rng = local.rng = random.Random(seed)
        try:
            for i in range(5000):
                local.replies = rng.sample(traits, 2) if rng.random() < 0.3 else []
                values = {name: some_value(rng, name, adata) for name in rng.sample(traits, rng.choice([1, 1, 3]))}
                try:
                    if rng.random() < 0.3:
                        with widget.hold_trait_notifications():
                            for name, value in values.items():
                                setattr(widget, name, value)
                    else:
                        for name, value in values.items():
                            setattr(widget, name, value)
                    counted["taken"] += 1
                except TraitError:
                    counted["refused"] += 1
                if not i % 10:
                    consistent(widget)
        except BaseException as error:
            errors.append(error)
            raise

    widget.observe(reply, traits)
    threads = [in_thread(assign, seed) for seed in (1, 2)]
    end = time.monotonic() + 5 * SECONDS
    for thread in threads:
        thread.join(max(0.1, end - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads)
    assert not errors
    assert min(counted.values()) > 1000
    agrees(widget)
    widget.set_state({"n_sims": 3, "max_iter": 5, "scheme": "cosine", "mode": "deterministic", "field": "grid"})
    widget.set_state({"connectivity_weight": 0, "degenerate": "uniform"})  # a velocity kernel's parameters
    computes(widget)
    content, _ = recorder.last("result", stage="grid")
    assert np.isclose(content["params"]["softmax_scale"], widget.softmax_scale)
    assert content["params"]["backward"] == widget.backward
    widget.close()
