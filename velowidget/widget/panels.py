"""What the panels of plugins are sent: their JavaScript, and answers of their Python side."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from numpy.typing import NDArray

from velowidget.pipeline import VelocityPipeline
from velowidget.plugins.registry import PluginError, registry
from velowidget.widget.protocol import Message, Request, encode, sendable


def javascript(asked: Request) -> Message:
    """The JavaScript of the panel that is asked for, or why there is none."""
    try:
        return _answer(asked, {"esm": registry.javascript(asked.fields["panel"])})
    except (PluginError, ValueError) as error:
        return _answer(asked, None, problem=str(error))


def answer(pipeline: VelocityPipeline, asked: Request, buffers: Sequence[Any]) -> Message:
    """What the panel's Python side answers, or how it failed: a plugin's mistake must not end in a log alone."""
    panel, name, payload = (asked.fields[field] for field in ("panel", "name", "payload"))
    try:
        found = registry.load("panels", panel)(pipeline, name, payload, list(buffers))
        content, arrays = found if isinstance(found, tuple) else (found, {})
        json.dumps(content, allow_nan=False)
        return _answer(asked, content, {key: sendable(key, value) for key, value in arrays.items()})
    except PluginError as error:
        return _answer(asked, None, problem=str(error))
    except (Exception, SystemExit) as error:
        problem = f"The panel {panel!r} failed to answer {name!r}: {type(error).__name__}: {error}"
        return _answer(asked, None, problem=problem)


class Answers:
    """Where panels' Python sides answer: beside the thread that messages come in, each panel's one after the other.

    An answer may take long, or wait for what is being computed; the other panels' do not wait for it.
    """

    def __init__(self) -> None:
        self._of_panel: dict[str, ThreadPoolExecutor] = {}

    def submit(self, panel: str, answer: Callable[[], None]) -> None:
        """Answer in the panel's turn."""
        if panel not in self._of_panel:
            self._of_panel[panel] = ThreadPoolExecutor(1, thread_name_prefix="velowidget-panel")
        self._of_panel[panel].submit(answer)

    def close(self) -> None:
        """Leave out the answers that have not begun."""
        for executor in self._of_panel.values():
            executor.shutdown(wait=False, cancel_futures=True)
        self._of_panel.clear()


def _answer(
    asked: Request, payload: Any, arrays: Mapping[str, NDArray[Any]] | None = None, problem: str | None = None
) -> Message:
    return encode("answer", id=asked.id, payload=payload, problem=problem, arrays=arrays or {})
