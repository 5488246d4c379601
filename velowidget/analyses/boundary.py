"""Cross-boundary correctness: whether a chain leads from one cluster to the next where they meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.arguments import checked_text
from velowidget.data.entries import entries, of_shape
from velowidget.data.matrices import float_csr
from velowidget.data.messages import MissingKeyError, nearest, shown
from velowidget.data.velocity import real_array


@dataclass(frozen=True, eq=False)
class Boundary:
    """Cells of one cluster that have neighbours in another.

    Attributes
    ----------
    cells
        Numbers of the cells, shape (n_boundary_cells,), ascending.
    z
        Representation of all cells, float64, shape (n_cells, n_dims).
    steps
        Weighted sum of the steps to the neighbours in the other cluster, shape (n_boundary_cells, n_dims).
    """

    cells: NDArray[np.intp]
    z: NDArray[np.float64]
    steps: NDArray[np.float64]

    def correctness(self, matrix: sp.csr_matrix) -> NDArray[np.float64]:
        """Pearson's correlation of each cell's mean step in a chain with its `steps`; see `Kernel.cbc`."""
        return _correlations(matrix[self.cells] @ self.z - self.z[self.cells], self.steps)


def read_boundary(
    adata: AnnData,
    source: str | Sequence[str],
    target: str | Sequence[str],
    cluster_key: str,
    rep: str,
    graph_key: str,
) -> Boundary:
    """Read where clusters meet; see `Kernel.cbc`.

    Raises
    ------
    KeyError, ValueError
        If there is no such column, cluster, representation or graph, or no cell at the boundary.
    """
    if checked_text("cluster_key", cluster_key) not in adata.obs:
        raise MissingKeyError(f"adata.obs has no column {shown(cluster_key)}{nearest(cluster_key, adata.obs.columns)}")
    clusters = adata.obs[cluster_key]
    in_source, in_target = (_members(clusters, names, cluster_key) for names in (source, target))
    obsm, obsp = entries(adata, "obsm"), entries(adata, "obsp")
    if checked_text("rep", rep) not in obsm:
        raise MissingKeyError(f"adata.obsm has no {shown(rep)}{nearest(rep, obsm)}")
    if checked_text("graph_key", graph_key) not in obsp:
        raise MissingKeyError(
            f"adata.obsp has no {shown(graph_key)}{nearest(graph_key, obsp)} Make it with `scanpy.pp.neighbors(adata)`."
        )
    z = real_array(obsm[rep], f"representation adata.obsm[{rep!r}]").astype(np.float64)
    if z.ndim != 2 or z.shape[0] != adata.n_obs:
        raise ValueError(
            f"The representation adata.obsm[{rep!r}] has shape {z.shape}; "
            f"it needs two dimensions, and {adata.n_obs} rows."
        )
    what = f"The graph adata.obsp[{graph_key!r}]"
    graph = float_csr(of_shape(obsp[graph_key], (adata.n_obs, adata.n_obs), what), what)
    graph.eliminate_zeros()
    across = graph[in_source][:, in_target]
    at_boundary = np.diff(across.indptr) > 0
    cells = np.flatnonzero(in_source)[at_boundary]
    if not cells.size:
        raise ValueError(
            f"No cell of {source!r} has a neighbour in {target!r} in adata.obsp[{graph_key!r}]: there is no boundary."
        )
    across = across[at_boundary]
    weights = np.asarray(across.sum(axis=1)).ravel()
    return Boundary(cells, z, across @ z[in_target] - weights[:, None] * z[cells])


def _members(clusters: pd.Series, names: str | Sequence[str], cluster_key: str) -> NDArray[np.bool_]:
    names = [names] if isinstance(names, str) else list(names)
    known = sorted(set(clusters.dropna()), key=str)
    for name in names:
        if name not in known:
            raise ValueError(f"adata.obs[{cluster_key!r}] has no cluster {shown(name)}{nearest(name, known)}")
    return np.asarray(clusters.isin(names))


def _correlations(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson's correlation of each row of `a` with that of `b`; NaN where one is constant."""
    a, b = (values - values.mean(axis=1, keepdims=True) for values in (a, b))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.divide(np.einsum("ij,ij->i", a, b), lengths, out=np.full(len(a), np.nan), where=lengths > 0)
