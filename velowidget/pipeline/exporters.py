"""Ways to write what a pipeline holds; called as ``write(pipeline, path)``."""

from __future__ import annotations

import csv
import os
from pathlib import Path

from velowidget.pipeline.pipeline import VelocityPipeline
from velowidget.plugins.registry import registry, require


def export(pipeline: VelocityPipeline, exporter: str, path: str | os.PathLike[str]) -> Path:
    """Write what is computed for the present parameters to a file; waits for it.

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
    """
    contribution = registry.get("exporters", exporter)
    pipeline.look()
    require(contribution, pipeline.inputs.adata)
    path = Path(path)
    path = path if path.suffix else path.with_suffix(contribution.extension)
    registry.load("exporters", exporter)(pipeline, path)
    return path


def arrows_csv(pipeline: VelocityPipeline, path: Path) -> None:
    """A table with a row for each cell: its name, its place on the pipeline's embedding, and its projected velocity.

    Both on the components that the pipeline shows, two or three. Velocities are those of
    :meth:`velowidget.VelocityKernel.compute_projection`. What a cell lacks is an empty field.
    """
    places = pipeline.positions(pipeline.basis)
    arrows = pipeline.kernel_as_read.compute_projection(pipeline.basis, copy=True)
    assert arrows is not None
    components = pipeline.components or pipeline.inputs.default_components(pipeline.basis)
    arrows = arrows[:, [component - 1 for component in components]]
    axes = "xyz"[: len(components)]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["cell", *axes, *(f"velocity_{axis}" for axis in axes)])
        for name, place, arrow in zip(pipeline.inputs.adata.obs_names, places, arrows, strict=True):
            table.writerow([name, *("" if value != value else repr(float(value)) for value in (*place, *arrow))])


def kernel_file(pipeline: VelocityPipeline, path: Path) -> None:
    """The computed kernel, without the AnnData, as :meth:`velowidget.kernels.Kernel.read` reads it."""
    pipeline.kernel_as_read.write(path, write_adata=False, ext=path.suffix)
