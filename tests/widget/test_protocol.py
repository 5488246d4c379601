"""The messages of ``tests/fixtures/protocol``, which the browser's side checks too, are those that Python sends."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.plugins.made import registered
from velowidget.widget import flow_messages, messages, panels
from velowidget.widget.protocol import decode

FOLDER = Path(__file__).parents[1] / "fixtures" / "protocol"
FIXTURES = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}
FROM_BROWSER = {
    "hello",
    "ping",
    "request",
    "release",
    "resume",
    "cancel",
    "search",
    "panel",
    "want",
    "select",
    "refresh",
    "shown",
}


HISTOGRAM = {
    "name": "example",
    "commands": [{"id": "example.count", "python_name": f"{__name__}:count"}],
    "panels": [{"id": "example.histogram", "title": "Histogram", "esm": "x", "command": "example.count"}],
}


def count(pipeline, name, payload, buffers):
    return {"unit": "cells"}, {name: np.arange(payload["bins"], dtype=float)}


def sent(name, widget):
    """Python's own message of the kind that the example is of."""
    pipeline = widget.pipeline
    if name.startswith("color-"):
        widget.color = {"color-none": "", "color-categorical": "clusters", "color-continuous": "true_time"}[name]
        return messages.color(pipeline)
    if name.startswith("result-"):
        stage = name.removeprefix("result-")
        if stage == "walks":
            widget.start_ixs, widget.n_sims, widget.max_iter = {"clusters": "Progenitor"}, 4, 3
            widget.mode, widget.n_samples = "monte_carlo", 5
        pipeline.want(stage)
        pipeline.wait()
        return messages.result(pipeline.jobs.latest(stage))
    if name == "error-stage":
        return messages.refusal("", ValueError("x"))
    if name == "error-trait":
        return messages.refusal("scheme", ValueError("There is none. Make one."))
    if name == "problem":
        return messages.problem("color", KeyError("There is none. Make one."))
    if name == "status":
        return messages.status(
            replace(pipeline.jobs.status, stage="similarity", progress=0.5, label="half", failed=("T",))
        )
    if name == "matches":
        return messages.matches(pipeline, str(widget.adata.var_names[0]), 2, "page-1")
    if name == "pong":
        return messages.pong("page-7")
    if name == "answer":
        with registered(HISTOGRAM):
            return panels.answer(pipeline, decode(FIXTURES["request"]["header"]), [])
    return getattr(flow_messages if name == "groups" else messages, name)(pipeline)


def types(value):
    """The structure of a JSON value, whatever its content; a list's is that of its first item."""
    if isinstance(value, dict):
        return {key: types(item) for key, item in value.items()}
    if isinstance(value, list):
        return [types(value[0])] if value else []
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


@pytest.mark.parametrize("name", sorted(FIXTURES.keys() - FROM_BROWSER))
def test_python_sends_what_the_example_says(name, widget):
    header, buffers = sent(name, widget)
    example = FIXTURES[name]["header"]
    # Which may be null is the browser's to check.
    nullable = {"id", "generation", "stage", "trait", "times", "layer"}  # or an empty list
    assert header.keys() == example.keys()
    if name == "status":  # of those that there are results of, or that are asked for
        assert header["hashes"].keys() <= example["hashes"].keys()
        nullable.add("hashes")
    for key in header.keys() - nullable - {"arrays", "items"}:
        assert types(json.loads(json.dumps(header[key]))) == types(example[key]), key
    assert [(a["name"], a["dtype"], len(a["shape"])) for a in header.get("arrays", [])] == [
        (a["name"], a["dtype"], len(a["shape"])) for a in example.get("arrays", [])
    ]
    for array, buffer in zip(header.get("arrays", []), buffers, strict=True):
        assert np.dtype(array["dtype"]).itemsize * np.prod(array["shape"]) == buffer.nbytes


@pytest.mark.parametrize("name", sorted(FROM_BROWSER))
def test_python_reads_what_the_browser_says(name):
    header = FIXTURES[name]["header"]
    asked = decode(header)
    assert (asked.kind, asked.id) == (header["kind"], header["id"])
    assert asked.fields == {key: value for key, value in header.items() if key not in ("v", "kind", "id")}


@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_examples_hold_together(name):
    header, buffers = FIXTURES[name]["header"], FIXTURES[name]["buffers"]
    sizes = [np.dtype(a["dtype"]).itemsize * np.prod(a["shape"]) for a in header.get("arrays", [])]
    assert sizes == [len(base64.b64decode(buffer)) for buffer in buffers]
