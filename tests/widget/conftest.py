"""A widget whose messages are kept instead of sent."""

from __future__ import annotations

import pytest

from velowidget.widget import VelocityWidget


class Recorder:
    """Makes widgets, and keeps what each would send to the browser."""

    def __init__(self, monkeypatch):
        self.sent = []
        monkeypatch.setattr(
            VelocityWidget, "send", lambda _, content, buffers=None: self.sent.append((content, buffers))
        )

    def kinds(self):
        return [content["kind"] for content, _ in self.sent]

    def last(self, kind, **fields):
        for content, buffers in reversed(self.sent):
            if content["kind"] == kind and all(content[name] == value for name, value in fields.items()):
                return content, buffers
        raise AssertionError(f"no {kind} {fields} among {self.kinds()}")

    def offers(self, name):
        """What the control of a parameter offers."""
        parameters = {parameter["name"]: parameter for parameter in self.last("options")[0]["parameters"]}
        return parameters[name]["control"]["offers"]


@pytest.fixture
def recorder(monkeypatch):
    return Recorder(monkeypatch)


@pytest.fixture
def widget(adata, recorder):
    widget = VelocityWidget(adata)
    widget.wait()
    # What was computed before somebody listened is told when a browser asks.
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    yield widget
    widget.close()
