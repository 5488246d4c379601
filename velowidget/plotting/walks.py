"""Random walks on an embedding, as a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap
from numpy.typing import NDArray

from velowidget.data.annotations import Annotation
from velowidget.plotting.cells import default_size, draw_cells

# With more lines than this, a vector file is slow to open.
_MOST_VECTOR_LINES = 20_000
# Points squared.
_LARGEST_MARK = 40.0


def draw_walks(
    ax: Axes,
    positions: NDArray[np.float64],
    walks: NDArray[np.int32],
    annotation: Annotation | None,
    look: Mapping[str, Any],
    colors: Colormap,
    linewidth: float,
    linealpha: float,
    place: dict[str, Any] | None,
) -> Axes:
    """Draw cells on an embedding, and random walks on them.

    Parameters
    ----------
    ax
        Where to draw.
    positions
        The cells, shape (n_cells, 2).
    walks
        Numbers of cells, shape (n_walks, n_steps + 1), -1 after the end.
    annotation, look
        What to colour cells by, and keywords of :func:`velowidget.plotting.cells.draw_cells`.
    colors, linewidth, linealpha
        Of the walks, from their first step to their last.
    place
        Of a legend for first and last cells, as from :func:`velowidget.plotting.figure.legend_place`; None is none.

    Returns
    -------
    The axes.
    """
    size = look.get("size")
    draw_cells(ax, positions, annotation, **look)
    _draw_paths(ax, positions, walks, colors, linewidth, linealpha)
    _draw_ends(ax, positions, walks, colors, default_size(len(positions)) if size is None else size, place)
    return ax


def _draw_paths(
    ax: Axes,
    positions: NDArray[np.float64],
    walks: NDArray[np.int32],
    colors: Colormap,
    linewidth: float,
    linealpha: float,
) -> None:
    """Each walk as a line coloured by how far along it is; lines to cells that are NaN are left out."""
    walk, step = np.nonzero(walks[:, 1:] >= 0)
    segments = positions[np.column_stack([walks[walk, step], walks[walk, step + 1]])]
    drawn = np.isfinite(segments).all(axis=(1, 2))
    lines = LineCollection(
        list(segments[drawn]),
        colors=colors(step[drawn] / _lengths(walks)[walk[drawn]]),
        linewidths=linewidth,
        alpha=linealpha,
        zorder=2,
        rasterized=len(segments) > _MOST_VECTOR_LINES,
    )
    ax.add_collection(lines)


def _draw_ends(
    ax: Axes,
    positions: NDArray[np.float64],
    walks: NDArray[np.int32],
    colors: Colormap,
    size: float,
    place: dict[str, Any] | None,
) -> None:
    """The first and last cells of walks, outlined, with a legend if it has a place."""
    last = walks[np.arange(len(walks)), _lengths(walks)]
    marks = []
    for name, cells, share in (("first cell", walks[:, 0], 0.0), ("last cell", last, 1.0)):
        look: dict[str, Any] = {"color": [colors(share)], "edgecolors": "black", "linewidths": 0.8}
        look["s"] = min(1.1 * size, _LARGEST_MARK)
        marks.append(ax.scatter(*positions[np.unique(cells)].T, zorder=4, label=name, **look))
    if place is not None:
        of_cells = ax.get_legend()
        ax.legend(handles=marks, frameon=False, **place)
        if of_cells is not None:  # matplotlib keeps one
            ax.add_artist(of_cells).set_clip_on(False)


def _lengths(walks: NDArray[np.int32]) -> NDArray[np.int64]:
    """Number of steps of each walk."""
    steps: NDArray[np.int64] = (walks >= 0).sum(axis=1) - 1
    return steps
