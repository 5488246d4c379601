"""The chain's mean step on an embedding, as a figure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, to_rgba
from matplotlib.patches import FancyArrowPatch
from numpy.typing import NDArray

from velowidget.core.grid import Lattice, average, lattice
from velowidget.core.streamlines import Streamlines, streamlines
from velowidget.kernels.annotations import Annotation, ContinuousAnnotation, default_column, read_annotation
from velowidget.kernels.arguments import checked_flag, checked_text, one_of
from velowidget.kernels.base import Kernel
from velowidget.kernels.components import PLANE, read_components
from velowidget.kernels.limits import Limit, checked_limits
from velowidget.kernels.messages import shown
from velowidget.kernels.velocity import VelocityKernel
from velowidget.plotting.arguments import (
    checked_color,
    checked_color_map,
    checked_figure,
    checked_length,
    checked_size,
)
from velowidget.plotting.belief import explain, opacities
from velowidget.plotting.cells import LEGENDS, draw_cells
from velowidget.plotting.figure import axes_for, finish, short

# Length of a vector of length 1 on the grid, in spacings; the widget draws the same.
_GAIN = 1.6
# By which lines change their look: of width, as a share of `linewidth`, and of opacity.
_WIDTH_STEP, _OPACITY_STEP = 0.1, 0.1
# Of the parts of a line, in steps between its vertices.
_OVERLAP = 0.1
DIAGNOSTICS = ("fidelity", "support", "entropy")


def plot_projection(
    kernel: Kernel,
    basis: str = "umap",
    color: str | None = None,
    *,
    stream: bool = True,
    honest: bool = True,
    components: Sequence[int] = PLANE,
    density: float | None = None,
    smooth: float = 0.8,
    min_mass: float = 0.1,
    linewidth: float = 1.0,
    arrow_length: float = 1.0,
    arrow_color: str = "black",
    size: float | None = None,
    alpha: float | None = None,
    cmap: str | Colormap = "viridis",
    vmin: Limit = None,
    vmax: Limit = None,
    layer: str | None = None,
    legend_loc: str = "right margin",
    title: str | None = None,
    figsize: tuple[float, float] | None = None,
    dpi: float | None = None,
    ax: Axes | None = None,
    save: str | os.PathLike[str] | None = None,
    show: bool = False,
) -> Axes:
    """Draw cells on an embedding, and where the chain takes them.

    A streamline is no path of a cell: lines join averages over many cells, and look surer than they are. So those of a
    velocity kernel fade where there is little reason to believe them (:mod:`velowidget.core.diagnostics`).

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
    honest
        Lines and arrows fade, as in the widget, by the smaller of fidelity and support, averaged over the cells around:
        from opacity 1 to 0.12, where either is 0 or neither is defined; a sentence below says so. This takes the time
        of :func:`velowidget.kernels.diagnostics.diagnostics`. Kernels of other kinds have no diagnostics, nor has a
        matrix that was given or read from a file: nothing fades then, and nothing is said.
    components
        Two columns of the embedding, counted from 1.
    density
        Of lines and arrows: 32 along the longest side, times this. By default 1, and less for fewer than 256 cells, the
        square root of their number over 16: between cells that are far apart there is nothing to average.
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
    vmin, vmax
        Its limits: a number, a percentile such as 'p99', or None for the automatic limit, which leaves out at most 1 %
        of the cells, and only where these would have more than half of the colours. The bar is pointed at an end that
        leaves out cells; they have its colour.
    layer
        Where colours of genes are from: a layer or 'X'; by default ``adata.X``, else layer 'Ms', else 'spliced'.
        ``color='LAYER:GENE'`` says the same.
    legend_loc
        Of categories: 'right margin', 'on data' or 'none'. The 40 largest are named, in at most 40 characters each.
    title
        By default what the colours mean.
    figsize, dpi
        Of a new figure.
    ax
        Axes to draw on; by default those of a new figure.
    save
        File to write; in SVG and PDF cells are rasterised, everything else stays lines and text.
    show
        Show the figure now; notebooks show it by themselves.

    Returns
    -------
    The axes.
    """
    stream, honest, show = (
        checked_flag(name, value) for name, value in (("stream", stream), ("honest", honest), ("show", show))
    )
    linewidth, arrow_length = checked_length("linewidth", linewidth), checked_length("arrow_length", arrow_length)
    size = None if size is None else checked_length("size", size)
    alpha = None if alpha is None else checked_length("alpha", alpha, most=1)
    checked_color("arrow_color", arrow_color)
    checked_figure(figsize, dpi, ax)
    one_of("legend_loc", legend_loc, LEGENDS)
    if not isinstance(components, Sequence | np.ndarray) or len(components) != 2:
        raise ValueError(f"A figure has two components, not {shown(components)}; the widget draws three.")
    positions = read_components(kernel.adata, basis, components)
    density = min(1.0, len(positions) ** 0.5 / 16) if density is None else checked_size("density", density)
    smooth = checked_size("smooth", smooth)
    on = lattice(positions, density=density, smooth=smooth, min_mass=checked_length("min_mass", min_mass))
    field = average(on, kernel.arrows_on(positions))

    @cache
    def diagnostics() -> dict[str, NDArray[np.float64]]:
        table = cast("VelocityKernel", kernel).diagnostics(basis, components)
        return {name: table[name].to_numpy() for name in DIAGNOSTICS}

    vmin, vmax = checked_limits(vmin, vmax)
    annotation = _annotation(kernel, color, layer, diagnostics)
    known = diagnostics() if honest and _has_diagnostics(kernel) else None

    def shades(places: NDArray[np.float64]) -> NDArray[np.float64]:
        if known is None:
            return np.ones(len(places))
        return opacities(on, known["fidelity"], known["support"], places)

    cmap = checked_color_map(cmap)
    ax = axes_for(ax, figsize, dpi)
    draw_cells(
        ax, positions, annotation, size=size, alpha=alpha, cmap=cmap, vmin=vmin, vmax=vmax, legend_loc=legend_loc
    )
    if stream:
        _draw_lines(ax, streamlines(on, field), shades, linewidth, arrow_color)
    else:
        _draw_arrows(ax, on, field, shades(on.points), arrow_length, arrow_color)
    if known is not None:
        explain(ax)
    ax.set_title(_title(annotation) if title is None else title)
    settings = {
        "basis": basis,
        "components": list(components),
        "color": annotation.key if annotation else "",
        "layer": _layer(annotation),
        "vmin": vmin,
        "vmax": vmax,
        "stream": stream,
        "honest": known is not None,
        "density": density,
        "smooth": smooth,
        "min_mass": min_mass,
    }
    return finish(ax, save, dpi, show=show, kernel=kernel, settings=settings)


def _has_diagnostics(kernel: Kernel) -> bool:
    """Whether there are similarities to look at: of a velocity kernel that computed its matrix itself."""
    return isinstance(kernel, VelocityKernel) and kernel._similar is not None and kernel._scheme is not None


def _annotation(
    kernel: Kernel, color: str | None, layer: str | None, diagnostics: Callable[[], dict[str, NDArray[np.float64]]]
) -> Annotation | None:
    """What to colour cells by: by default the clustering; a diagnostic, where the data have nothing of that name."""
    column = default_column(kernel.adata) if color is None else checked_text("color", color)
    if column not in DIAGNOSTICS or column in kernel.adata.obs or column in kernel.adata.var_names:
        return read_annotation(kernel.adata, column, layer) if column else None
    if not isinstance(kernel, VelocityKernel):
        raise ValueError(
            f"Nothing to colour by: only velocity kernels have {column!r}, and this is a {type(kernel).__name__}. "
            f"Try `VelocityKernel(adata).plot_projection(color={column!r})`."
        )
    return ContinuousAnnotation(column, "diagnostics", diagnostics()[column])


def _layer(annotation: Annotation | None) -> str | None:
    return annotation.layer if isinstance(annotation, ContinuousAnnotation) else None


def _title(annotation: Annotation | None) -> str:
    """What colours mean, and the layer of a gene."""
    layer = _layer(annotation)
    return short(annotation.key if annotation else "") + (f" ({short(layer)})" if layer else "")


def _draw_lines(
    ax: Axes, lines: Streamlines, shades: Callable[[NDArray[np.float64]], NDArray[np.float64]], width: float, color: str
) -> None:
    """Lines wide where the field is strong, each with an arrow head half way."""
    if not len(lines.points) or width == 0:
        return
    looks = np.column_stack([width * (0.25 + 2 * lines.speeds), shades(lines.points)])
    # Pieces of one look are one path, and flat ends overlap by a hair: where two meet is neither a dot nor a gap.
    rounded = np.round(looks / (_WIDTH_STEP * width, _OPACITY_STEP))
    strokes = [stroke for line in pairwise(lines.starts) for stroke in _strokes(rounded, *line)]
    first = [start for start, _ in strokes]
    ahead = np.diff(lines.points, axis=0, append=lines.points[-1:])
    ahead[lines.starts[1:] - 1] = 0  # at the ends of lines
    ax.add_collection(
        LineCollection(
            [
                np.vstack([lines.points[start : stop + 1], lines.points[stop] + _OVERLAP * ahead[stop]])
                for start, stop in strokes
            ],
            linewidths=looks[first, 0],
            colors=_shaded(color, looks[first, 1]),
            capstyle="butt",
            joinstyle="round",
            zorder=2,
        )
    )
    heads = (lines.starts[:-1] + lines.starts[1:]) // 2
    for middle, shade in zip(heads, _shaded(color, looks[heads, 1]), strict=True):
        head: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 9 * width, "shrinkA": 0, "shrinkB": 0}
        ends = lines.points[middle - 1], lines.points[middle]
        ax.add_patch(FancyArrowPatch(*ends, color=tuple(shade), linewidth=0, zorder=2, **head))


def _strokes(looks: NDArray[np.float64], start: int, stop: int) -> Iterator[tuple[int, int]]:
    """First and last vertex of each run along a line whose pieces, named by their first vertices, look the same."""
    changes = (np.diff(looks[start : stop - 1], axis=0) != 0).any(axis=1)
    return pairwise([start, *(start + 1 + np.flatnonzero(changes)), stop - 1])


def _draw_arrows(
    ax: Axes, on: Lattice, field: NDArray[np.float64], shades: NDArray[np.float64], length: float, color: str
) -> None:
    vectors = field.reshape(-1, 2)[on.kept] * (_GAIN * on.spacing * length)
    ax.quiver(
        *on.points.T, *vectors.T,
        angles="xy", scale_units="xy", scale=1, width=0.0025, headwidth=5, headlength=5, headaxislength=4.5,
        color=_shaded(color, shades), zorder=2,
    )  # fmt: skip


def _shaded(color: str, shades: NDArray[np.float64]) -> NDArray[np.float64]:
    """A colour at several opacities: red, green, blue, opacity."""
    red, green, blue, opacity = to_rgba(color)
    return np.column_stack([np.full((len(shades), 3), (red, green, blue)), opacity * shades])
