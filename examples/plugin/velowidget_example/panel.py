"""The panel's Python side: called for each `ctx.request(name, payload, buffers)` of `panel.js`."""

from __future__ import annotations

from typing import Any

import numpy as np

from velowidget import VelocityPipeline


def answer(
    pipeline: VelocityPipeline, name: str, payload: Any, _buffers: list[Any]
) -> tuple[Any, dict[str, np.ndarray]]:
    """Count cells by the probability of their likeliest step; JSON first, then arrays by name."""
    if name != "histogram":
        raise ValueError(f"This panel answers 'histogram', not {name!r}.")
    likeliest = pipeline.kernel.transition_matrix.max(axis=1).toarray().ravel()
    counts, _ = np.histogram(likeliest, bins=payload["bins"], range=(0, 1))
    return {"mean": float(likeliest.mean())}, {"counts": counts}
