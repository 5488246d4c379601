"""A closed widget is freed, and says that it is closed; so is one that an earlier run of its cell has left over."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from velowidget.pipeline import changes
from velowidget.pipeline.traits import PARAMETERS
from velowidget.plugins.registry import registry
from velowidget.widget import VelocityWidget, reruns

CLOSED = "This widget is closed; make a new one"


def shown(widget, displays, page="page"):
    widget._on_message(widget, {"v": 1, "kind": "shown", "id": f"{page}-1", "displays": displays}, [])


@pytest.fixture
def run_cell(monkeypatch):
    """Make widgets as if in a run of a cell."""

    def run(cell, run):
        monkeypatch.setattr(reruns, "_present_run", lambda _: (cell, run))

    return run


def end_of_threads():
    """What is being computed when a widget is closed ends at its next block."""
    for thread in threading.enumerate():
        if thread.name.startswith("velowidget"):
            thread.join(60)
            assert not thread.is_alive()


def refs_of(adata):
    """Weak references to a widget that has been used, a view of it, and what they are made of; all closed."""
    adata = adata.copy()
    widget = VelocityWidget(adata)
    widget.observe(lambda _: widget.step, "seed")
    view = widget.view("flow")
    widget.wait()
    assert widget.walks.size
    assert len(widget.flow)
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    with pytest.raises(Exception, match="nonesuch"):
        widget.color = "nonesuch"
    things = widget, widget.pipeline, widget.pipeline.jobs, view, adata
    refs = [weakref.ref(thing) for thing in things]
    view.close()
    widget.close()
    return refs


@pytest.mark.parametrize("times", [1, 3])
def test_closed_and_forgotten_it_is_freed(adata, times):
    for _ in range(times):
        refs = refs_of(adata)
        end_of_threads()
        gc.collect()
        assert [ref() for ref in refs] == [None] * len(refs)


def test_closed_but_not_forgotten_it_lets_go_of_the_data(adata):
    widget = VelocityWidget(adata.copy())  # as a notebook's history keeps what was a cell's value
    widget.wait()
    refs = [weakref.ref(thing) for thing in (widget.pipeline, widget.pipeline.jobs, widget.adata)]
    widget.close()
    end_of_threads()
    gc.collect()
    assert [ref() for ref in refs] == [None] * len(refs)


def test_closed_while_it_computes_and_while_nothing_could_be_read(adata):
    broken = adata.copy()
    del broken.layers["velocity"]
    refs = []
    for data in (adata.copy(), broken):
        widget = VelocityWidget(data)
        refs.append(weakref.ref(widget.pipeline))
        widget.close()
    del widget, data, broken
    end_of_threads()
    gc.collect()
    assert [ref() for ref in refs] == [None, None]


def test_no_listener_and_no_thread_is_left(adata):
    before = len(registry._listeners)
    widget = VelocityWidget(adata)
    view = widget.view("flow")
    pipeline = widget.pipeline
    widget._answers.submit("flow", lambda: None)
    assert len(registry._listeners) == before + 1
    view.close()
    widget.close()
    end_of_threads()
    assert len(registry._listeners) == before
    assert pipeline.jobs.outbox._listeners == []
    assert not changes._present.concerned
    assert changes._present.depth == 0


@pytest.mark.parametrize(
    "use",
    [
        lambda w: w.view("embedding"),
        lambda w: w.walks,
        lambda w: w.flow,
        lambda w: w.tally,
        lambda w: w.kernel,
        lambda w: w.pipeline,
        lambda w: w.adata,
        lambda w: w.wait(),
        lambda w: w.export("csv", "walks.csv"),
        lambda w: setattr(w, "softmax_scale", 3),
        lambda w: setattr(w, "selection", [1]),
        lambda w: w.set_state({"color": ""}),
        lambda w: w.hold_trait_notifications(),
    ],
)
def test_using_it_says_that_it_is_closed(adata, use):
    widget = VelocityWidget(adata)
    widget.close()
    with pytest.raises(RuntimeError, match=CLOSED):
        use(widget)


def test_its_values_can_still_be_read(adata):
    widget = VelocityWidget(adata, density=2.0)
    widget.selection = [3, 4]
    widget.wait()
    values = widget.pipeline.values()
    widget.close()
    widget.close()
    assert {name: getattr(widget, name) for name in PARAMETERS} == values
    assert list(widget.selection) == [3, 4]
    assert repr(widget) == "VelocityWidget(closed)"
    assert widget.get_state("density") == {"density": 2.0}


def test_a_view_outlives_its_widget_without_harm(widget):
    view = widget.view("flow")
    widget.close()
    view.panels = ["walks"]
    view.close()


def test_a_widget_left_over_from_an_earlier_run_is_closed_when_it_is_shown_no_more(adata, run_cell):
    run_cell("cell", "first")
    old, shown_elsewhere, hidden = (VelocityWidget(adata) for _ in range(3))
    for widget in (old, shown_elsewhere):
        shown(widget, 1)
    shown(shown_elsewhere, 1, "another page")
    run_cell("another cell", "second")
    other = VelocityWidget(adata)
    shown(other, 1)
    shown(other, 0)
    run_cell("cell", "third")
    new = VelocityWidget(adata)
    assert repr(old) != "VelocityWidget(closed)"
    shown(old, 0)  # the page takes it away when the cell is run, and Python hears of it afterwards
    shown(shown_elsewhere, 0)
    assert repr(old) == "VelocityWidget(closed)"
    for widget in (shown_elsewhere, hidden, other, new):
        assert repr(widget) != "VelocityWidget(closed)"
        widget.close()


def test_it_is_closed_at_once_if_it_is_shown_no_more(adata, run_cell):
    run_cell("cell", "first")
    old = VelocityWidget(adata)
    shown(old, 1)
    shown(old, 0)
    assert repr(old) != "VelocityWidget(closed)"
    run_cell("cell", "second")
    VelocityWidget(adata).close()
    assert repr(old) == "VelocityWidget(closed)"
