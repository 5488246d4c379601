"""The chain's mean step on an embedding, as a figure."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize, to_rgb
from matplotlib.lines import Line2D
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
from velowidget.kernels.arguments import one_of
from velowidget.kernels.base import Kernel
from velowidget.kernels.components import PLANE, read_components
from velowidget.kernels.velocity import VelocityKernel
from velowidget.plotting.palettes import MISSING, category_colors

# Points squared of all cells together, as in scVelo and scanpy.
_AREA = 120_000
# Length of a vector of length 1 on the grid, in spacings; the widget draws the same.
_GAIN = 1.6
# Categories that a legend names.
_MOST_NAMES = 40

DIAGNOSTICS = ("fidelity", "support", "entropy")
LEGENDS = ("right margin", "on data", "none")


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
    if len(components) != 2:
        raise ValueError(f"A figure has two components, not {components!r}; the widget draws three.")
    positions = read_components(kernel.adata, basis, components)
    annotation = _annotation(kernel, basis, components, color)
    on = lattice(positions, density=density, smooth=smooth, min_mass=min_mass)
    field = average(on, kernel.arrows_on(positions))

    if ax is None:
        ax = plt.figure(figsize=figsize, dpi=dpi, layout="constrained").add_subplot()
    if isinstance(annotation, CategoricalAnnotation):
        palette, colors = _category_colors(annotation)
        _draw_names(ax, positions, annotation, palette, legend_loc)
    elif isinstance(annotation, ContinuousAnnotation) and np.isfinite(annotation.values).any():
        ends = (
            (0, 1)
            if annotation.source == "diagnostics"
            else (np.nanmin(annotation.values), np.nanmax(annotation.values))
        )
        scale = ScalarMappable(Normalize(*ends), cmap)
        colors = np.where(np.isnan(annotation.values)[:, None], np.nan, scale.to_rgba(annotation.values)[:, :3])
        ax.figure.colorbar(scale, ax=ax, shrink=0.5, aspect=15).outline.set_visible(False)
    else:
        colors = np.full((len(positions), 3), np.nan)
    _draw_cells(ax, positions, colors, size, alpha)
    if stream:
        _draw_lines(ax, on, field, linewidth, arrow_color)
    else:
        _draw_arrows(ax, on, field, arrow_length, arrow_color)
    ax.set_title((annotation.key if annotation else "") if title is None else title)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_axis_off()
    if save is not None:
        figure = ax.get_figure(root=True)
        assert figure is not None  # or the axes had been removed
        figure.savefig(save, bbox_inches="tight", dpi=dpi or 300)
    if show:
        plt.show()
    return ax


def _annotation(
    kernel: Kernel, basis: str, components: Sequence[int], color: str | None
) -> CategoricalAnnotation | ContinuousAnnotation | None:
    """What to colour cells by: by default the clustering; a diagnostic, where the data have nothing of that name."""
    column = default_column(kernel.adata) if color is None else color
    known = column in kernel.adata.obs or column in kernel.adata.var_names
    if column in DIAGNOSTICS and not known and isinstance(kernel, VelocityKernel):
        values = kernel.diagnostics(basis, components)[str(column)].to_numpy()
        return ContinuousAnnotation(str(column), "diagnostics", values)
    return read_annotation(kernel.adata, column) if column else None


def _draw_cells(
    ax: Axes, positions: NDArray[np.float64], colors: NDArray[Any], size: float | None, alpha: float | None
) -> None:
    """Cells without a colour (NaN) in grey, below the others; these in random order, so that none hides a category."""
    n_cells = len(positions)
    known = ~np.isnan(colors[:, 0])
    order = np.random.default_rng(0).permutation(n_cells)
    order = np.concatenate([order[~known[order]], order[known[order]]])
    ax.scatter(
        positions[order, 0],
        positions[order, 1],
        c=np.where(known[:, None], colors, to_rgb(MISSING))[order],
        s=min(4 * _AREA / n_cells, 150.0) if size is None else size,
        alpha=min(1.0, 0.35 + n_cells / 100_000) if alpha is None else alpha,
        linewidths=0,
        rasterized=True,
        zorder=0,
    )


def _category_colors(annotation: CategoricalAnnotation) -> tuple[list[str], NDArray[np.float64]]:
    """Colours of the categories, and of the cells: red, green, blue, NaN where missing."""
    palette = category_colors(len(annotation.categories), annotation.stored_colors)
    table = np.array([*map(to_rgb, palette), (np.nan,) * 3])
    return palette, table[annotation.codes]


def _draw_names(
    ax: Axes,
    positions: NDArray[np.float64],
    annotation: CategoricalAnnotation,
    colors: Sequence[str],
    legend_loc: str,
) -> None:
    if legend_loc == "on data":
        for code, name in enumerate(annotation.categories):
            members = positions[annotation.codes == code]
            members = members[np.isfinite(members).all(axis=1)]
            if len(members):
                halo = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "boxstyle": "round,pad=0.15"}
                x, y = np.median(members, axis=0)
                ax.text(x, y, _plain(name), ha="center", va="center", weight="bold", bbox=halo)
    elif legend_loc == "right margin":
        entries = [*zip(map(_plain, annotation.categories), colors, strict=True)]
        if len(entries) > _MOST_NAMES:
            entries[_MOST_NAMES:] = [(f"and {len(entries) - _MOST_NAMES:,} more", "none")]
        entries += [("missing", MISSING)] if (annotation.codes < 0).any() else []
        marks = [Line2D([], [], ls="", marker="o", ms=7, color=color, label=name) for name, color in entries]
        ax.legend(
            handles=marks, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, handletextpad=0.2,
            ncols=1 + (len(marks) - 1) // 20,
        )  # fmt: skip


def _draw_lines(ax: Axes, on: Lattice, field: NDArray[np.float64], linewidth: float, color: str) -> None:
    """Lines wide where the field is strong, each with an arrow head half way."""
    lines = streamlines(on, field)
    if not len(lines.points):
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


def _plain(name: str) -> str:
    """Text as it is: matplotlib takes what stands between dollars for mathematics."""
    return name.replace("$", r"\$")
