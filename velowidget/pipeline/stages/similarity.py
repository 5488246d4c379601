"""The stage ``'similarity'``: similarities of velocities and displacements."""

from __future__ import annotations

from velowidget.analyses.modes import similarities
from velowidget.core.similarity import Similarity
from velowidget.pipeline.parameters import OF_THE_DATA
from velowidget.pipeline.stage import Context, Stage

OF_SIMILARITY = ("scheme", "own_scheme", "compared", *OF_THE_DATA, "of_data")
"""What similarities depend on."""


def compute(context: Context) -> Similarity | None:
    """Similarities on the edges; of a given kernel its own, None where it has none."""
    parameters = context.parameters
    if context.inputs.kernel is not None:
        return context.inputs.kernel.chain.similarity
    graph = context.inputs.graph(parameters.settings)
    with context.inputs.velocities(parameters.settings) as data:
        assert data is not None  # or a kernel was given
        return similarities(graph, data, parameters.asked, parameters.compared, context.report)


STAGE = Stage(name="similarity", label="Similarities", depends=OF_SIMILARITY, compute=compute, pace=("scheme",))
