"""The Python side of the embedding's panel: what exporters write, for the browser to save."""

from __future__ import annotations

from concurrent.futures import CancelledError
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velowidget.pipeline import VelocityPipeline
from velowidget.plugins.registry import PluginError


def answer(
    pipeline: VelocityPipeline, name: str, exporter: Any, _buffers: list[Any]
) -> tuple[dict[str, str | None], dict[str, NDArray[np.uint8]]]:
    """What an exporter writes now; waits for what it writes.

    Returns
    -------
    The ``name`` of the file, or the ``problem`` that there is none for; and its bytes as ``'content'``.
    """
    if name != "export" or not isinstance(exporter, str):
        raise ValueError(f"The embedding answers 'export' with an exporter's key, not {name!r} with {exporter!r}.")
    try:
        with TemporaryDirectory() as folder:
            path = pipeline.export(exporter, Path(folder) / exporter.replace(".", "-"))
            content = np.frombuffer(path.read_bytes(), dtype="u1")
    except (PluginError, ValueError) as error:
        return {"name": None, "problem": str(error)}, {}
    except CancelledError:
        return {"name": None, "problem": "Cancelled."}, {}
    except (Exception, SystemExit) as error:  # a plugin's mistake must not end in a log alone
        return {"name": None, "problem": f"{exporter!r} failed: {type(error).__name__}: {error}"}, {}
    return {"name": path.name, "problem": None}, {"content": content}
