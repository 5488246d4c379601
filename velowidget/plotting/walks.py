"""Random walks on an embedding, as a figure."""

from __future__ import annotations

import inspect
import os
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Colormap
from numpy.typing import NDArray

from velowidget.kernels.annotations import default_column, read_annotation, read_embedding
from velowidget.kernels.arguments import checked_flag, checked_text, one_of, reject_unknown
from velowidget.kernels.base import Kernel
from velowidget.kernels.limits import Limit, checked_limits
from velowidget.kernels.running import progress_bar, threads
from velowidget.kernels.walks import simulate
from velowidget.plotting.cells import LEGENDS, default_size, draw_cells
from velowidget.plotting.figure import axes_for, finish, legend_place

# With more lines than this, a vector file is slow to open.
_MOST_VECTOR_LINES = 20_000
# Points squared.
_LARGEST_MARK = 40.0


def plot_random_walks(
    kernel: Kernel,
    n_sims: int = 100,
    max_iter: float = 0.25,
    seed: int | None = None,
    successive_hits: int = 0,
    start_ixs: Any = None,
    stop_ixs: Any = None,
    basis: str = "umap",
    cmap: str | Colormap = "gnuplot",
    linewidth: float = 1.0,
    linealpha: float = 0.3,
    ixs_legend_loc: str | None = None,
    n_jobs: int | None = None,
    backend: str = "threading",
    show_progress_bar: bool = True,
    figsize: tuple[float, float] | None = None,
    dpi: float | None = None,
    save: str | os.PathLike[str] | None = None,
    *,
    color: str | None = None,
    size: float | None = None,
    alpha: float | None = None,
    vmin: Limit = None,
    vmax: Limit = None,
    layer: str | None = None,
    legend_loc: str = "right margin",
    ax: Axes | None = None,
    show: bool = False,
    **unknown: Any,
) -> Axes:
    """Draw random walks on an embedding with matplotlib.

    Parameters
    ----------
    kernel, n_sims, max_iter, seed, successive_hits, start_ixs, stop_ixs
        As for :func:`velowidget.kernels.walks.simulate`.
    basis
        Key in ``adata.obsm``, with or without ``X_``; its first two dimensions are drawn.
    cmap
        Colours of a walk, from its first step to its last.
    linewidth, linealpha
        Of the walks.
    ixs_legend_loc
        Where a legend explains first and last cells: ``'best'``, ``'upper right'``, ``'upper right out'``, ...; None is
        none.
    n_jobs, backend, show_progress_bar
        As for :meth:`velowidget.VelocityKernel.compute_transition_matrix`.
    figsize, dpi
        Of a new figure.
    save
        File to write, PNG where its name says nothing else.
    color
        Column of ``adata.obs``, or a gene, that colours the cells; by default the clustering, ``''`` for none.
    size, alpha
        Area of a cell in points squared, and its opacity; by default they depend on the number of cells.
    vmin, vmax, layer
        Limits of the cells' colours, and where those of a gene are from, as for
        :func:`velowidget.plotting.projection.plot_projection`.
    legend_loc
        Of the cells' categories: 'right margin', 'on data' or 'none'.
    ax
        Axes to draw on; by default those of a new figure.
    show
        Show the figure now; notebooks show it by themselves.
    **unknown
        Refused.

    Returns
    -------
    The axes.
    """
    reject_unknown("plot_random_walks", unknown, inspect.signature(plot_random_walks).parameters)
    checked_text("backend", backend)
    one_of("legend_loc", legend_loc, LEGENDS)
    place = None if ixs_legend_loc is None else legend_place(ixs_legend_loc)
    adata = kernel.adata
    positions = read_embedding(adata, checked_text("basis", basis))[:, :2]
    column = default_column(adata) if color is None else checked_text("color", color)
    vmin, vmax = checked_limits(vmin, vmax)
    annotation = read_annotation(adata, column, layer) if column else None
    colors = matplotlib.colormaps.get_cmap(cmap)
    with threads(n_jobs), progress_bar(shown=checked_flag("show_progress_bar", show_progress_bar)) as report:
        walks = simulate(kernel, n_sims, max_iter, seed, successive_hits, start_ixs, stop_ixs, report)
    ax = axes_for(ax, figsize, dpi)
    draw_cells(ax, positions, annotation, size=size, alpha=alpha, vmin=vmin, vmax=vmax, legend_loc=legend_loc)
    _draw_paths(ax, positions, walks, colors, linewidth, linealpha)
    _draw_ends(ax, positions, walks, colors, default_size(len(positions)) if size is None else size, place)
    settings = {
        "n_sims": n_sims,
        "max_iter": max_iter,
        "seed": seed,
        "successive_hits": successive_hits,
        "start_ixs": start_ixs,
        "stop_ixs": stop_ixs,
        "basis": basis,
        "color": column,
        "layer": layer,
        "vmin": vmin,
        "vmax": vmax,
    }
    return finish(ax, save, dpi, show=show, kernel=kernel, settings=settings)


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
