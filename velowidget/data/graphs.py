"""The neighbour graph of an AnnData: which one is meant, who is whose neighbour, and the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.graph import Graph, strongest, with_ways_back
from velowidget.data.entries import entries, of_shape, shape_of
from velowidget.data.matrices import float_csr, in_memory, sound_csr
from velowidget.data.messages import MissingKeyError, count, nearest, shown
from velowidget.data.velocity import read_only

_REMEDY = "Make one with `scanpy.pp.neighbors(adata)`."
_DEFAULT_RECORD = "neighbors"


def read_graph(
    adata: AnnData,
    conn_key: str = "connectivities",
    placed: NDArray[np.bool_] | None = None,
    n_neighbors: int | None = None,
    symmetrize: bool = False,
) -> tuple[Graph, tuple[str, ...]]:
    """Read the neighbour graph from ``adata.obsp``.

    Parameters
    ----------
    adata
        Annotated data.
    conn_key
        Key in ``adata.obsp``, or the ``key_added`` given to :func:`scanpy.pp.neighbors`, whose
        ``adata.uns[key_added]['connectivities_key']`` is followed. The default is the graph that
        :func:`scanpy.pp.neighbors` makes by default, whose record is ``adata.uns['neighbors']``.
    placed
        bool, shape (n_cells,): cells whose expression is known (:class:`velowidget.data.velocity.VelocityData`). Nobody
        is a neighbour of the others' (no edge leads to them); None for all.
    n_neighbors, symmetrize
        As for :class:`velowidget.VelocityKernel`.

    Returns
    -------
    The pattern of entries that are not zero, and notes for the user.

    Raises
    ------
    KeyError
        If there is no such graph.
    TypeError, ValueError
        If it holds no real numbers, is damaged, or leads from no cell to another.
    """
    stored, what = stored_graph(adata, conn_key)
    stored = in_memory(stored)
    if stored.dtype.kind not in "fiub":
        raise TypeError(f"{what} holds {stored.dtype} values, not real numbers. {_REMEDY}")
    if sp.issparse(stored):
        pattern = sound_csr(stored, np.bool_, what, _REMEDY)
        weights = (stored if stored.format in ("csr", "csc", "coo") else stored.tocoo()).data
        pattern.eliminate_zeros()
    else:
        dense = np.asarray(np.ma.filled(stored, 0))
        weights, pattern = dense[dense != 0], sp.csr_matrix(dense != 0)
    notes = []
    bad, negative = int((~np.isfinite(weights)).sum()), int((weights < 0).sum())
    if bad:
        raise ValueError(f"{what} is NaN or infinite in {count(bad, 'place')}. {_REMEDY}")
    if negative:
        notes.append(
            f"{what} has {count(negative, 'negative weight')}; "
            "a velocity kernel uses only who is whose neighbour, not the weights."
        )
    if pattern.nnz == 0:
        raise ValueError(f"{what} has no edges. {_REMEDY}")
    if pattern.diagonal().sum() == pattern.nnz:
        raise ValueError(f"{what} has no neighbours: each of its entries leads from a cell to itself. {_REMEDY}")
    if n_neighbors is None and not symmetrize:
        pattern = _leading_to(pattern, placed)
    else:
        pattern, _ = read_weights(adata, conn_key, placed, n_neighbors, symmetrize)
    indptr = read_only(pattern.indptr.astype(np.int64))
    indices = read_only(pattern.indices.astype(np.int32))
    return Graph(indptr, indices), tuple(notes)


def read_weights(
    adata: AnnData,
    conn_key: str,
    placed: NDArray[np.bool_] | None = None,
    n_neighbors: int | None = None,
    symmetrize: bool = False,
) -> tuple[sp.csr_matrix, str]:
    """The weights of a graph that `read_graph` could read, CSR float64, a copy; and its name in messages."""
    stored, what = stored_graph(adata, conn_key)
    weights = float_csr(np.ma.filled(stored, 0) if isinstance(stored, np.ma.MaskedArray) else stored, what)
    weights.eliminate_zeros()
    weights = _leading_to(weights, placed)
    if n_neighbors is not None:
        sign = -1 if _holds_distances(adata, graph_key(adata, conn_key)) else 1
        weights = sign * strongest(sign * weights, n_neighbors)
    if symmetrize:
        weights = _leading_to(with_ways_back(weights), placed)
    return weights, what


def stored_graph(adata: AnnData, conn_key: str) -> tuple[Any, str]:
    """The neighbour graph as it is stored, and its name in messages; see :func:`read_graph`."""
    key = graph_key(adata, conn_key)
    what = f"The neighbour graph adata.obsp[{key!r}]"
    return of_shape(entries(adata, "obsp")[key], (adata.n_obs, adata.n_obs), what), what


def graph_key(adata: AnnData, conn_key: str) -> str:
    """The key in ``adata.obsp`` of the graph that is meant; see :func:`read_graph`."""
    obsp = entries(adata, "obsp")
    if conn_key == _DEFAULT_RECORD and conn_key not in obsp:
        raise MissingKeyError(
            f"No neighbour graph: {conn_key!r} is scanpy's record of its default graph in adata.uns; "
            "name that graph with `conn_key='connectivities'`, which is the default."
        )
    recorded = _recorded_key(adata, _DEFAULT_RECORD if conn_key == "connectivities" else conn_key)
    usable = [key for key in (conn_key, recorded, f"{conn_key}_connectivities") if key is not None and key in obsp]
    if not usable:
        named = f" has no {shown(conn_key)}{nearest(conn_key, obsp)}"
        if recorded is not None and recorded != conn_key:
            named = f" has no {shown(recorded)}, which adata.uns names as its key{nearest(recorded, obsp)}"
        raise MissingKeyError(f"No neighbour graph: adata.obsp{named} {_REMEDY[:-1]}, or name another with `conn_key`.")
    return usable[0]


def usable_graphs(adata: AnnData) -> list[str]:
    """Keys in ``adata.obsp`` of square arrays of numbers."""
    square = (adata.n_obs, adata.n_obs)
    stored = entries(adata, "obsp").items()
    return [
        key
        for key, array in stored
        if shape_of(array) == square and getattr(array, "dtype", None) is not None and array.dtype.kind in "fiub"
    ]


def _holds_distances(adata: AnnData, key: str) -> bool:
    """Whether the smallest entries of a graph are its nearest neighbours: scanpy names or records such graphs so."""
    records = (record for record in adata.uns.values() if isinstance(record, Mapping))
    return key.endswith("distances") or any(record.get("distances_key") == key for record in records)


def _recorded_key(adata: AnnData, key: str) -> str | None:
    """The key in ``adata.obsp`` that scanpy recorded for a graph, if it did."""
    record = adata.uns.get(key)
    named = record.get("connectivities_key") if isinstance(record, Mapping) else None
    return None if named is None else str(named)


def _leading_to(graph: sp.csr_matrix, placed: NDArray[np.bool_] | None) -> sp.csr_matrix:
    """The edges that lead to some of the cells."""
    if placed is None or placed.all():
        return graph
    kept = graph.copy()
    kept.data[~placed[kept.indices]] = 0
    kept.eliminate_zeros()
    return kept
