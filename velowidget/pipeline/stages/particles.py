"""The stage ``'particles'``: mean arrows at all points of the lattice, along which particles drift."""

from __future__ import annotations

from velowidget.core.grid import Lattice, average
from velowidget.pipeline.stage import Context, Stage, Wired
from velowidget.pipeline.stages.lattice import LATTICE_PACE, Field, place_of
from velowidget.pipeline.stages.projection import Arrows


def compute(context: Context, arrows: Arrows, on: Lattice) -> Field:
    """Average the cells' arrows."""
    return Field(on, average(on, arrows.vectors, context.report))


def to_wire(field: Field) -> Wired:
    """The lattice, `vectors` on it and the `mass` of cells there."""
    on = field.lattice
    return {**place_of(on), "min_mass": on.min_mass}, {"vectors": field.flat, "mass": on.mass.ravel()}


STAGE = Stage(
    name="particles",
    label="Mean arrows",
    after=("projection", "lattice"),
    compute=compute,
    to_wire=to_wire,
    pace=LATTICE_PACE,
)
