"""The stage ``'stream'``: lines along the mean arrows."""

from __future__ import annotations

from velowidget.core.streamlines import Streamlines, streamlines
from velowidget.pipeline.stage import Context, Stage, Wired
from velowidget.pipeline.stages.lattice import LATTICE_PACE, Field


def compute(context: Context, field: Field) -> Streamlines:
    """Follow the arrows."""
    # In space, lines that are as close together hide each other.
    separation = 1.0 if len(field.lattice.shape) == 2 else 2.0
    return streamlines(field.lattice, field.values, separation=separation, report=context.report)


def to_wire(lines: Streamlines) -> Wired:
    """`points` of all lines, where each `starts`, and `speeds`."""
    return {}, {"points": lines.points, "starts": lines.starts, "speeds": lines.speeds}


STAGE = Stage(
    name="stream",
    label="Streamlines",
    after=("particles",),
    compute=compute,
    to_wire=to_wire,
    unit="places",
    pace=LATTICE_PACE,
)
