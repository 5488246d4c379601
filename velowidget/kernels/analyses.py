"""What is told of any kernel's Markov chain: a projection, flow, walks and scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from velowidget.analyses.boundary import read_boundary
from velowidget.analyses.flow import compare, flow_table, flows_of
from velowidget.analyses.walks import read_walking
from velowidget.core.projection import project, quiver_scale
from velowidget.data.arguments import checked_count, checked_seed, checked_text
from velowidget.data.embeddings import embedding_name, read_embedding
from velowidget.data.groups import read_cells
from velowidget.data.velocity import recorded
from velowidget.kernels.chained import Chained


class Analyses(Chained):
    """What can be told of the chain; arguments are read and checked before anything is computed."""

    def compute_projection(
        self, basis: str = "umap", key_added: str | None = None, copy: bool = False
    ) -> NDArray[np.float64] | None:
        """Project the transition matrix onto an embedding.

        The mean unit step beyond a uniform walk (see :func:`velowidget.core.projection.project`), divided by three
        times the automatic scale of matplotlib's quiver, as CellRank does.

        Parameters
        ----------
        basis
            Key in ``adata.obsm``, with or without ``X_``, whatever its capitals.
        key_added
            Written to ``adata.obsm[f'{key_added}_{name}']``, the name being the embedding's key without ``X_``; by
            default ``'T_fwd'`` or ``'T_bwd'``.
        copy
            Return the array and write nothing.

        Returns
        -------
        float64, shape (n_cells, n_dims), if `copy`; else None.
        """
        self._check_size()
        positions = read_embedding(self.adata, checked_text("basis", basis))
        arrows = self.arrows_on(positions)
        arrows /= quiver_scale(arrows, positions)
        if copy:
            return arrows
        key, basis = self._key(key_added), embedding_name(self.adata, basis)
        record = recorded(self.adata, key)
        record["embeddings"] = sorted({*record.get("embeddings", []), basis})
        self.adata.obsm[f"{key}_{basis}"] = arrows
        self.adata.uns[f"{key}_params"] = record
        return None

    def arrows_on(self, positions: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean unit step of each cell beyond a uniform walk, on any positions, shape (n_cells, n_dims) like them.

        See :func:`velowidget.core.projection.project`; `compute_projection` does this for an embedding, and scales.
        """
        return project(self.chain.graph, self.chain.probabilities, positions)

    def cbc(
        self,
        source: str | Sequence[str],
        target: str | Sequence[str],
        cluster_key: str,
        rep: str,
        graph_key: str = "distances",
    ) -> NDArray[np.float64]:
        """Cross-boundary correctness, after CellRank 2.

        For each cell of `source` with a neighbour in `target`, in the order of the cells: Pearson's correlation, over
        the dimensions of a representation z, of the chain's mean step ``(T z - z)_i`` with
        ``sum_j w_ij (z_j - z_i)`` over its neighbours j in `target`.

        Parameters
        ----------
        source, target
            Names of clusters.
        cluster_key
            Column of ``adata.obs``.
        rep
            Key in ``adata.obsm`` of z; with two dimensions, a correlation is 1 or -1.
        graph_key
            Key in ``adata.obsp`` of the neighbours and the weights w.

        Returns
        -------
        float64, shape (n_boundary_cells,); NaN where z is, or a step does not differ between dimensions.

        Raises
        ------
        KeyError, ValueError
            If there is no such column, cluster, representation or graph, or no cell at the boundary.
        """
        self._check_size()
        boundary = read_boundary(self.adata, source, target, cluster_key, rep, graph_key)
        return boundary.correctness(self.transition_matrix)

    def flow(
        self,
        cluster: Any = None,
        cluster_key: str = "clusters",
        time_key: str | None = None,
        clusters: Iterable[Any] | None = None,
        time_points: Iterable[Any] | None = None,
    ) -> pd.DataFrame:
        """How much of each cluster's probability goes where in one step; see :mod:`velowidget.core.flow`.

        Parameters
        ----------
        cluster
            The cluster to start from; None for each in turn.
        cluster_key
            Column of ``adata.obs`` with the clusters. Cells without one are left out.
        time_key
            Column of ``adata.obs`` with experimental times: then only steps from one time to the next count. Numbers,
            text that is plain decimal numbers, or the intervals of `pandas.cut`; at most 100 different ones.
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
        self._check_size()
        cells = read_cells(self.adata, cluster, cluster_key, time_key, clusters, time_points)
        return flow_table(cells, flows_of(self.transition_matrix, cells.groups))

    def flow_null(
        self,
        cluster: Any = None,
        cluster_key: str = "clusters",
        time_key: str | None = None,
        clusters: Iterable[Any] | None = None,
        time_points: Iterable[Any] | None = None,
        n_permutations: int = 200,
        seed: int = 0,
    ) -> pd.DataFrame:
        """Compare the flow with that of the same graph without direction; see :mod:`velowidget.core.flow`.

        Parameters
        ----------
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
        self._check_size()
        cells = read_cells(self.adata, cluster, cluster_key, time_key, clusters, time_points)
        return compare(cells, self.chain, n_permutations, seed)

    def random_walks(
        self,
        n_sims: int = 100,
        max_iter: float = 0.25,
        seed: int | None = None,
        successive_hits: int = 0,
        start_ixs: Any = None,
        stop_ixs: Any = None,
    ) -> NDArray[np.int32]:
        """Random walks on the Markov chain.

        Parameters
        ----------
        n_sims
            Number of walks, at least 1.
        max_iter
            Number of steps, or, as a float, share of the number of cells.
        seed
            From 0 to 2^64 - 1; None draws one. Walk number i depends on nothing but the seed, i and the chain; no two
            seeds share a walk.
        successive_hits
            A walk ends with this many further cells of `stop_ixs` directly after the first.
        start_ixs
            Cells to start from, each as likely as any other, as for :func:`velowidget.data.cells.choose_cells`; None
            is all.
        stop_ixs
            Cells to end in, likewise; a walk's start does not count. None lets each walk go all its steps.

        Returns
        -------
        int32, shape (n_sims, number of steps + 1): numbers of cells, column 0 the start, -1 after the end.

        Raises
        ------
        KeyError, IndexError, TypeError, ValueError
            If a number makes no sense, or a rule for starts or stops means no cell.
        MemoryError
            If there is not enough for the walks.
        """
        self._check_size()
        walking = read_walking(self.adata, n_sims, max_iter, seed, successive_hits, start_ixs, stop_ixs)
        return walking.on(self.transition_matrix)
