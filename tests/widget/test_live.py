"""What pages hear when the data change, and that each of them gets an answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import traitlets as t

from velowidget.widget import VelocityWidget, messages
from velowidget.widget import widget as module


def ask(widget, kind, **fields):
    widget._on_message(widget, {"v": 1, "kind": kind, "id": "page-1", **fields}, [])


def array(message, name):
    header, buffers = message
    place = [spec["name"] for spec in header["arrays"]].index(name)
    return np.frombuffer(buffers[place], header["arrays"][place]["dtype"]).reshape(header["arrays"][place]["shape"])


def sizes(recorder):
    """How many cells the arrays of the last message of each kind have."""
    found = {}
    for kind, name in (("cells", "codes"), ("embedding", "positions"), ("color", "codes"), ("groups", "codes")):
        found[kind] = len(array(recorder.last(kind), name))
    return set(found.values())


def halve(adata):
    adata._inplace_subset_obs(np.arange(adata.n_obs) % 2 == 0)


def test_a_page_that_opens_sees_new_clusters_everywhere(widget, recorder):
    widget.adata.obs["clusters"] = pd.Categorical(np.where(np.arange(200) < 80, "first", "second"))
    recorder.sent.clear()
    ask(widget, "hello")
    for names in (
        [category["name"] for category in recorder.last("color")[0]["categories"]],
        [cluster["name"] for cluster in recorder.last("groups")[0]["clusters"]],
        recorder.last("clusters")[0]["names"],
        next(c["categories"] for c in recorder.last("choices")[0]["columns"] if c["name"] == "clusters"),
    ):
        assert names == ["first", "second"]


def test_every_page_hears_of_all_that_was_read_anew(widget, recorder):
    """By one page's question, or an assignment of Python's."""
    before = recorder.last("reading")[0]["number"]
    widget.adata.obs["new"] = 1.0
    recorder.sent.clear()
    widget.color = "new"
    kinds = recorder.kinds()
    assert recorder.last("reading")[0]["number"] > before
    for kind in ("options", "choices", "cells", "embedding", "color", "selection", "groups", "notices"):
        assert kind in kinds
    assert "new" in recorder.last("options")[0]["columns"]
    assert recorder.last("color")[0]["key"] == "new"


def test_a_view_looks_at_the_data(widget, recorder):
    widget.adata.obs["new"] = 1.0
    widget.view("flow").close()
    assert "new" in recorder.last("options")[0]["columns"]


def test_other_cells_are_told_and_everything_stays_of_before(widget, recorder):
    halve(widget.adata)
    recorder.sent.clear()
    ask(widget, "hello")
    assert recorder.last("reading")[0]["changed"] == (
        "The data have changed since they were read: 100 cells now, 200 then."
    )
    assert sizes(recorder) == {200}
    recorder.sent.clear()
    ask(widget, "refresh")
    widget.wait()
    assert recorder.last("reading")[0]["changed"] == ""
    assert sizes(recorder) == {100}
    assert {len(array((h, b), "vectors")) for h, b in recorder.sent if h.get("stage") == "projection" and b} <= {100}


def test_refresh_from_python(widget):
    widget.start_ixs, widget.softmax_scale = [10], 7.0
    name = widget.adata.obs_names[10]
    halve(widget.adata)
    widget.refresh()
    widget.wait()
    assert widget.adata.obs_names[widget.start_ixs].tolist() == [name]
    assert widget.softmax_scale == 7.0
    assert widget.kernel.adata is widget.adata


def test_masks_of_python_and_numbers_of_the_browser(widget, adata, simulated):
    halve(adata)
    chosen = adata.obs["clusters"] == adata.obs["clusters"].iloc[0]
    names = set(adata.obs_names[chosen])
    for cells in (chosen, chosen.to_numpy()):
        widget.selection = None
        widget.selection = cells
        assert set(simulated.obs_names[widget.selection]) == names
        widget.start_ixs = cells
        assert set(simulated.obs_names[widget.start_ixs]) == names
    with pytest.raises(t.TraitError, match="numbers of cells cannot be understood"):
        widget.start_ixs = [3]
    widget.set_state({"start_ixs": [199]})  # of the cells that the page shows
    assert widget.start_ixs == [199]


def test_cells_selected_on_a_page_that_shows_older_data(widget, recorder):
    number = widget.pipeline.inputs.number
    halve(widget.adata)
    widget.refresh()
    buffer = memoryview(np.array([3, 5], dtype="<i4").tobytes())
    recorder.sent.clear()
    widget._on_message(widget, {"v": 1, "kind": "select", "id": "page-1", "reading": number}, [buffer])
    assert widget.selection.size == 0
    assert array(recorder.last("selection"), "cells").size == 0


# -- every page gets an answer ---------------------------------------------------------------------


@pytest.mark.parametrize("part", [make.__name__ for make in module._FIRST_MESSAGES])
def test_a_message_that_fails_takes_no_other_with_it(widget, recorder, monkeypatch, part):
    def fail(_pipeline):
        raise ValueError("The data are odd. Make them even.")

    fail.__name__ = part
    makers = tuple(fail if make.__name__ == part else make for make in module._FIRST_MESSAGES)
    monkeypatch.setattr(module, "_FIRST_MESSAGES", makers)
    recorder.sent.clear()
    ask(widget, "hello")
    problem = recorder.last("problem")[0]
    assert (problem["part"], problem["message"], problem["hint"]) == (part, "The data are odd.", "Make them even.")
    assert {make.__name__ for make in makers} - {part} <= set(recorder.kinds())
    assert "result" in recorder.kinds()


@pytest.mark.parametrize(
    ("kind", "fields", "broken"),
    [
        ("hello", {}, "look"),
        ("want", {"stage": "walks"}, "want"),
        ("release", {"stage": "walks"}, "release"),
        ("resume", {}, "compute"),
        ("cancel", {}, "cancel"),
        ("refresh", {}, "refresh"),
    ],
)
def test_a_handler_that_fails_says_so(widget, recorder, monkeypatch, kind, fields, broken):
    def fail(*_):
        raise RuntimeError("oh")

    recorder.sent.clear()
    with monkeypatch.context() as patched:
        patched.setattr(type(widget.pipeline), broken, fail)
        ask(widget, kind, **fields)
    problem = recorder.last("problem")[0]
    assert problem["part"] == ("reading" if kind == "hello" else kind)
    assert "RuntimeError: oh" in problem["message"]
    assert kind != "hello" or "embedding" in recorder.kinds()


def test_a_search_that_fails_is_answered(widget, recorder, monkeypatch):
    monkeypatch.setattr(messages, "find_genes", lambda *_: int("none"))
    ask(widget, "search", query="a", limit=3)
    assert recorder.last("problem")[0]["id"] == "page-1"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda a: setattr(a, "obs", a.obs[[]]),
        lambda a: [a.obsm.__delitem__(key) for key in list(a.obsm)],
        lambda a: a.layers.__delitem__("velocity"),
        lambda a: a.obsp.__delitem__("connectivities"),
        lambda a: a._inplace_subset_obs(np.arange(200) < 1),
        lambda a: a._inplace_subset_var(np.arange(a.n_vars) < 0),
    ],
    ids=["no columns", "no embeddings", "no velocities", "no graph", "one cell", "no genes"],
)
@pytest.mark.parametrize("refreshed", [False, True])
def test_whatever_happens_to_the_data_a_page_is_answered(widget, recorder, spoil, refreshed):
    spoil(widget.adata)
    recorder.sent.clear()
    if refreshed:
        widget.refresh()
    ask(widget, "hello")
    assert {"reading", "options", "cells", "selection", "notices", "status"} <= set(recorder.kinds())
    problems = [header["part"] for header, _ in recorder.sent if header["kind"] == "problem"]
    assert set(problems) == (set() if widget.adata.obsm else {"embedding"})
    assert problems or "error" in recorder.kinds() or recorder.last("embedding")


def test_a_widget_can_be_made_of_data_that_are_broken_and_mended_later(adata, recorder):
    good = adata.layers["velocity"]
    del adata.layers["velocity"]
    widget = VelocityWidget(adata)
    with pytest.raises(KeyError, match="velocity"):
        widget.wait()
    adata.layers["velocity"] = good
    ask(widget, "hello")
    assert "other velocities" in recorder.last("reading")[0]["changed"]
    widget.refresh()
    widget.wait()
    assert widget.kernel.shape == (200, 200)
    widget.close()
