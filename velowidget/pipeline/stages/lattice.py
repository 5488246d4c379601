"""The stage ``'lattice'``: where arrows are averaged, and what is on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velowidget.core.grid import Lattice, lattice
from velowidget.pipeline.stage import Context, Stage

LATTICE_PACE = ("basis", "components", "smooth", "density")
"""Lattices may be a hundred times larger than another, and Gaussians on them wider."""


@dataclass(frozen=True, eq=False)
class Field:
    """Values at all points of a lattice, float64, shape (*lattice.shape, n_values)."""

    lattice: Lattice
    values: NDArray[np.float64]

    @property
    def flat(self) -> NDArray[np.float64]:
        """The values, shape (n_points, n_values)."""
        return self.values.reshape(-1, self.values.shape[-1])


def compute(context: Context) -> Lattice:
    """Grid points over the embedding."""
    parameters = context.parameters
    positions = context.inputs.plane(parameters.basis, parameters.components)
    return lattice(positions, smooth=parameters.smooth, density=parameters.density, report=context.report)


def place_of(on: Lattice) -> dict[str, Any]:
    """Where a lattice is, as JSON values."""
    return {"start": on.start.tolist(), "spacing": on.spacing, "shape": list(on.shape)}


STAGE = Stage(
    name="lattice",
    label="Grid points",
    depends=("basis", "components", "smooth", "density", "of_places"),
    compute=compute,
    pace=LATTICE_PACE,
)
