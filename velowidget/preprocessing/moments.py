"""Means of counts over each cell's neighbours: :func:`velowidget.moments`."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.moments import abundance_means
from velowidget.data.arguments import checked_count, checked_flag, checked_text
from velowidget.data.messages import count, name_cells
from velowidget.data.running import progress_bar
from velowidget.data.velocity import checked_adata
from velowidget.preprocessing.counts import LAYERS, normalized, totals
from velowidget.preprocessing.neighbors import DEFAULT_KEY, strongest

LAYER_OF = {"Ms": "spliced", "Mu": "unspliced"}
N_NEIGHBORS = 30


def moments(
    adata: AnnData,
    n_neighbors: int = N_NEIGHBORS,
    *,
    conn_key: str = DEFAULT_KEY,
    copy: bool = False,
    show_progress_bar: bool = True,
) -> AnnData | None:
    """Mean of spliced and unspliced counts over each cell and its neighbours, as `scvelo.pp.moments` takes them.

    Counts are normalised on the way: divided by the cell's size over the median size, where the size is
    ``obs["initial_size_spliced"]`` and ``..._unspliced`` (:func:`velowidget.filter_genes` notes them) or else the
    cell's total. Layers of other than whole numbers are taken to be normalised. The layers themselves stay as they are.

    Parameters
    ----------
    adata
        Annotated data with the layers ``spliced`` and ``unspliced``.
    n_neighbors
        Neighbours of a cell at most, those with the largest weights; cells whose edges come from others' neighbours
        have more of them unless the graph was made with more than this. Where there is no graph,
        :func:`scanpy.pp.neighbors` makes one with as many, on ``obsm["X_pca"]``, or on principal components of the
        logarithms of the normalised spliced counts.
    conn_key
        Key of the graph in ``adata.obsp``, or the ``key_added`` given to :func:`scanpy.pp.neighbors`. Each neighbour
        has the same weight.
    copy
        Return a copy instead of writing to `adata`.
    show_progress_bar
        Show a bar for what takes more than a second.

    Returns
    -------
    None, or the copy. Written are the layers ``Ms`` and ``Mu`` (float32, dense, shape (n_cells, n_genes)), and, where
    there was no graph, what scanpy writes for one, and ``obsm["X_pca"]``.

    Raises
    ------
    KeyError
        If a layer or the named graph is missing.
    TypeError
        If an argument or a layer is of the wrong type.
    ValueError
        If the counts or the graph cannot be used.
    """
    checked_adata(adata)
    n_neighbors = checked_count("n_neighbors", n_neighbors)
    checked_text("conn_key", conn_key)
    shown = checked_flag("show_progress_bar", show_progress_bar)
    adata = adata.copy() if checked_flag("copy", copy) else adata
    adata.layers.update(means(adata, tuple(LAYER_OF), n_neighbors, conn_key, shown=shown))
    return adata if copy else None


def means(
    adata: AnnData, keys: Sequence[str], n_neighbors: int, conn_key: str, *, shown: bool
) -> dict[str, NDArray[np.float32]]:
    """First moments by their keys, ``"Ms"`` and ``"Mu"``; a graph is made if there is none."""
    values = {layer: normalized(adata, layer) for layer in LAYERS}  # both checked before anything is made of them
    empty = np.flatnonzero(sum(totals(of_layer) for of_layer in values.values()) == 0)
    if empty.size:
        warnings.warn(
            f"{count(empty.size, 'cell')} of {adata.n_obs:,} without counts: {name_cells(adata, empty)}. "
            "Leave such cells out before making the neighbour graph.",
            UserWarning,
            stacklevel=3,
        )
    graph = strongest(adata, conn_key, n_neighbors)
    with progress_bar(shown=shown) as report:
        return {key: abundance_means(graph, values[LAYER_OF[key]], report=report) for key in keys}
