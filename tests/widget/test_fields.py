"""What the browser is told of fields and of belief."""

from __future__ import annotations

import numpy as np
import pytest


def arrays(message):
    content, buffers = message
    return {
        spec["name"]: np.frombuffer(buffer, dtype=spec["dtype"]).reshape(spec["shape"])
        for spec, buffer in zip(content["arrays"], buffers, strict=True)
    }


@pytest.mark.parametrize("field", ["stream", "particles"])
def test_a_field_is_sent_when_it_is_drawn(widget, recorder, field):
    recorder.sent.clear()
    widget.field = field
    widget.wait()
    content, _ = recorder.last("result", stage=field)
    assert content["params"]["density"] == 1.0


def test_smoothing_is_one_message(widget, recorder):
    recorder.sent.clear()
    widget.smooth = 2.0
    widget.wait()
    assert [content["stage"] for content, _ in recorder.sent if content["kind"] == "result"] == ["grid"]


def test_colour_by_belief_follows_the_diagnostics(widget, recorder):
    widget.color = "fidelity"
    widget.wait()
    first = arrays(recorder.last("color"))["values"]
    content, _ = recorder.last("color")
    assert (content["source"], content["vmin"], content["vmax"]) == ("diagnostics", 0.0, 1.0)
    np.testing.assert_allclose(first, widget.kernel.diagnostics("umap")["fidelity"], atol=1e-6)
    widget.scheme = "cosine"
    widget.wait()
    second = arrays(recorder.last("color"))["values"]
    np.testing.assert_allclose(second, widget.kernel.diagnostics("umap")["fidelity"], atol=1e-6)
    assert (first != second).any()


def test_belief_is_sent_to_who_asks(widget, recorder):
    assert not [c for c, _ in recorder.sent if c.get("stage") in ("belief", "diagnostics")]
    widget._on_message(widget, {"v": 1, "kind": "want", "id": "q", "stage": "belief"}, [])
    widget.wait()
    content, _ = recorder.last("result", stage="belief")
    assert content["id"] == "q"
    assert np.prod(content["shape"]) == arrays(recorder.last("result", stage="belief"))["belief"].size
