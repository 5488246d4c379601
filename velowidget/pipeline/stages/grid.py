"""The stage ``'grid'``: mean arrows where there are enough cells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from velowidget.pipeline.stage import Context, Stage, Wired
from velowidget.pipeline.stages.lattice import LATTICE_PACE, Field


@dataclass(frozen=True, eq=False)
class Grid:
    """Mean arrows on a lattice, both float64, shape (n_points, n_dims)."""

    points: NDArray[np.float64]
    vectors: NDArray[np.float64]


def compute(_context: Context, field: Field) -> Grid:
    """Leave out points without cells."""
    on = field.lattice
    return Grid(on.points, field.flat[on.kept])


def to_wire(grid: Grid) -> Wired:
    """`points` and `vectors`."""
    return {}, {"points": grid.points, "vectors": grid.vectors}


STAGE = Stage(
    name="grid", label="Grid arrows", after=("particles",), compute=compute, to_wire=to_wire, pace=LATTICE_PACE
)
