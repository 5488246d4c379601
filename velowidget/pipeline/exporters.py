"""Ways to write what a pipeline holds; called as ``write(pipeline, path)``."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from velowidget.pipeline.pipeline import VelocityPipeline

# What a spreadsheet takes for the beginning of a formula, also after blanks; and numbers, which are none.
_FORMULA = re.compile(r"[\s\ufeff]*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def arrows_csv(pipeline: VelocityPipeline, path: Path) -> None:
    """A table with a row for each cell: its name, its place on the pipeline's embedding, and its projected velocity.

    Both on the components that the pipeline shows, two or three. Velocities are those of
    :meth:`velowidget.VelocityKernel.compute_projection`. What a cell lacks is an empty field. A name that a spreadsheet
    would take for a formula, because it begins with ``=``, ``+``, ``-`` or ``@``, has a ``'`` before it.
    """
    places = pipeline.positions(pipeline.basis)
    arrows = pipeline.kernel_as_read.compute_projection(pipeline.basis, copy=True)
    assert arrows is not None
    components = pipeline.components or pipeline.inputs.default_components(pipeline.basis)
    arrows = arrows[:, [component - 1 for component in components]]
    axes = "xyz"[: len(components)]
    with path.open("w", newline="", encoding="utf-8") as file:
        # Quoted, lest a spreadsheet that separates by semicolons find another cell in a name.
        table = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
        table.writerow(["cell", *axes, *(f"velocity_{axis}" for axis in axes)])
        for name, place, arrow in zip(pipeline.inputs.adata.obs_names, places, arrows, strict=True):
            numbers = (None if value != value else float(value) for value in (*place, *arrow))
            table.writerow([inert(str(name)), *numbers])


def inert(text: str) -> str:
    """A text of the data for a cell of a table: with a ``'`` before it, if a spreadsheet would run it as a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def kernel_file(pipeline: VelocityPipeline, path: Path) -> None:
    """The computed kernel, without the AnnData, as :meth:`velowidget.kernels.Kernel.read` reads it."""
    pipeline.kernel_as_read.write(path, write_adata=False, ext=path.suffix)
