"""The neighbour graph that moments are taken over: the one there is, or scanpy's."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np
from anndata import AnnData

from velowidget.core.graph import Graph
from velowidget.data.entries import entries
from velowidget.data.graphs import read_graph, read_weights
from velowidget.preprocessing.counts import normalized
from velowidget.preprocessing.genes import highly_variable

DEFAULT_KEY = "connectivities"
N_COMPONENTS = 30


def graph_of(adata: AnnData, conn_key: str, n_neighbors: int) -> Graph:
    """The graph in ``adata.obsp``, made if there is none by the usual name.

    Parameters
    ----------
    conn_key
        Key in ``adata.obsp``.
    n_neighbors
        Of a graph that is made.
    """
    if conn_key == DEFAULT_KEY and conn_key not in entries(adata, "obsp"):
        _add_graph(adata, n_neighbors)
    graph, notes = read_graph(adata, conn_key)
    for note in notes:
        warnings.warn(note, UserWarning, stacklevel=2)
    return graph


def strongest(adata: AnnData, conn_key: str, n_neighbors: int) -> Graph:
    """The graph with no more than `n_neighbors` neighbours of each cell, those with the largest weights.

    As scVelo does it: no cell keeps more than the cell with the fewest neighbours has, and only a graph that was made
    with more than `n_neighbors` is shortened.
    """
    graph = graph_of(adata, conn_key, n_neighbors)
    if n_neighbors >= _made_with(adata, conn_key):
        return graph
    weights, _ = read_weights(adata, conn_key)
    weights.data.clip(0, out=weights.data)
    weights.eliminate_zeros()
    lengths = np.diff(weights.indptr)
    order = np.lexsort((-weights.data, np.repeat(np.arange(len(lengths)), lengths)))
    rank = np.arange(weights.nnz) - np.repeat(weights.indptr[:-1], lengths)
    weights.data[order[rank >= min(n_neighbors, lengths.min())]] = 0
    weights.eliminate_zeros()
    return Graph(weights.indptr.astype(np.int64), weights.indices.astype(np.int32))


def _made_with(adata: AnnData, conn_key: str) -> int:
    """How many neighbours scanpy was asked for, 0 if that is not known."""
    record = adata.uns.get("neighbors" if conn_key == DEFAULT_KEY else conn_key.removesuffix(f"_{DEFAULT_KEY}"))
    params = record.get("params") if isinstance(record, Mapping) else None
    number = params.get("n_neighbors", 0) if isinstance(params, Mapping) else 0
    return int(number)


def _add_graph(adata: AnnData, n_neighbors: int) -> None:
    """Add scanpy's graph; of principal components, and these of logarithms of normalised counts if there are none."""
    import scanpy as sc

    if "X_pca" not in adata.obsm:
        chosen = highly_variable(adata)
        logarithms = AnnData(normalized(adata, "spliced")[:, chosen].log1p())
        sc.pp.pca(logarithms, n_comps=min(N_COMPONENTS, adata.n_obs - 1, int(chosen.sum()) - 1))
        adata.obsm["X_pca"] = logarithms.obsm["X_pca"]
    sc.pp.neighbors(adata, n_neighbors=min(n_neighbors, (adata.n_obs - 1) // 2), use_rep="X_pca")
