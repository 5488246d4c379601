"""Ways to write what a pipeline holds; called as ``write(pipeline, path)``."""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path

from velowidget.kernels.atomic import replacing
from velowidget.pipeline.pipeline import VelocityPipeline
from velowidget.plugins.registry import registry, require

# What a spreadsheet takes for the beginning of a formula, also after blanks; and numbers, which are none.
_FORMULA = re.compile(r"[\s\ufeff]*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


def export(pipeline: VelocityPipeline, exporter: str, path: str | os.PathLike[str]) -> Path:
    """Write what is computed for the present parameters to a file; waits for it.

    The exporter writes in a private folder, and what it wrote then replaces the file: whatever happens, there is the
    whole old file or the whole new one.

    Parameters
    ----------
    pipeline
        The pipeline.
    exporter
        A key of ``velowidget.plugins.contributions('exporters')``.
    path
        The file; the exporter's suffix is added where it has none.

    Returns
    -------
    The path of the file.

    Raises
    ------
    ValueError
        If there is no such exporter, or the data do not have what it requires.
    velowidget.plugins.PluginError
        If the plugin that it is of cannot be used.
    OSError
        If the file cannot be written; the old one is as it was.
    """
    contribution = registry.get("exporters", exporter)
    pipeline.look()
    require(contribution, pipeline.inputs.adata)
    path = Path(path)
    path = path if path.suffix else path.with_suffix(contribution.extension)
    write = registry.load("exporters", exporter)
    with replacing(path) as temporary:
        write(pipeline, temporary)
    return path


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
