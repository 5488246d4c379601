"""What can be made of any kernel's Markov chain: a projection, flow, walks, scores and their pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.projection import project, quiver_scale
from velowidget.kernels.arguments import checked_text
from velowidget.kernels.data import recorded
from velowidget.kernels.embeddings import embedding_name, read_embedding

if TYPE_CHECKING:
    from velowidget.kernels.base import Kernel


class Analyses:
    """Methods of every kernel that take its transition matrix as it is; each one's work is in a module of its own."""

    adata: AnnData

    @property
    def _kernel(self) -> Kernel:
        """The kernel that this is a part of, as type checkers know it."""
        return cast("Kernel", self)

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
        self._kernel._check_size()
        positions = read_embedding(self.adata, checked_text("basis", basis))
        arrows = self.arrows_on(positions)
        arrows /= quiver_scale(arrows, positions)
        if copy:
            return arrows
        key, basis = self._kernel._key(key_added), embedding_name(self.adata, basis)
        record = recorded(self.adata, key)
        record["embeddings"] = sorted({*record.get("embeddings", []), basis})
        self.adata.obsm[f"{key}_{basis}"] = arrows
        self.adata.uns[f"{key}_params"] = record
        return None

    def arrows_on(self, positions: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mean unit step of each cell beyond a uniform walk, on any positions, shape (n_cells, n_dims) like them.

        See :func:`velowidget.core.projection.project`; `compute_projection` does this for an embedding, and scales.
        """
        return project(self._kernel._neighbours(), self._kernel._on_edges(), positions)

    def plot_projection(self, basis: str = "umap", color: str | None = None, **keywords: Any) -> Any:
        """Draw the projection; see :func:`velowidget.plotting.projection.plot_projection`."""
        # Pictures are a layer above: nothing here is built on them.
        return import_module("velowidget.plotting.projection").plot_projection(self._kernel, basis, color, **keywords)

    def cbc(
        self, source: str | Sequence[str], target: str | Sequence[str], cluster_key: str, rep: str,
        graph_key: str = "distances",
    ) -> NDArray[np.float64]:  # fmt: skip
        """Cross-boundary correctness; see :func:`velowidget.kernels.boundary.cbc`."""
        from velowidget.kernels import boundary

        return boundary.cbc(self._kernel, source, target, cluster_key, rep, graph_key)

    def flow(
        self, cluster: Any = None, cluster_key: str = "clusters", time_key: str | None = None,
        clusters: Iterable[Any] | None = None, time_points: Iterable[Any] | None = None,
    ) -> pd.DataFrame:  # fmt: skip
        """Flow between clusters in one step; see :func:`velowidget.kernels.flow.flow`."""
        from velowidget.kernels import flow

        return flow.flow(self._kernel, cluster, cluster_key, time_key, clusters, time_points)

    def flow_null(
        self, cluster: Any = None, cluster_key: str = "clusters", time_key: str | None = None,
        clusters: Iterable[Any] | None = None, time_points: Iterable[Any] | None = None,
        n_permutations: int = 200, seed: int = 0,
    ) -> pd.DataFrame:  # fmt: skip
        """The flow beside that without direction; see :func:`velowidget.kernels.flow.flow_null`."""
        from velowidget.kernels import flow

        return flow.flow_null(self._kernel, cluster, cluster_key, time_key, clusters, time_points, n_permutations, seed)

    def plot_single_flow(self, cluster: Any, cluster_key: str, time_key: str, *args: Any, **keywords: Any) -> Any:
        """Draw the flow out of one cluster over time; see :func:`velowidget.kernels.flow.plot_single_flow`."""
        from velowidget.kernels import flow

        return flow.plot_single_flow(self._kernel, cluster, cluster_key, time_key, *args, **keywords)

    def random_walks(
        self, n_sims: int = 100, max_iter: float = 0.25, seed: int | None = None,
        successive_hits: int = 0, start_ixs: Any = None, stop_ixs: Any = None,
    ) -> NDArray[np.int32]:  # fmt: skip
        """Random walks on the Markov chain; see :func:`velowidget.kernels.walks.simulate`."""
        from velowidget.kernels import walks

        return walks.simulate(self._kernel, n_sims, max_iter, seed, successive_hits, start_ixs, stop_ixs)

    def plot_random_walks(self, *args: Any, **keywords: Any) -> Any:
        """Draw random walks on an embedding; see :func:`velowidget.plotting.walks.plot_random_walks`."""
        # Pictures are a layer above: nothing here is built on them.
        return import_module("velowidget.plotting.walks").plot_random_walks(self._kernel, *args, **keywords)
