"""Clusters and times of the cells, as an AnnData has them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.flow import Groups
from velowidget.data.annotations import columns, default_column
from velowidget.data.messages import MissingKeyError, nearest, shown
from velowidget.data.times import read_labels, time_meant

_MOST_CLUSTERS = 200  # to choose from


@dataclass(frozen=True, eq=False)
class FlowCells:
    """Which cells a flow is between.

    Attributes
    ----------
    groups
        Cluster and time of each cell.
    names
        Categories of the clusters, in the column's order; also those without cells, but for `with_cells`.
    listed
        Positions in `names` in the order in which the clusters were asked for.
    source
        Position in `names` of the cluster whose flow it is; None for all.
    times
        float64, shape (n_times,), ascending; None without time.
    cluster_key, time_key
        Columns of the clusters and the times.
    """

    groups: Groups
    names: pd.Index
    listed: tuple[int, ...]
    source: int | None
    times: NDArray[np.float64] | None
    cluster_key: str
    time_key: str | None

    def of_source(self, values: NDArray[Any], otherwise: float) -> NDArray[Any]:
        """Values of shape (n_steps, n_clusters, n_clusters), with another one in rows of other sources."""
        if self.source is None:
            return values
        kept = np.full_like(values, otherwise)
        kept[:, self.source] = values[:, self.source]
        return kept


def read_cells(
    adata: AnnData,
    cluster: Any = None,
    cluster_key: str = "clusters",
    time_key: str | None = None,
    clusters: Iterable[Any] | None = None,
    time_points: Iterable[Any] | None = None,
) -> FlowCells:
    """Read clusters and times; parameters are those of :func:`velowidget.analyses.flow.flow`."""
    codes, categories = read_clusters(adata, cluster_key)
    source = None if cluster is None else place_of(cluster, categories, cluster_key)
    listed = tuple(range(len(categories)))
    if clusters is not None:
        if isinstance(clusters, str) or not isinstance(clusters, Iterable):
            raise TypeError(f"clusters must be a list of clusters, not {shown(clusters)}.")
        wanted = [place_of(name, categories, cluster_key) for name in clusters]
        listed = tuple(dict.fromkeys(wanted if source is None else [source, *wanted]))
    with_cells = np.intersect1d(listed, codes)  # -1 is none of them
    if len(with_cells) < 2:
        raise ValueError(
            f"A flow needs at least two clusters, and there {'is one' if len(with_cells) else 'is none'}: give more in "
            f"`clusters`, or a `cluster_key` with more categories than adata.obs[{cluster_key!r}]."
        )
    kept = np.sort(listed)
    renumbered = np.full(len(categories) + 1, -1, dtype=np.int32)  # the last for cells without a cluster, code -1
    renumbered[kept] = np.arange(len(kept))
    codes = renumbered[codes]
    where = renumbered[list(listed)]
    if source is not None:
        source = int(renumbered[source])
        if not (codes == source).any():
            raise ValueError(
                f"Cluster {shown(cluster)} of adata.obs[{cluster_key!r}] has no cells, so nothing flows out."
            )
    names = categories[kept]
    if time_key is None:
        if time_points is not None:
            raise ValueError("time_points are given without a time_key: name the column of adata.obs with the times.")
        return FlowCells(Groups(codes, len(kept)), names, tuple(map(int, where)), source, None, cluster_key, None)
    times, at = read_times(adata, time_key, time_points, codes >= 0)
    groups = Groups(codes, len(kept), at, len(times))
    return FlowCells(groups, names, tuple(map(int, where)), source, times, cluster_key, time_key)


def with_source(cells: FlowCells, cluster: str) -> FlowCells:
    """The same cells, with the flow of one cluster over time looked at; of all clusters, without time."""
    if cells.times is None:
        return cells
    return replace(cells, source=place_of(cluster, cells.names, cells.cluster_key))


def with_cells(cells: FlowCells) -> FlowCells:
    """The same flow, of all clusters that have cells: a column may have hundreds of categories that no cell has."""
    groups = cells.groups
    used = np.unique(groups.clusters[groups.clusters >= 0])
    renumbered = np.full(groups.n_clusters + 1, -1, dtype=np.int32)  # the last for cells without a cluster, code -1
    renumbered[used] = np.arange(len(used))
    listed = tuple(int(renumbered[place]) for place in cells.listed if renumbered[place] >= 0)
    groups = replace(groups, clusters=renumbered[groups.clusters], n_clusters=len(used))
    return replace(cells, groups=groups, names=cells.names[used], listed=listed)


def first_source(cells: FlowCells) -> str:
    """The largest cluster of the first time."""
    return str(cells.names[int(np.argmax(cells.groups.proportions[0]))])


def cluster_columns(adata: AnnData) -> list[str]:
    """Columns of ``adata.obs`` with 2 to 200 clusters that have cells, the one to colour cells by first in front."""
    first = default_column(adata)
    usable = [name for name in columns(adata) if _is_clustering(adata, name)]
    return sorted(usable, key=lambda name: name != first)


def time_columns(adata: AnnData) -> list[str]:
    """Columns of ``adata.obs`` that can be read as times, numbers before text."""

    def is_text(name: str) -> bool:
        return not pd.api.types.is_numeric_dtype(adata.obs[name])

    return sorted((name for name in columns(adata) if _is_time(adata, name)), key=is_text)


def _is_clustering(adata: AnnData, name: str) -> bool:
    try:
        codes, _ = read_clusters(adata, name)
    except (TypeError, ValueError):
        return False
    return 2 <= len(np.unique(codes[codes >= 0])) <= _MOST_CLUSTERS


def _is_time(adata: AnnData, name: str) -> bool:
    try:
        read_times(adata, name)
    except (TypeError, ValueError):
        return False
    return True


def read_clusters(adata: AnnData, cluster_key: str) -> tuple[NDArray[np.int32], pd.Index]:
    """Code of each cell, -1 where missing, and the categories of a column of ``adata.obs``.

    Text and booleans become categories, in sorted order; numbers are refused unless they are categorical.
    """
    column = _column(adata, cluster_key, "clusters")
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        raise TypeError(
            f"adata.obs[{cluster_key!r}] holds {column.dtype} numbers, not clusters. If each number is a cluster: "
            f"`adata.obs[{cluster_key!r}] = adata.obs[{cluster_key!r}].astype('category')`."
        )
    try:
        categorical = column.astype("category").cat
    except TypeError as error:
        raise TypeError(f"adata.obs[{cluster_key!r}] cannot be read as clusters: {error}.") from error
    return categorical.codes.to_numpy().astype(np.int32), categorical.categories


def read_times(
    adata: AnnData,
    time_key: str,
    time_points: Iterable[Any] | None = None,
    cells: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Experimental times in ascending order, and which of them each cell was taken at, -1 where none of them.

    Parameters
    ----------
    adata
        Annotated data.
    time_key
        Column of ``adata.obs``: numbers, text that is plain decimal numbers, or intervals as `pandas.cut` makes them,
        which count as their middles.
    time_points
        The times to keep: numbers, or text as in the column; all by default.
    cells
        bool, shape (n_cells,): times without any of these are left out.

    Returns
    -------
    float64, shape (n_times,), and int32, shape (n_cells,).
    """
    column, where = _column(adata, time_key, "times"), f"adata.obs[{time_key!r}]"
    codes, labels, numbers = read_labels(column, where)
    kept = numbers
    if time_points is not None:
        if isinstance(time_points, str) or not isinstance(time_points, Iterable):
            raise TypeError(f"time_points must be a list of times, not {shown(time_points)}.")
        kept = np.array([time_meant(point, numbers, labels, where) for point in time_points], dtype=np.float64)
    present = np.unique(numbers[codes if cells is None else codes[cells]])
    times = np.intersect1d(present, kept)
    if len(times) < 2:
        raise ValueError(
            f"A flow over time needs at least two times, and there {'is one' if len(times) else 'is none'} left of "
            f"{where}. It has {', '.join(f'{time:g}' for time in np.unique(numbers))}."
        )
    place = np.searchsorted(times, numbers)
    found = np.isin(numbers, times)
    return times, np.where(found, place, -1).astype(np.int32)[codes]


def _column(adata: AnnData, key: str, what: str) -> pd.Series:
    if not isinstance(key, str) or key not in adata.obs:
        raise MissingKeyError(f"No {what}: adata.obs has no column {shown(key)}{nearest(key, adata.obs.columns)}")
    column = adata.obs[key]
    if not isinstance(column, pd.Series):
        raise ValueError(f"adata.obs has several columns called {key!r}; rename all but one.")
    return column


def place_of(name: Any, categories: pd.Index, key: str) -> int:
    """Where a cluster is among the categories, also if only its text is given."""
    texts = [str(category) for category in categories]
    if str(name) not in texts:
        raise ValueError(f"adata.obs[{key!r}] has no cluster {shown(name)}{nearest(name, texts)}")
    return texts.index(str(name))
