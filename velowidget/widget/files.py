"""The Python side of the embedding's panel: what exporters write, for the browser to save."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velowidget.pipeline import VelocityPipeline


def answer(
    pipeline: VelocityPipeline, name: str, exporter: str, _buffers: list[Any]
) -> tuple[str, dict[str, NDArray[np.uint8]]]:
    """The name of the file that an exporter writes, and its bytes as ``'content'``; waits for what it writes.

    Raises
    ------
    ValueError
        If something else is asked, there is no such exporter, or the data do not have what it requires.
    """
    if name != "export":
        raise ValueError(f"The embedding answers 'export', not {name!r}.")
    with TemporaryDirectory() as folder:
        path = pipeline.export(exporter, Path(folder) / exporter.replace(".", "-"))
        return path.name, {"content": np.frombuffer(path.read_bytes(), dtype="u1")}
