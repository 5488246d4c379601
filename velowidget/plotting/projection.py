"""The chain's mean step on an embedding, as a figure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import FancyArrowPatch
from numpy.typing import NDArray

from velowidget.core.grid import Lattice, average, lattice
from velowidget.core.streamlines import streamlines
from velowidget.kernels.annotations import (
    CategoricalAnnotation,
    ContinuousAnnotation,
    default_column,
    read_annotation,
)
from velowidget.kernels.arguments import checked_text, one_of
from velowidget.kernels.base import Kernel
from velowidget.kernels.components import PLANE, read_components
from velowidget.kernels.velocity import VelocityKernel
from velowidget.plotting.cells import LEGENDS, draw_cells
from velowidget.plotting.figure import axes_for, finish, plain

# Length of a vector of length 1 on the grid, in spacings; the widget draws the same.
_GAIN = 1.6
DIAGNOSTICS = ("fidelity", "support", "entropy")


def plot_projection(
    kernel: Kernel,
    basis: str = "umap",
    color: str | None = None,
    *,
    stream: bool = True,
    components: Sequence[int] = PLANE,
    density: float = 1.0,
    smooth: float = 0.8,
    min_mass: float = 0.1,
    linewidth: float = 1.0,
    arrow_length: float = 1.0,
    arrow_color: str = "black",
    size: float | None = None,
    alpha: float | None = None,
    cmap: str = "viridis",
    legend_loc: str = "right margin",
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    dpi: float | None = None,
    ax: Axes | None = None,
    save: str | os.PathLike[str] | None = None,
    show: bool = False,
) -> Axes:
    """Draw cells on an embedding, and where the chain takes them.

    A streamline is no path of a cell: lines join averages over many cells, and look surer than they are. How far to
    believe them, cell by cell: :mod:`velowidget.core.diagnostics`, and the widget.

    Parameters
    ----------
    kernel
        Computed with its defaults if it is not yet.
    basis
        Key in ``adata.obsm``, with or without ``X_``.
    color
        Column of ``adata.obs`` or gene; by default the clustering, ``''`` for none. Of a velocity kernel also
        'fidelity', 'support' or 'entropy': see :func:`velowidget.kernels.diagnostics.diagnostics`.
    stream
        Evenly spaced streamlines, whose width grows with the average arrow; else arrows on a grid.
    components
        Two columns of the embedding, counted from 1.
    density
        Of lines and arrows: 32 along the longest side, times this.
    smooth
        Standard deviation of the Gaussian that averages arrows, in distances of arrows.
    min_mass
        Nothing is drawn where fewer cells are than this share of what there is where they are densest.
    linewidth
        Of streamlines, in points: a quarter of it where the average arrow is 0, and up by twice the arrow's length,
        which is at most 1.
    arrow_length
        Of grid arrows: times 1.6 distances for a cell that always goes the same way.
    arrow_color
        Of lines and arrows.
    size, alpha
        Area of a cell in points squared, and its opacity; by default they depend on the number of cells.
    cmap
        Colour map for numbers.
    legend_loc
        Of categories: 'right margin', 'on data' or 'none'.
    title
        By default what the colours mean.
    figsize, dpi
        Of a new figure.
    ax
        Axes to draw on; by default those of a new figure.
    save
        File to write; cells are rasterised, everything else stays lines and text.
    show
        Show the figure now; notebooks show it by themselves.

    Returns
    -------
    The axes.
    """
    one_of("legend_loc", legend_loc, LEGENDS)
    if not isinstance(components, Sequence | np.ndarray) or len(components) != 2:
        raise ValueError(f"A figure has two components, not {components!r}; the widget draws three.")
    positions = read_components(kernel.adata, basis, components)
    annotation = _annotation(kernel, basis, components, color)
    on = lattice(positions, density=density, smooth=smooth, min_mass=min_mass)
    field = average(on, kernel.arrows_on(positions))

    ax = axes_for(ax, figsize, dpi)
    draw_cells(ax, positions, annotation, size=size, alpha=alpha, cmap=cmap, legend_loc=legend_loc)
    if stream:
        _draw_lines(ax, on, field, linewidth, arrow_color)
    else:
        _draw_arrows(ax, on, field, arrow_length, arrow_color)
    ax.set_title(plain(annotation.key if annotation else "") if title is None else title)
    return finish(ax, save, dpi, show=show)


def _annotation(
    kernel: Kernel, basis: str, components: Sequence[int], color: str | None
) -> CategoricalAnnotation | ContinuousAnnotation | None:
    """What to colour cells by: by default the clustering; a diagnostic, where the data have nothing of that name."""
    column = default_column(kernel.adata) if color is None else checked_text("color", color)
    known = column in kernel.adata.obs or column in kernel.adata.var_names
    if column in DIAGNOSTICS and not known and isinstance(kernel, VelocityKernel):
        values = kernel.diagnostics(basis, components)[str(column)].to_numpy()
        return ContinuousAnnotation(str(column), "diagnostics", values)
    return read_annotation(kernel.adata, column) if column else None


def _draw_lines(ax: Axes, on: Lattice, field: NDArray[np.float64], linewidth: float, color: str) -> None:
    """Lines wide where the field is strong, each with an arrow head half way."""
    lines = streamlines(on, field)
    if not len(lines.points) or linewidth <= 0:
        return
    widths = linewidth * (0.25 + 2 * lines.speeds)
    inside = np.ones(len(lines.points) - 1, dtype=bool)
    inside[lines.starts[1:-1] - 1] = False  # from the end of a line to the start of the next
    pieces = np.stack([lines.points[:-1], lines.points[1:]], axis=1)[inside]
    ax.add_collection(
        LineCollection(list(pieces), linewidths=widths[1:][inside], colors=color, capstyle="round", zorder=2)
    )
    for start, stop in zip(lines.starts[:-1], lines.starts[1:], strict=True):
        middle = (start + stop) // 2
        head: dict[str, Any] = {
            "arrowstyle": "-|>",
            "mutation_scale": 9 * linewidth,
            "shrinkA": 0,
            "shrinkB": 0,
            "linewidth": 0,
        }
        ax.add_patch(FancyArrowPatch(lines.points[middle - 1], lines.points[middle], color=color, zorder=2, **head))


def _draw_arrows(ax: Axes, on: Lattice, field: NDArray[np.float64], length: float, color: str) -> None:
    vectors = field.reshape(-1, 2)[on.kept] * (_GAIN * on.spacing * length)
    ax.quiver(
        *on.points.T, *vectors.T,
        angles="xy", scale_units="xy", scale=1, width=0.0025, headwidth=5, headlength=5, headaxislength=4.5,
        color=color, zorder=2,
    )  # fmt: skip
