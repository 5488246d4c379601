"""Flow between clusters, as tables and as a picture."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from velowidget.core.flow import Groups, Null, interval, masses, null, shares
from velowidget.core.graph import Graph
from velowidget.kernels.annotations import CategoricalAnnotation, read_annotation
from velowidget.kernels.arguments import checked_count, checked_flag, checked_seed
from velowidget.kernels.groups import FlowCells, read_cells

if TYPE_CHECKING:
    from velowidget.kernels.base import Kernel


def flow(
    kernel: Kernel, cluster: Any, cluster_key: str, time_key: str | None,
    clusters: Iterable[Any] | None, time_points: Iterable[Any] | None,
) -> pd.DataFrame:  # fmt: skip
    """How much of each cluster's probability goes where in one step; see :mod:`velowidget.core.flow`.

    Parameters
    ----------
    kernel
        Whose transition matrix it is of.
    cluster
        The cluster to start from; None for each in turn.
    cluster_key
        Column of ``adata.obs`` with the clusters. Cells without one are left out.
    time_key
        Column of ``adata.obs`` with experimental times: then only steps from one time to the next count. Numbers,
        text that reads as numbers, or the intervals of `pandas.cut`; at most 100 different ones.
    clusters
        Only cells of `cluster` and of these take part; all by default.
    time_points
        Only these times take part, so that a step may pass over others; all by default.

    Returns
    -------
    One column for each target, in the order of the categories. The index is the source; with `time_key`, the
    earlier time of each pair, or with all clusters time and source. Rows sum to 1, or are 0 where nothing flows.

    Raises
    ------
    KeyError
        If a column is missing.
    TypeError, ValueError
        If it holds no clusters or times, or a cluster or time does not exist.
    """
    kernel._check_size()
    cells = read_cells(kernel.adata, cluster, cluster_key, time_key, clusters, time_points)
    return flow_table(cells, shares(_all_masses(kernel, cells.groups)))


def flow_null(
    kernel: Kernel, cluster: Any, cluster_key: str, time_key: str | None,
    clusters: Iterable[Any] | None, time_points: Iterable[Any] | None, n_permutations: int, seed: int,
) -> pd.DataFrame:  # fmt: skip
    """Compare the flow with that of the same graph without direction; see :mod:`velowidget.core.flow`.

    Parameters
    ----------
    kernel
        Whose transition matrix it is of.
    cluster, cluster_key, time_key, clusters, time_points
        As for `flow`.
    n_permutations
        How often the probabilities of each cell are dealt out at random among its neighbours, for `low` and `high`.
    seed
        Of the permutations, from 0 to 2^64 - 1.

    Returns
    -------
    One row for each pair of clusters that neighbours connect, with `source`, `target` (and `time` before them if
    there is a time key) and

    - `flow`, and `expected`: the flow if each cell went to all its neighbours alike, and their `ratio`;
    - `low` and `high`, between which 95 % of the flows without direction lie;
    - `z`, how many standard deviations the flow is above what is expected.
    """
    n_permutations, seed = checked_count("n_permutations", n_permutations), checked_seed(seed)
    kernel._check_size()
    cells = read_cells(kernel.adata, cluster, cluster_key, time_key, clusters, time_points)
    graph = kernel._neighbours()
    values = kernel._on_edges()
    total = _all_masses(kernel, cells.groups)
    staying = np.maximum(total - masses(graph, values, cells.groups), 0)
    expectation = null(graph, values, cells.groups, staying)
    wanted = replace(expectation, expected=cells.of_source(expectation.expected, 0))
    low, high = interval(graph, values, cells.groups, wanted, n_permutations, seed, staying)
    return null_table(cells, shares(total), wanted, low, high)


def plot_single_flow(
    kernel: Kernel,
    cluster: Any,
    cluster_key: str,
    time_key: str,
    clusters: Iterable[Any] | None = None,
    time_points: Iterable[Any] | None = None,
    min_flow: float = 0,
    remove_empty_clusters: bool = True,
    ascending: bool | None = False,
    legend_loc: str | None = "upper right out",
    alpha: float = 0.8,
    xticks_step_size: int | None = 1,
    figsize: tuple[float, float] | None = None,
    dpi: int | None = None,
    save: str | os.PathLike[str] | None = None,
    show: bool = False,
    ax: Any = None,
) -> Any:
    """Draw the flow out of one cluster over time, after Fig. 4a of Mittnenzweig et al., Cell 184 (2021).

    Each cluster is a band as wide as its share of the cells at each time. A vein leaves the cluster at one time and
    reaches another cluster at the next; its width along the time axis is the flow.

    Parameters
    ----------
    kernel
        Whose flow; see `Kernel.flow`.
    cluster, cluster_key, time_key, clusters, time_points
        As for `Kernel.flow`.
    min_flow
        Draw veins with more flow than this.
    remove_empty_clusters
        Leave out clusters that no vein reaches.
    ascending
        Order clusters by the flow they receive in all; those first in the order are next to the source, above and below
        in turn. None: in the order of `clusters`, the first half below.
    legend_loc
        As ``'upper right out'``, ``'lower left in'`` or ``'best'``; None for no legend.
    alpha
        Opacity of the bands, and of the veins where they arrive.
    xticks_step_size
        Label every n-th time; None labels none.
    figsize, dpi
        Of a new figure.
    save
        File to save the figure in.
    show
        Show the figure now; notebooks show it by themselves.
    ax
        Axes to draw on, instead of a new figure.

    Returns
    -------
    The axes.
    """
    for name, value in (("alpha", alpha), ("min_flow", min_flow)):
        if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
            raise TypeError(f"{name} must be a number, not {value!r}.")
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha must be above 0 and at most 1, not {alpha!r}.")
    checked_flag("remove_empty_clusters", remove_empty_clusters)
    if ascending is not None:
        checked_flag("ascending", ascending)
    if xticks_step_size is not None:
        checked_count("xticks_step_size", xticks_step_size)
    cells = read_cells(kernel.adata, cluster, cluster_key, time_key, clusters, time_points)
    if cells.source is None or cells.times is None:
        raise TypeError("plot_single_flow() needs a cluster and a time_key; `flow` has all clusters, without time.")
    kernel._check_size()
    flows = shares(_all_masses(kernel, cells.groups))[:, cells.source]
    reached = np.any(flows > min_flow, axis=0)
    if remove_empty_clusters and not reached.any():
        raise ValueError(
            f"After removing clusters with no incoming flow edges, none remain: no flow from {cluster!r} is above "
            f"min_flow={min_flow}. The largest is {flows.max():.3g}."
        )
    annotation = read_annotation(kernel.adata, f"obs:{cluster_key}")
    assert isinstance(annotation, CategoricalAnnotation)
    pictures = import_module("velowidget.plotting.flow")  # above the kernels: fetched by name, when asked for
    palette = pictures.figure_colors(annotation)
    by_name = dict(zip(annotation.categories, palette, strict=True))
    ax = pictures.draw_veins(
        pictures.axes_for(ax, figsize, dpi),
        times=cells.times,
        proportions=cells.groups.proportions,
        flows=flows,
        source=cells.source,
        shown=[c for c in cells.listed if reached[c] or not remove_empty_clusters],
        names=[str(name) for name in cells.names],
        colors=[by_name[str(name)] for name in cells.names],
        min_flow=min_flow,
        ascending=ascending,
        legend_loc=legend_loc,
        alpha=alpha,
        xticks_step_size=xticks_step_size,
    )
    ax.set(xlabel=pictures.plain(str(time_key)), ylabel=pictures.plain(cluster_key))
    settings = {
        "cluster": cluster,
        "cluster_key": cluster_key,
        "time_key": time_key,
        "clusters": [str(name) for name in cells.names],
        "time_points": [float(time) for time in cells.times],
        "min_flow": min_flow,
    }
    return pictures.finish(ax, save, dpi, show=show, kernel=kernel, settings=settings)


def flow_table(cells: FlowCells, flows: NDArray[np.float64]) -> pd.DataFrame:
    """Flows of shape (n_steps, n_clusters, n_clusters) as the wide table of `Kernel.flow`."""
    names = cells.names.rename("target")
    if cells.times is None:
        table = pd.DataFrame(flows[0], index=cells.names.rename("source"), columns=names)
        return table if cells.source is None else table.iloc[[cells.source]]
    if cells.source is not None:
        return pd.DataFrame(flows[:, cells.source], pd.Index(cells.times[:-1], name=cells.time_key), names)
    index = pd.MultiIndex.from_product([cells.times[:-1], cells.names], names=["time", "source"])
    return pd.DataFrame(flows.reshape(len(index), -1), index=index, columns=names)


def null_table(
    cells: FlowCells,
    flows: NDArray[np.float64],
    expectation: Null,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> pd.DataFrame:
    """One row for each edge of the expectation, as in `Kernel.flow_null`."""
    step, source, target = edge = np.nonzero(expectation.expected > 0)
    table = {} if cells.times is None else {"time": cells.times[step]}
    table |= {
        "source": cells.names[source],
        "target": cells.names[target],
        "flow": flows[edge],
        "expected": expectation.expected[edge],
        "ratio": flows[edge] / expectation.expected[edge],
        "low": low[edge],
        "high": high[edge],
        "z": expectation.z[edge],
    }
    return pd.DataFrame(table)


def _all_masses(kernel: Kernel, groups: Groups) -> NDArray[np.float64]:
    matrix = kernel.transition_matrix
    return masses(Graph(matrix.indptr.astype(np.int64), matrix.indices), matrix.data, groups)
