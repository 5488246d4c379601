"""The widget's traits and messages, without a browser."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest
from traitlets import TraitError, link

from tests.plugins.made import registered
from tests.plugins.objects import MANIFEST
from velowidget.pipeline.traits import PARAMETERS
from velowidget.widget import VelocityWidget


def ask(widget, kind, **fields):
    widget._on_message(widget, {"v": 1, "kind": kind, "id": "q1", **fields}, [])


def set_together(widget, **values):
    with widget.hold_trait_notifications():
        for name, value in values.items():
            setattr(widget, name, value)


# -- traits -------------------------------------------------------------------------------------------


def test_traits_are_those_of_the_pipeline(widget):
    assert {name: getattr(widget, name) for name in PARAMETERS} == {
        name: getattr(widget.pipeline, name) for name in PARAMETERS
    }
    widget.pipeline.scheme = "cosine"
    assert widget.scheme == "cosine"
    widget.basis = "X_pca"
    assert (widget.basis, widget.pipeline.basis) == ("pca", "pca")


def test_numbers_of_numpy_are_numbers(widget):
    widget.density, widget.step = np.float32(2), np.int32(5)
    assert (widget.density, widget.step, widget.pipeline.density, widget.pipeline.step) == (2.0, 5, 2.0, 5)


def test_only_small_values_ride_in_traits(widget):
    state = {k: v for k, v in widget.get_state().items() if k not in ("_esm", "_css")}
    assert len(json.dumps(state)) < 2_000


def test_scale_from_python(widget):
    automatic = widget.softmax_scale
    widget.softmax_scale = 7
    assert (widget.softmax_scale, widget.auto_scale) == (7.0, False)
    widget.softmax_scale = None
    assert (widget.softmax_scale, widget.auto_scale) == (automatic, True)
    widget.softmax_scale = automatic
    assert not widget.auto_scale
    widget.softmax_scale = "auto"
    assert widget.auto_scale


def test_scale_from_the_browser(widget):
    automatic = widget.softmax_scale
    widget.set_state({"softmax_scale": 7.0})
    assert (widget.softmax_scale, widget.auto_scale, widget.pipeline.softmax_scale) == (7.0, False, 7.0)
    widget.set_state({"auto_scale": True})
    assert (widget.softmax_scale, widget.auto_scale) == (automatic, True)


def test_direction_from_the_browser_is_one_change(widget):
    generation = widget.pipeline.jobs.generation
    widget.set_state({"backward": True, "backward_mode": "negate"})
    assert (widget.pipeline.backward, widget.pipeline.backward_mode) == (True, "negate")
    assert widget.pipeline.jobs.generation == generation + 1


@pytest.mark.parametrize("name", ["scheme", "mode", "basis", "color", "field", "backward_mode"])
def test_a_refused_value_leaves_the_trait_as_it_was(widget, name):
    before = getattr(widget, name)
    with pytest.raises(TraitError):
        setattr(widget, name, "nonesuch")
    assert getattr(widget, name) == getattr(widget.pipeline, name) == before


def test_a_value_refused_from_the_browser_is_explained_and_put_back(widget, recorder):
    widget.set_state({"scheme": "corelation"})
    error, _ = recorder.last("error")
    assert error["trait"] == "scheme"
    assert "'correlation'" in error["message"]
    assert widget.scheme == widget.pipeline.scheme == "correlation"


def test_a_mode_that_the_scheme_cannot_is_explained_at_the_control_that_was_used(widget, recorder):
    with registered(MANIFEST):
        widget.scheme = "mine.lopsided"
        widget.set_state({"mode": "stochastic"})
        error, _ = recorder.last("error")
        assert error["trait"] == "mode"
        assert "second derivatives" in error["message"]
        assert widget.mode == widget.pipeline.mode == "deterministic"
        widget.set_state({"scheme": "cosine", "mode": "stochastic", "color": "nonesuch"})
        assert (widget.scheme, widget.mode) == ("mine.lopsided", "deterministic")
        widget.set_state({"scheme": "cosine", "mode": "stochastic"})
        widget.set_state({"scheme": "mine.lopsided"})
        assert recorder.last("error")[0]["trait"] == "scheme"
        assert (widget.scheme, widget.mode) == ("cosine", "stochastic")
        assert (widget.pipeline.scheme, widget.pipeline.mode) == ("cosine", "stochastic")


def test_a_refused_colour_is_taken_off_the_picture_again(widget, recorder):
    widget.color = "support"
    del recorder.sent[:]
    widget.set_state({"color": "gone"})
    assert recorder.last("color")[0]["key"] == "support"


@pytest.mark.parametrize("refused", [{"color": "nonesuch"}, {"softmax_scale": -1.0}, {"basis": ""}])
def test_values_refused_together_are_all_put_back(widget, recorder, monkeypatch, refused):
    put_back = []
    monkeypatch.setattr(widget, "send_state", lambda key=None: put_back.extend(key or []))
    before = widget.pipeline.values()
    widget.set_state({"scheme": "cosine", "backward": True, "field": "arrows", **refused})
    assert {name: getattr(widget, name) for name in PARAMETERS} == widget.pipeline.values() == before
    assert set(put_back) == set(PARAMETERS)
    assert recorder.last("error")[0]["trait"].startswith("scheme, backward, field")
    with pytest.raises(TraitError):
        set_together(widget, **{"scheme": "cosine", "softmax_scale": 3.0, **refused})
    assert {name: getattr(widget, name) for name in PARAMETERS} == widget.pipeline.values() == before


def test_observe_and_link_work(adata, widget, recorder):
    other = VelocityWidget(adata)
    seen = []
    widget.observe(lambda change: seen.append(change.new), "softmax_scale")
    link((widget, "softmax_scale"), (other, "softmax_scale"))
    other.softmax_scale = 5.0
    widget.wait()
    assert seen[-1] == 5.0
    assert widget.kernel.params["softmax_scale"] == 5.0
    other.close()


# -- messages -----------------------------------------------------------------------------------------


def test_hello_is_answered_with_everything(widget, recorder):
    recorder.sent.clear()
    ask(widget, "hello")
    kinds = recorder.kinds()
    first = ["reading", "options", "choices", "cells", "clusters", "embedding", "color", "selection", "groups"]
    assert kinds[:10] == [*first, "notices"]
    assert {"result", "status"} <= set(kinds)
    assert recorder.last("status")[0]["state"] == "ready"
    assert recorder.last("automatic")[0]["scale"] == widget.softmax_scale


def test_the_number_of_arrows_is_the_browsers_alone(widget, recorder):
    generation = widget.pipeline.jobs.generation
    widget.max_arrows = 20_000
    assert widget.pipeline.jobs.generation == generation
    told = {parameter["name"]: parameter for parameter in recorder.last("options")[0]["parameters"]}
    assert told["max_arrows"]["instant"]
    assert told["max_arrows"]["when"] == {"field": ["grid", "arrows"]}
    for refused in (99, 20_001, 250.5):
        with pytest.raises(TraitError, match="max_arrows must be"):
            widget.max_arrows = refused
    assert widget.max_arrows == 20_000


def test_modes_are_offered_with_the_numbers_that_they_depend_on(widget, recorder):
    ask(widget, "hello")
    assert {mode["key"]: list(mode["numbers"]) for mode in recorder.offers("mode")} == {
        "deterministic": [],
        "stochastic": [],
        "sampling": ["seed"],
        "monte_carlo": ["n_samples", "seed"],
    }


def test_the_grid_message_is_the_grid(widget, recorder):
    content, buffers = recorder.last("result", stage="grid")
    grid = widget.pipeline.jobs.latest("grid").value
    arrays = {
        a["name"]: np.frombuffer(b, a["dtype"]).reshape(a["shape"])
        for a, b in zip(content["arrays"], buffers, strict=True)
    }
    np.testing.assert_array_equal(arrays["points"], grid.points.astype(np.float32))
    np.testing.assert_array_equal(arrays["vectors"], grid.vectors.astype(np.float32))
    assert content["params"]["softmax_scale"] == widget.softmax_scale
    assert content["generation"] == widget.pipeline.jobs.generation


def test_results_say_which_mode_they_show(widget, recorder):
    def shown(**state):
        widget.set_state(state)
        widget.wait()
        params = recorder.last("result", stage="grid")[0]["params"]
        return params["mode"], params["n_samples"], params["seed"]

    assert shown() == ("deterministic", None, None)
    assert shown(mode="monte_carlo", n_samples=20, seed=4) == ("monte_carlo", 20, 4)
    assert shown(mode="sampling") == ("sampling", None, 4)
    assert shown(mode="stochastic") == ("stochastic", None, None)
    assert shown(backward=True) == ("deterministic", None, None)
    assert shown(backward_mode="negate") == ("stochastic", None, None)


def test_a_slider_move_sends_the_new_arrows_before_it_returns(widget, recorder, everything_light):
    widget.softmax_scale = 5.0
    widget.wait()
    recorder.sent.clear()
    widget.set_state({"softmax_scale": 6.0})
    assert recorder.last("result", stage="grid")[0]["params"]["softmax_scale"] == 6.0


def test_cells_and_colors(widget, recorder, adata):
    adata.uns["clusters_colors"] = ["#123456"] * adata.obs["clusters"].nunique()
    ask(widget, "hello")
    _, [names, _] = recorder.last("cells")
    assert json.loads(bytes(names)) == list(adata.obs_names)
    widget.color = "true_time"
    content, [values] = recorder.last("color")
    assert content["type"] == "continuous"
    np.testing.assert_allclose(content["offset"] + np.frombuffer(values, "<f4"), adata.obs["true_time"], rtol=1e-6)
    widget.color = "clusters"
    content, [codes] = recorder.last("color")
    assert [c["color"] for c in content["categories"]] == adata.uns["clusters_colors"]
    assert [c["count"] for c in content["categories"]] == list(
        adata.obs["clusters"].value_counts().reindex(adata.obs["clusters"].cat.categories)
    )
    np.testing.assert_array_equal(np.frombuffer(codes, "<i4"), adata.obs["clusters"].cat.codes)


def test_request_is_answered_with_its_id(widget, recorder):
    ask(widget, "want", stage="grid")
    assert recorder.last("result", stage="grid")[0]["id"] == "q1"


def test_search_finds_genes_and_columns(widget, recorder, adata):
    ask(widget, "search", query=adata.var_names[3], limit=5)
    content, _ = recorder.last("matches")
    assert content["id"] == "q1"
    assert content["genes"][0] == adata.var_names[3]


@pytest.mark.parametrize(
    "content",
    [
        None,
        {},
        {"v": 2, "kind": "hello"},
        {"v": 1, "kind": "nonesuch"},
        {"v": 1, "kind": "hello", "id": ["q1"]},
        {"v": 1, "kind": "want"},
        {"v": 1, "kind": "search", "query": "Ins", "limit": "50"},
    ],
)
def test_foreign_messages_do_no_harm(widget, recorder, content):
    recorder.sent.clear()
    widget._on_message(widget, content, [])
    widget.wait()
    assert recorder.sent == []


def test_no_colour_is_told(widget, recorder):
    widget.color = ""
    assert recorder.last("color")[0]["type"] == "none"


def test_arrows_of_cells_are_sent_only_when_they_are_drawn_or_asked_for(widget, recorder):
    recorder.sent.clear()
    widget.softmax_scale = 5.0
    widget.wait()
    assert [c["stage"] for c, _ in recorder.sent if c["kind"] == "result"] == ["grid"]
    ask(widget, "want", stage="projection")
    widget.wait()
    assert recorder.last("result", stage="projection")[0]["id"] == "q1"
    recorder.sent.clear()
    widget.field = "arrows"
    widget.wait()
    assert recorder.last("result", stage="projection")[0]["params"]["softmax_scale"] == 5.0


def test_the_cells_come_with_their_clusters(widget, recorder, adata):
    _, [_, codes] = recorder.last("cells")
    content, _ = recorder.last("clusters")
    assert (content["key"], content["names"]) == ("clusters", list(adata.obs["clusters"].cat.categories))
    np.testing.assert_array_equal(np.frombuffer(codes, "<i4"), adata.obs["clusters"].cat.codes)


def test_cells_without_clusters(adata, recorder):
    del adata.obs["clusters"], adata.obs["lineage"], adata.obs["stage"]
    ask(VelocityWidget(adata), "hello")
    assert recorder.last("clusters")[0]["names"] == []
    assert recorder.last("cells")[1][1] == b""


def test_the_clusters_have_the_colours_of_the_palette(widget, recorder):
    before = recorder.last("clusters")[0]["colors"]
    widget.palette = "okabe_ito"
    colors = recorder.last("clusters")[0]["colors"]
    assert colors != before
    assert colors == [category["color"] for category in recorder.last("color")[0]["categories"]]


@pytest.mark.parametrize(
    ("change", "is_new"),
    [({"softmax_scale": 7.0}, True), ({"scheme": "no such"}, False), ({"opacity": 0.5}, False), ({}, False)],
    ids=["taken", "refused", "of the face alone", "nothing"],
)
def test_a_change_in_the_browser_is_answered_once_with_the_hashes_that_count_from_now_on(
    widget, recorder, change, is_new
):
    before = widget.pipeline.jobs.status.hashes
    recorder.sent.clear()
    widget.set_state({**change, "_change": "page-3"})
    answers = [content for content, _ in recorder.sent if content["kind"] == "status" and content["id"] is not None]
    assert [answer["id"] for answer in answers] == ["page-3"]
    assert answers[0]["hashes"] == dict(widget.pipeline.jobs.status.hashes)
    assert (answers[0]["hashes"] != before) is is_new
    widget.wait()


def test_views_share_the_widget_and_unknown_panels_are_named(widget):
    view = widget.view("embedding")
    assert view.widget is widget
    assert view.panels == ["embedding"]
    with pytest.raises(ValueError, match="'embedding'"):
        widget.view("embeding")
    with pytest.raises(ValueError, match="parameters"):
        widget.view()


def test_errors_travel_as_messages_with_what_to_do_next(adata, recorder):
    del adata.layers["velocity"]
    widget = VelocityWidget(adata)
    with pytest.raises(KeyError, match="velocity"):
        widget.wait()
    ask(widget, "hello")
    error, _ = recorder.last("error")
    assert error["stage"] == "similarity"
    assert "no 'velocity'" in error["message"]
    assert "velowidget.velocity(adata)" in error["hint"]
    assert recorder.last("status")[0]["state"] == "failed"


def test_a_closed_widget_sends_nothing_more(adata, recorder):
    widget = VelocityWidget(adata)
    widget.wait()
    pipeline = widget.pipeline
    widget.close()
    widget.close()  # as Python does once more when it is forgotten
    recorder.sent.clear()
    pipeline.softmax_scale = 3.0
    pipeline.wait()
    assert recorder.sent == []


def test_browser_and_python_may_change_at_once(widget, recorder):
    def drag():
        for value in np.linspace(1, 20, 100):
            widget.set_state({"softmax_scale": float(value)})

    thread = threading.Thread(target=drag)
    thread.start()
    for scheme in ["cosine", "dot_product", "correlation"] * 10:
        widget.scheme = scheme
    thread.join()
    widget.wait()
    assert (widget.softmax_scale, widget.scheme) == (20.0, "correlation")
    assert widget.kernel.params["softmax_scale"] == 20.0
    assert recorder.last("result", stage="grid")[0]["params"]["softmax_scale"] == 20.0


def test_cells_without_velocity_are_named_in_the_widget_as_long_as_that_counts(adata, recorder):
    adata.layers["velocity"][2] = 0
    widget = VelocityWidget(adata)
    widget.wait()
    name = repr(adata.obs_names[2])
    assert [
        note for note in recorder.last("notices")[0]["items"] if "1 cell with zero velocity" in note and name in note
    ]
    widget.backward = True  # by transpose, where the neighbours' velocities count
    widget.wait()
    assert not [note for note in recorder.last("notices")[0]["items"] if "zero velocity" in note]
    widget.close()
