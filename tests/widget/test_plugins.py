"""Plugins in the widget: offered, greyed out with the reason, answering, and failing without harm."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.plugins.made import registered
from tests.plugins.objects import MANIFEST
from velowidget import plugins
from velowidget.plugins.registry import Failure, registry
from velowidget.widget import messages


@pytest.fixture(autouse=True)
def _mine():
    with registered(MANIFEST):
        yield


def ask(widget, name, payload=None, buffers=(), kind="request", panel="mine.answer", id_="page-7"):
    message = {"v": 1, "kind": kind, "id": id_, "panel": panel, "name": name, "payload": payload}
    widget._on_message(widget, message, list(buffers))


def answered(widget, panel="mine.answer"):
    """Wait until the panel has answered what it was asked."""
    done = threading.Event()
    widget._answers.submit(panel, done.set)
    assert done.wait(30)


def answer(widget, *question, panel="mine.answer", **more):
    ask(widget, *question, panel=panel, **more)
    answered(widget, panel)


def offered(recorder, kind):
    return {offer["key"]: offer for offer in recorder.last("options")[0][kind]}


def test_the_browser_is_told_what_there_is_and_what_the_data_lack(widget, recorder):
    schemes = {offer["key"]: offer for offer in recorder.offers("scheme")}
    assert schemes["correlation"]["reason"] is None
    assert schemes["mine.lopsided"]["title"] == "lopsided"
    assert schemes["mine.on_the_moon"]["reason"] == "needs adata.obsm['X_moon']"
    assert [offer["key"] for offer in recorder.offers("palette")] == ["auto", "okabe_ito", "mine.greys", "mine.ages"]
    panels = offered(recorder, "panels")
    assert {key: panel["place"] for key, panel in panels.items() if key in ("parameters", "mine.answer")} == {
        "parameters": "side",
        "mine.answer": "dock",
    }


def test_the_browser_is_told_when_plugins_come_and_go(widget, recorder):
    with registered({"name": "late", "panels": [{"id": "late.p", "title": "p", "esm": "x"}]}):
        assert "late.p" in offered(recorder, "panels")
    assert "late.p" not in offered(recorder, "panels")
    assert widget._follow_plugins in registry._listeners
    widget.close()
    assert widget._follow_plugins not in registry._listeners


def test_what_is_offered_does_not_break_when_a_plugin_goes_meanwhile(widget, monkeypatch):
    before = registry.contributions

    def and_gone(kind):
        found = before(kind)
        if kind == "panels":
            registry._disabled.add("mine")
        return found

    monkeypatch.setattr(registry, "contributions", and_gone)
    content, _ = messages.options(widget.pipeline)
    assert {"key", "title", "help", "reason", "numbers", "place"} == set(content["panels"][0])


def test_plugins_left_out_are_told(widget, recorder, monkeypatch):
    monkeypatch.setattr(registry, "_failures", [Failure("broken", "The plugin 'broken' was left out. Why not.")])
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    assert "The plugin 'broken' was left out. Why not." in recorder.last("notices")[0]["items"]


def test_a_panels_javascript(widget, recorder):
    answer(widget, None, kind="panel")
    content_, _ = recorder.last("answer")
    assert content_["payload"] == {"esm": "export default { mount() {} }"}
    assert (content_["id"], content_["problem"]) == ("page-7", None)
    answer(widget, None, kind="panel", panel="mine.answers")
    assert "did you mean 'mine.answer'" in recorder.last("answer")[0]["problem"]


def test_a_panels_python_side_answers(widget, recorder):
    answer(widget, "sum", buffers=[np.array([1, 2, 3.5], dtype="<f4").tobytes()])
    assert recorder.last("answer")[0]["payload"] == 6.5
    answer(widget, "arrays")
    header, buffers = recorder.last("answer")
    assert [(a["name"], a["dtype"], a["shape"]) for a in header["arrays"]] == [
        ("f", "float32", [2, 2]),
        ("i", "int32", [3]),
        ("u", "uint8", [2]),
        ("b", "uint8", [1]),
    ]
    assert np.frombuffer(buffers[1], dtype="<i4").tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("other", "The panel 'mine.answer' failed to answer 'other': ValueError: What is other?"),
        ("nan", "failed to answer 'nan': ValueError"),
        ("exit", "failed to answer 'exit': SystemExit: 3"),
        ("text", "not of numbers"),
        ("large", "do not fit into 32 bits"),
    ],
)
def test_a_python_side_that_fails_says_so_and_the_widget_lives_on(widget, recorder, name, words):
    answer(widget, name)
    answered, _ = recorder.last("answer")
    assert answered["id"] == "page-7"
    assert words in answered["problem"]
    widget.scheme = "cosine"
    widget.wait()


def test_a_refused_scheme_is_explained_at_its_control(widget, recorder):
    widget.set_state({"scheme": "mine.gone"})
    error, _ = recorder.last("error", trait="scheme")
    assert "The plugin 'mine' could not be used" in error["message"]
    assert widget.scheme == "correlation"


def test_a_scheme_that_raises_is_explained(widget, recorder):
    widget.scheme = "mine.failing"
    with pytest.raises(RuntimeError):
        widget.wait()
    error, _ = recorder.last("error", stage="similarity")
    assert "RuntimeError: no idea Raised by the scheme <function failing" in error["message"]


def test_a_palette_changes_the_colours(widget, recorder):
    before = [category["color"] for category in recorder.last("color")[0]["categories"]]
    widget.palette = "mine.greys"
    after = [category["color"] for category in recorder.last("color")[0]["categories"]]
    assert len(after) == len(before)
    assert after != before


def test_a_palette_that_goes_away_takes_only_its_colours_along(widget, recorder):
    widget.palette = "mine.greys"
    chosen = recorder.last("color")[0]["categories"]
    plugins.disable("mine")
    assert recorder.last("color")[0]["categories"] != chosen
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    plugins.enable("mine")
    assert recorder.last("color")[0]["categories"] == chosen


def test_views_of_plugins_panels(widget):
    assert widget.view("mine.answer").panels == ["mine.answer"]
    with pytest.raises(ValueError, match=r"did you mean 'mine\.answer'"):
        widget.view("mine.answr")
    with pytest.raises(ValueError, match=r"'ages' needs adata\.obs\['age'\]"):
        widget.view("mine.of_ages")


def test_export(widget, tmp_path):
    assert widget.export("mine.write", tmp_path / "x").read_text().startswith("correlation")


# -- files -----------------------------------------------------------------------------------------------


def test_exporters_are_offered_with_what_the_data_lack(widget, recorder):
    offers = offered(recorder, "exporters")
    assert {"arrows", "kernel", "mine.write"} <= offers.keys()
    assert (offers["arrows"]["reason"], offers["mine.w"]["reason"]) == (None, "needs adata.obs['age']")


@pytest.mark.parametrize(("exporter", "name"), [("arrows", "arrows.csv"), ("mine.write", "mine-write.txt")])
def test_the_browser_gets_the_file_that_an_exporter_writes(widget, recorder, tmp_path, exporter, name):
    answer(widget, "export", exporter, panel="embedding")
    header, buffers = recorder.last("answer")
    assert header["payload"] == {"name": name, "problem": None}
    assert bytes(buffers[0]) == widget.export(exporter, tmp_path / "same").read_bytes()


@pytest.mark.parametrize(
    ("exporter", "words"),
    [
        ("mine.w", "needs adata.obs['age']"),
        ("arrow", "did you mean 'arrows'?"),
        ("mine.leave", "'mine.leave' failed: SystemExit: 4"),
    ],
)
def test_the_browser_is_told_why_there_is_no_file(widget, recorder, exporter, words):
    answer(widget, "export", exporter, panel="embedding")
    payload = recorder.last("answer")[0]["payload"]
    assert payload["name"] is None
    assert words in payload["problem"]


@pytest.mark.parametrize("question", [("import", "arrows"), ("export", None)])
def test_the_embedding_answers_nothing_else(widget, recorder, question):
    answer(widget, *question, panel="embedding")
    assert "The embedding answers 'export' with an exporter's key" in recorder.last("answer")[0]["problem"]


def test_a_panel_answers_in_turn_and_keeps_nobody_else_waiting(widget, recorder, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr("tests.plugins.objects.write", lambda pipeline, path: go_on.wait(30) and path.touch())
    ask(widget, "export", "mine.write", panel="embedding", id_="first")
    ask(widget, "export", "arrows", panel="embedding", id_="second")
    answer(widget, "sum", buffers=[np.array([1.0], dtype="<f4").tobytes()], id_="other")
    go_on.set()
    answered(widget, "embedding")
    assert [header["id"] for header, _ in recorder.sent if header["kind"] == "answer"] == ["other", "first", "second"]


def test_what_is_still_to_be_answered_is_left_out_when_the_widget_closes(widget, recorder, monkeypatch):
    go_on = threading.Event()
    monkeypatch.setattr("tests.plugins.objects.write", lambda pipeline, path: go_on.wait(30) and path.touch())
    ask(widget, "export", "mine.write", panel="embedding")
    ask(widget, "export", "arrows", panel="embedding")
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("velowidget-panel")]
    widget.close()
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert not [header for header, _ in recorder.sent if header["kind"] == "answer"]
