"""The stage ``'null'``: similarities that chance alone would make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from velowidget.analyses.modes import similarities
from velowidget.core.diagnostics import shuffled_genes
from velowidget.pipeline.stage import Context, Stage
from velowidget.pipeline.stages.similarity import OF_SIMILARITY


def compute(context: Context) -> NDArray[np.float64] | None:
    """Similarities with shuffled genes; None without velocities."""
    parameters = context.parameters
    graph = context.inputs.graph(parameters.settings)
    with context.inputs.velocities(parameters.settings) as data:
        if data is None:
            return None
        shuffled = replace(data, v=shuffled_genes(data.v))
        return similarities(graph, shuffled, parameters.asked, parameters.compared, context.report).logits


STAGE = Stage(
    name="null",
    label="Similarities with shuffled genes",
    depends=OF_SIMILARITY,
    compute=compute,
    pace=("scheme",),
)
