"""The flow in the widget: traits, messages and the table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from velowidget.widget import VelocityWidget


def ask(widget, stage, kind="want"):
    widget._on_message(widget, {"v": 1, "kind": kind, "id": "page-1", "stage": stage}, [])


def array(message, name):
    content, buffers = message
    spec, buffer = next(pair for pair in zip(content["arrays"], buffers, strict=True) if pair[0]["name"] == name)
    return np.frombuffer(buffer, dtype=spec["dtype"]).reshape(spec["shape"])


def test_options_are_the_columns_that_would_do(widget, recorder):
    assert [offer["key"] for offer in recorder.offers("cluster_key")] == ["clusters", "lineage", "stage"]
    assert [offer["key"] for offer in recorder.offers("time_key")] == ["", "day"]


def test_groups_come_with_the_colours_of_the_embedding(widget, recorder):
    content, _ = recorder.last("groups")
    assert [c["name"] for c in content["clusters"]] == list(widget.adata.obs["clusters"].cat.categories)
    assert [c["color"].lower() for c in content["clusters"]] == [c.lower() for c in widget.adata.uns["clusters_colors"]]
    assert content["times"] == []
    codes = array(recorder.last("groups"), "codes")
    assert np.array_equal(codes, widget.adata.obs["clusters"].cat.codes)
    widget.time_key = "day"
    content, _ = recorder.last("groups")
    assert content["times"] == [0, 1, 2, 3]
    proportions = pd.crosstab(widget.adata.obs["day"], widget.adata.obs["clusters"], normalize="index")
    assert np.allclose(array(recorder.last("groups"), "proportions"), proportions, atol=1e-6)


def test_results_are_the_kernels_numbers(widget, recorder):
    ask(widget, "flow")
    ask(widget, "flow_null")
    widget.wait()
    table = widget.kernel.flow_null()
    names = list(widget.adata.obs["clusters"].cat.categories)
    message = recorder.last("result", stage="flow")
    edges = array(message, "edges")
    assert [(names[s], names[t]) for _, s, t in edges] == list(zip(table["source"], table["target"], strict=True))
    for name in ("flow", "expected", "z"):
        assert np.allclose(array(message, name), table[name], rtol=1e-5, atol=1e-6)
    message = recorder.last("result", stage="flow_null")
    assert np.array_equal(array(message, "edges"), edges)
    assert np.allclose(array(message, "low"), table["low"], atol=1e-6)


def test_nothing_is_sent_of_a_panel_that_is_closed(widget, recorder):
    ask(widget, "flow")
    widget.wait()
    ask(widget, "flow", "release")
    recorder.sent.clear()
    widget.scheme = "cosine"
    widget.wait()
    assert not [c for c, _ in recorder.sent if c["kind"] == "result" and c["stage"] == "flow"]


def test_the_flow_comes_with_every_change_before_the_kernel_is_ready_again(widget, recorder):
    ask(widget, "flow")
    widget.wait()
    recorder.sent.clear()
    widget.softmax_scale = 20.0
    widget.wait()
    scales = [c["params"]["softmax_scale"] for c, _ in recorder.sent if c["kind"] == "result"]
    assert set(scales) == {20.0}
    assert {c["stage"] for c, _ in recorder.sent if c["kind"] == "result"} >= {"grid", "flow"}


def test_traits_and_table(widget):
    assert (widget.cluster_key, widget.time_key, widget.cluster) == ("clusters", "", "")
    pd.testing.assert_frame_equal(widget.flow, widget.kernel.flow(), rtol=1e-9)
    widget.time_key = "day"
    assert widget.cluster == "Progenitor"
    pd.testing.assert_frame_equal(widget.flow, widget.kernel.flow("Progenitor", time_key="day"), rtol=1e-9)


def test_a_browser_sets_them_and_is_told_of_a_refusal(widget, recorder):
    widget.set_state({"cluster_key": "lineage"})
    widget.set_state({"time_key": "day"})
    widget.set_state({"cluster": "A"})
    assert (widget.cluster_key, widget.time_key, widget.cluster) == ("lineage", "day", "A")
    widget.set_state({"cluster": "nothing"})
    assert widget.cluster == "A"
    assert recorder.last("error")[0]["trait"] == "cluster"


@pytest.mark.parametrize("settings", [{"time_key": "day", "cluster": "Fate A"}, {"cluster_key": "stage"}])
def test_first_values(adata, settings):
    widget = VelocityWidget(adata, **settings)
    assert {name: getattr(widget, name) for name in settings} == settings
    widget.wait()
    widget.close()
