"""The flow out of one cluster over time, as veins between bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from velowidget.plotting.figure import legend_place, plain

Floats = NDArray[np.float64]

GAP = 0.2  # between bands; a band with all cells of a time is 2 high
_POINTS = 100  # of a vein, and of a band for each unit of time
_MOST_POINTS = 10_000  # of a band, where some times are much closer than others
_FAINT = 0.2  # opacity of a vein where it leaves


def draw_veins(
    ax: Axes,
    *,
    times: Floats,
    proportions: Floats,
    flows: Floats,
    source: int,
    shown: Sequence[int],
    names: Sequence[str],
    colors: Sequence[str],
    min_flow: float = 0,
    ascending: bool | None = False,
    legend_loc: str | None = "upper right out",
    alpha: float = 0.8,
    xticks_step_size: int | None = 1,
) -> Axes:
    """Draw clusters as bands, and the flow from one of them to the others as veins.

    Parameters
    ----------
    ax
        Where to draw.
    times
        Ascending, shape (n_times,).
    proportions
        Share of each cluster in the cells of each time, shape (n_times, n_clusters).
    flows
        From the source to each cluster between consecutive times, shape (n_times - 1, n_clusters).
    source, shown
        Positions of the cluster that the flow leaves, and of those to draw.
    names, colors
        Of all clusters.
    min_flow, ascending, legend_loc, alpha, xticks_step_size
        See `Kernel.plot_single_flow`.

    Returns
    -------
    The axes.
    """
    place = None if legend_loc in (None, "none") else legend_place(legend_loc)
    below, above = arrange(flows.sum(axis=0), source, shown, ascending)
    order = [*below, source, *above]
    x = (times - times[0]) / np.diff(times).min()
    bands = {
        c: _Band(middle, PchipInterpolator(x, proportions[:, c]))
        for c, middle in zip(order, stack(proportions[:, order]), strict=True)
    }
    along = np.union1d(np.linspace(x[0], x[-1], int(min(1 + _POINTS * (x[-1] - x[0]), _MOST_POINTS))), x)
    handles = [
        ax.fill_between(
            *(along, band.edge(along, -1), band.edge(along, 1)),
            color=colors[c],
            alpha=alpha,
            linewidth=0,
            label=plain(names[c]),
        )
        for c, band in bands.items()
    ]
    limits = ax.get_xlim(), ax.get_ylim()
    for step, side in product(range(len(x) - 1), (-1, 1)):
        leaves = x[step]
        for target in below if side < 0 else above[::-1]:  # the farthest leaves first: veins do not cross
            width = flows[step, target]
            if width > min_flow:
                outline = _vein(bands[source], bands[target], side, leaves, x[step + 1] - width, width)
                _fill(ax, outline, (colors[source], colors[target]), alpha)
                leaves += width
    ax.set(title=plain(names[source]), xlim=limits[0], ylim=limits[1], xticks=[], yticks=[])
    if xticks_step_size is not None:
        ax.set_xticks(x[::xticks_step_size], _written(times)[::xticks_step_size])
    if place is not None:
        ax.legend(handles=handles[::-1], frameon=False, **place)
    return ax


@dataclass(frozen=True, eq=False)
class _Band:
    """A cluster's share of the cells over time, drawn around a height; it never overshoots between times."""

    middle: float
    half_width: Callable[[Any], Any]

    def edge(self, time: Any, side: int) -> Any:
        """Height of the upper (1) or lower (-1) edge."""
        return self.middle + side * self.half_width(time)


def _vein(source: _Band, target: _Band, side: int, leaves: float, arrives: float, width: float) -> Floats:
    """Outline from a stretch of one band's edge to a stretch of another's, shape (n_points, 2)."""
    way = np.linspace(0, 1, _POINTS)
    rise = 1 / (1 + np.exp(-(way - 0.5) / 0.2))
    rise = (rise - rise[0]) / (rise[-1] - rise[0])
    start, end = leaves + width * way, arrives + width * way
    from_edge = np.column_stack([start, source.edge(start, side)])
    to_edge = np.column_stack([end, target.edge(end, -side)])
    left, right = (from_edge[at] + np.column_stack([way, rise]) * (to_edge[at] - from_edge[at]) for at in (0, -1))
    return np.concatenate([from_edge, right, to_edge[::-1], left[::-1]])


def _fill(ax: Axes, outline: Floats, colors: tuple[str, str], alpha: float) -> None:
    """Fill an outline with a gradient from one colour, faint, to another."""
    patch = PathPatch(Path(outline), facecolor="none", linewidth=0)
    ax.add_patch(patch)
    way = np.linspace(0, 1, _POINTS)[:, None]
    first, last = (np.array(to_rgb(color)) for color in colors)
    low, high = sorted((_FAINT, alpha))
    blend = np.column_stack([first + way * (last - first), low + way * (high - low)])
    (x_low, y_low), (x_high, y_high) = outline.min(axis=0), outline.max(axis=0)
    picture = ax.imshow(blend[None], extent=(x_low, x_high, y_low, y_high), aspect="auto", interpolation="bilinear")
    picture.set_clip_path(patch)


def _written(times: Floats) -> list[str]:
    """Times with six digits, or as many as tell them apart."""
    texts = ([f"{time:.{digits}g}" for time in times] for digits in range(6, 18))
    return next(text for text in texts if len(set(text)) == len(times))


def arrange(received: Floats, source: int, shown: Sequence[int], ascending: bool | None) -> tuple[list[int], list[int]]:
    """Clusters below and above the source, each from the bottom up.

    Parameters
    ----------
    received
        Flow that each cluster receives, shape (n_clusters,).
    source
        The cluster that the flow comes from.
    shown
        The clusters to arrange, in an order that also breaks ties.
    ascending
        By flow, up or down, the first ones nearest to the source; None keeps the order.
    """
    targets = [c for c in shown if c != source]
    if ascending is None:
        half = len(targets) // 2
        return targets[:half], targets[half:]
    targets.sort(key=lambda c: received[c] if ascending else -received[c])
    return targets[0::2][::-1], targets[1::2]


def stack(proportions: Floats) -> Floats:
    """Heights of the middles of bands that do not touch, from 0 up, for proportions of shape (n_times, n_bands)."""
    between = (proportions[:, 1:] + proportions[:, :-1]).max(axis=0) + GAP
    return np.concatenate([[0.0], np.cumsum(between)])
