"""Cells on an embedding, in the colours of an annotation, under whatever else is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize, to_rgb
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from velowidget.data.annotations import Annotation, CategoricalAnnotation
from velowidget.data.limits import Limit, read_limits
from velowidget.plotting.figure import short
from velowidget.plotting.palettes import MISSING, figure_colors

# Points squared of all cells together, as in scVelo and scanpy.
_AREA = 120_000
# Categories that are named: the largest.
_MOST_NAMES = 40

LEGENDS = ("right margin", "on data", "none")


def default_size(n_cells: int) -> float:
    """Area of a cell in points squared."""
    return min(4 * _AREA / n_cells, 150.0)


def draw_cells(
    ax: Axes,
    positions: NDArray[np.float64],
    annotation: Annotation | None,
    *,
    size: float | None = None,
    alpha: float | None = None,
    cmap: str | Colormap = "viridis",
    vmin: Limit = None,
    vmax: Limit = None,
    legend_loc: str = "right margin",
) -> None:
    """Draw cells, with a legend or a colour bar.

    Parameters
    ----------
    ax
        Where to draw; keeps its frame no longer, and the same scale in both directions.
    positions
        Shape (n_cells, 2); cells that are NaN are left out.
    annotation
        What colours mean; None leaves all cells grey.
    size, alpha
        Area of a cell in points squared, and its opacity; by default they depend on the number of cells.
    cmap
        Colour map for numbers.
    vmin, vmax
        Its limits, as :func:`velowidget.data.limits.read_limits` takes them; the bar is pointed where cells are
        beyond.
    legend_loc
        Of categories: one of `LEGENDS`. Up to 40 that have cells are named, the largest, in their order; of names
        longer than 40 characters the middle is left out.
    """
    if isinstance(annotation, CategoricalAnnotation):
        palette, colors = _cell_colors(annotation)
        _draw_names(ax, positions, annotation, palette, legend_loc)
    elif annotation is not None and np.isfinite(annotation.values).any():
        limits = read_limits(annotation, vmin, vmax)
        scale = ScalarMappable(Normalize(limits.low, limits.high), cmap)
        colors = np.where(
            np.isnan(annotation.values)[:, None], np.nan, scale.cmap(limits.shares(annotation.values))[:, :3]
        )
        beyond = {(False, False): "neither", (True, False): "min", (False, True): "max", (True, True): "both"}
        extend = beyond[limits.n_below > 0, limits.n_above > 0]
        bar = ax.figure.colorbar(scale, ax=ax, shrink=0.5, aspect=15, extend=extend)
        bar.outline.set_visible(False)
        if np.isnan(annotation.values).any():
            _legend(bar.ax, [("missing", MISSING)], loc="upper center", at=(0.5, -0.05))
    else:
        colors = np.full((len(positions), 3), np.nan)
        if annotation is not None and legend_loc != "none":
            _legend(ax, [("missing", MISSING)])
    _draw_dots(ax, positions, colors, size, alpha)
    ax.set_aspect("equal", adjustable="datalim")
    ax.set_axis_off()


def _draw_dots(
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
        s=default_size(n_cells) if size is None else size,
        alpha=min(1.0, 0.35 + n_cells / 100_000) if alpha is None else alpha,
        linewidths=0,
        rasterized=True,
        zorder=0,
    )


def _cell_colors(annotation: CategoricalAnnotation) -> tuple[list[str], NDArray[np.float64]]:
    """Colours of the categories, and of the cells: red, green, blue, NaN where missing."""
    palette = figure_colors(annotation)
    table = np.array([*map(to_rgb, palette), (np.nan,) * 3])
    return palette, table[annotation.codes]


def _draw_names(
    ax: Axes,
    positions: NDArray[np.float64],
    annotation: CategoricalAnnotation,
    colors: Sequence[str],
    legend_loc: str,
) -> None:
    n_used = int((annotation.counts > 0).sum())
    named = np.sort(np.argsort(-annotation.counts, kind="stable")[: min(n_used, _MOST_NAMES)])
    if legend_loc == "on data":
        for code in named:
            members = positions[annotation.codes == code]
            members = members[np.isfinite(members).all(axis=1)]
            if len(members):
                halo = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "boxstyle": "round,pad=0.15"}
                x, y = np.median(members, axis=0)
                ax.text(x, y, short(annotation.categories[code]), ha="center", va="center", weight="bold", bbox=halo)
    elif legend_loc == "right margin":
        entries = [(short(annotation.categories[code]), colors[code]) for code in named]
        entries += [(f"and {n_used - len(named):,} more", "none")] if n_used > len(named) else []
        entries += [("missing", MISSING)] if (annotation.codes < 0).any() else []
        _legend(ax, entries)


def _legend(
    ax: Axes,
    entries: Sequence[tuple[str, str]],
    loc: Literal["center left", "upper center"] = "center left",
    at: tuple[float, float] = (1, 0.5),
) -> None:
    """Names beside dots of their colours."""
    marks = [Line2D([], [], ls="", marker="o", ms=7, color=color) for _, color in entries]
    ax.legend(
        marks, [name for name, _ in entries],
        loc=loc, bbox_to_anchor=at, frameon=False, handletextpad=0.2, ncols=1 + (len(marks) - 1) // 20,
    )  # fmt: skip
