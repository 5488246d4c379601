"""Manifests for tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from velowidget import plugins


def scheme(name: str, python_name: str, key: str = "angle") -> str:
    """A manifest with one scheme."""
    return f"""
name = "{name}"
[[commands]]
id = "{name}.{key}"
python_name = "{python_name}"
[[schemes]]
id = "{name}.{key}"
title = "{key}"
command = "{name}.{key}"
"""


def content(**changes):
    """A manifest with one of each kind, as a dict."""
    command = {"id": "mine.it", "python_name": "json:loads"}
    entry = {"id": "mine.it", "title": "it", "command": "mine.it"}
    return {
        "name": "mine",
        "commands": [command],
        "schemes": [entry],
        "kernels": [entry],
        "panels": [{"id": "mine.it", "title": "it", "esm": "export default { mount() {} }"}],
        "palettes": [{"id": "mine.it", "title": "it", "colors": ["#000000", "#ffffff"]}],
        "exporters": [{**entry, "extension": ".csv"}],
        "sample_data": [entry],
        **changes,
    }


@contextmanager
def registered(manifest: Mapping[str, Any]) -> Iterator[None]:
    """A plugin of this process, for a while."""
    take_out = plugins.register(manifest)
    try:
        yield
    finally:
        take_out()
