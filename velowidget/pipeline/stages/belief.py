"""The stage ``'belief'``: how far to believe what is drawn on the lattice."""

from __future__ import annotations

from velowidget.core.diagnostics import belief
from velowidget.core.grid import Lattice
from velowidget.pipeline.stage import Context, Stage, Wired
from velowidget.pipeline.stages.diagnostics import Diagnostics
from velowidget.pipeline.stages.lattice import LATTICE_PACE, Field, place_of


def compute(context: Context, diagnostics: Diagnostics, on: Lattice) -> Field:
    """Average the cells' diagnostics."""
    values = belief(on, diagnostics.fidelity, diagnostics.support, context.report)
    return Field(on, values[..., None])


def to_wire(field: Field) -> Wired:
    """The lattice, and `belief` on it."""
    return place_of(field.lattice), {"belief": field.flat[:, 0]}


STAGE = Stage(
    name="belief",
    label="Belief on the grid",
    after=("diagnostics", "lattice"),
    compute=compute,
    to_wire=to_wire,
    pace=LATTICE_PACE,
)
