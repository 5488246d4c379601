"""The chain's mean step on an embedding, as a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap, to_rgba
from matplotlib.patches import FancyArrowPatch
from numpy.typing import NDArray

from velowidget.core.chain import Chain
from velowidget.core.grid import Lattice, average, lattice
from velowidget.core.projection import project
from velowidget.core.streamlines import Streamlines, streamlines
from velowidget.data.annotations import Annotation, ContinuousAnnotation
from velowidget.data.arguments import one_of
from velowidget.data.limits import Limit
from velowidget.plotting.arguments import checked_color, checked_color_map, checked_length, checked_size
from velowidget.plotting.belief import explain, opacities
from velowidget.plotting.cells import LEGENDS, draw_cells
from velowidget.plotting.figure import short

# Length of a vector of length 1 on the grid, in spacings; the widget draws the same.
_GAIN = 1.6
# By which lines change their look: of width, as a share of `linewidth`, and of opacity.
_WIDTH_STEP, _OPACITY_STEP = 0.1, 0.1
# Of the parts of a line, in steps between its vertices.
_OVERLAP = 0.1


@dataclass(frozen=True, kw_only=True)
class ProjectionStyle:
    """How a projection is drawn: arguments of `Kernel.plot_projection`, which says what they mean.

    Raises
    ------
    TypeError, ValueError
        If one of them makes no sense.
    """

    stream: bool
    density: float | None
    smooth: float
    min_mass: float
    linewidth: float
    arrow_length: float
    arrow_color: str
    size: float | None
    alpha: float | None
    cmap: str | Colormap
    vmin: Limit
    vmax: Limit
    legend_loc: str
    title: str | None

    def __post_init__(self) -> None:
        for name in ("linewidth", "arrow_length", "min_mass"):
            checked_length(name, getattr(self, name))
        checked_size("smooth", self.smooth)
        if self.density is not None:
            checked_size("density", self.density)
        if self.size is not None:
            checked_length("size", self.size)
        if self.alpha is not None:
            checked_length("alpha", self.alpha, most=1)
        checked_color("arrow_color", self.arrow_color)
        checked_color_map(self.cmap)
        one_of("legend_loc", self.legend_loc, LEGENDS)

    def density_for(self, n_cells: int) -> float:
        """The density: between cells that are far apart there is nothing to average."""
        return min(1.0, n_cells**0.5 / 16) if self.density is None else float(self.density)


def draw_projection(
    ax: Axes,
    positions: NDArray[np.float64],
    chain: Chain,
    style: ProjectionStyle,
    annotation: Annotation | None,
    diagnostics: Mapping[str, NDArray[np.float64]] | None,
) -> Axes:
    """Draw cells on an embedding, and where a chain takes them.

    Parameters
    ----------
    ax
        Where to draw.
    positions
        The cells, shape (n_cells, 2).
    chain
        The chain.
    style
        How to draw.
    annotation
        What to colour cells by.
    diagnostics
        ``'fidelity'`` and ``'support'`` of each cell, by which lines and arrows fade; None where nothing does.

    Returns
    -------
    The axes.
    """
    density = style.density_for(len(positions))
    on = lattice(positions, density=density, smooth=style.smooth, min_mass=style.min_mass)
    field = average(on, project(chain.graph, chain.probabilities, positions))

    def shades(places: NDArray[np.float64]) -> NDArray[np.float64]:
        if diagnostics is None:
            return np.ones(len(places))
        return opacities(on, diagnostics["fidelity"], diagnostics["support"], places)

    draw_cells(
        *(ax, positions, annotation),
        size=style.size,
        alpha=style.alpha,
        cmap=checked_color_map(style.cmap),
        vmin=style.vmin,
        vmax=style.vmax,
        legend_loc=style.legend_loc,
    )
    if style.stream:
        _draw_lines(ax, streamlines(on, field), shades, style.linewidth, style.arrow_color)
    else:
        _draw_arrows(ax, on, field, shades(on.points), style.arrow_length, style.arrow_color)
    if diagnostics is not None:
        explain(ax)
    ax.set_title(_title(annotation) if style.title is None else style.title)
    return ax


def _title(annotation: Annotation | None) -> str:
    """What colours mean, and the layer of a gene."""
    layer = annotation.layer if isinstance(annotation, ContinuousAnnotation) else None
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
