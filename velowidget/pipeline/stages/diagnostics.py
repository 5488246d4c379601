"""The stage ``'diagnostics'``: how far to believe each cell's arrow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from velowidget.core.chain import Chain
from velowidget.core.diagnostics import entropy, fidelity, support
from velowidget.pipeline.stage import Context, Stage, Wired
from velowidget.pipeline.stages.projection import Arrows


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """How far to believe each cell's arrow, each float64, shape (n_cells,)."""

    fidelity: NDArray[np.float64]
    support: NDArray[np.float64]
    entropy: NDArray[np.float64]


def compute(context: Context, chain: Chain, arrows: Arrows, null: NDArray[np.float64] | None) -> Diagnostics:
    """Compute them; without similarities, fidelity and support are NaN."""
    graph, probabilities = chain.graph, chain.probabilities
    if chain.similarity is None or null is None:
        unknown = np.full(graph.n_cells, np.nan)
        return Diagnostics(unknown, unknown, entropy(graph, probabilities))
    positions = context.inputs.plane(context.parameters.basis, context.parameters.components)
    settings = context.parameters.settings
    read = context.inputs.graph(settings)  # of the similarities: that of the chain may have loops where cells stay
    with context.inputs.velocities(settings) as data:
        assert data is not None  # or there is no similarity
        faithful = fidelity(graph, probabilities, data.x, positions, arrows.vectors, context.report)
    return Diagnostics(faithful, support(read, chain.similarity.logits, null), entropy(graph, probabilities))


def to_wire(diagnostics: Diagnostics) -> Wired:
    """`fidelity`, `support` and `entropy`."""
    return {}, {
        "fidelity": diagnostics.fidelity,
        "support": diagnostics.support,
        "entropy": diagnostics.entropy,
    }


STAGE = Stage(
    name="diagnostics",
    label="Fidelity and support",
    after=("T", "projection", "null"),
    compute=compute,
    to_wire=to_wire,
)
