"""The stage ``'projection'``: the cells' velocities on the embedding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from velowidget.core.chain import Chain
from velowidget.core.projection import project
from velowidget.pipeline.stage import Context, Stage, Wired


@dataclass(frozen=True, eq=False)
class Arrows:
    """The cells' projected velocities, float64, shape (n_cells, n_dims)."""

    vectors: NDArray[np.float64]


def compute(context: Context, chain: Chain) -> Arrows:
    """Project the chain's steps."""
    positions = context.inputs.plane(context.parameters.basis, context.parameters.components)
    return Arrows(project(chain.graph, chain.probabilities, positions))


def to_wire(arrows: Arrows) -> Wired:
    """`vectors`."""
    return {}, {"vectors": arrows.vectors}


STAGE = Stage(
    name="projection",
    label="Projection",
    after=("T",),
    depends=("basis", "components", "of_places"),
    compute=compute,
    to_wire=to_wire,
)
