"""The connectivity kernel: a random walk on the neighbour graph, by its weights."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
from anndata import AnnData

from velowidget.core.chain import Chain
from velowidget.core.graph import Graph, freeze
from velowidget.data.arguments import checked_flag, checked_text, reject_unknown
from velowidget.data.graphs import read_graph, read_weights
from velowidget.data.matrices import divided_by_row, sharing
from velowidget.data.messages import name_cells
from velowidget.data.velocity import checked_adata
from velowidget.kernels.base import Kernel
from velowidget.kernels.reports import graph_notes, report_matrix


class ConnectivityKernel(Kernel, in_files=True):
    """Transition probabilities from the weights of the neighbour graph; without direction.

    Parameters
    ----------
    adata
        Annotated data with a neighbour graph (``adata.obsp``).
    conn_key
        Key of the graph in ``adata.obsp``, or the ``key_added`` given to :func:`scanpy.pp.neighbors`.
    compute_cond_num
        Compute `condition_number` with each transition matrix, and warn if it is above 1e12.
    check_connectivity, check_symmetric
        Warn if the graph is not connected, or weights differ from those of the way back.

    Raises
    ------
    TypeError
        If `adata` is not an AnnData, or the graph holds no numbers.
    KeyError
        If there is no graph; the message names the call that makes one.
    ValueError
        If a weight is negative, NaN or infinite, or cells have no neighbour.
    """

    _may_lack_direction = True

    def __init__(
        self,
        adata: AnnData,
        conn_key: str = "connectivities",
        compute_cond_num: bool = False,
        check_connectivity: bool = False,
        *,
        check_symmetric: bool = False,
        **unknown: Any,
    ) -> None:
        known = ("conn_key", "compute_cond_num", "check_connectivity", "check_symmetric")
        reject_unknown("ConnectivityKernel", unknown, known)
        checked_adata(adata)
        read_graph(adata, checked_text("conn_key", conn_key))  # raises what is wrong with the graph
        weights = positive_weights(adata, conn_key)
        super().__init__(adata, None, pattern_of(weights))
        self._conn_key = conn_key
        self._compute_cond_num = checked_flag("compute_cond_num", compute_cond_num)
        self._connectivities = weights
        looks = {
            "connectivity": checked_flag("check_connectivity", check_connectivity),
            "symmetry": checked_flag("check_symmetric", check_symmetric),
        }
        for note in graph_notes(self._connectivities, **looks):
            warnings.warn(note, UserWarning, stacklevel=2)

    @classmethod
    def of_chain(cls, adata: AnnData, conn_key: str, weights: sp.csr_matrix, chain: Chain) -> ConnectivityKernel:
        """A computed kernel around a chain that exists already, sharing its arrays.

        Parameters
        ----------
        adata
            Annotated data of the cells.
        conn_key, weights
            Key of the graph, and its weights, which the chain was computed of.
        chain
            The chain.
        """
        kernel = cls.__new__(cls)
        Kernel.__init__(kernel, adata, None, chain.graph)
        kernel._conn_key, kernel._connectivities = conn_key, weights
        kernel._transition_matrix, kernel._params = sharing(chain.matrix), {"dnorm": True, "key": conn_key}
        return kernel

    @property
    def connectivities(self) -> sp.csr_matrix:
        """Weights of the graph, CSR float64, shape (n_cells, n_cells), read-only."""
        return self._connectivities

    def compute_transition_matrix(
        self, density_normalize: bool = True, *, check_irreducibility: bool = False, **unknown: Any
    ) -> ConnectivityKernel:
        """Compute the transition matrix: the weights, with rows divided by their sums.

        Parameters
        ----------
        density_normalize
            Divide each weight by the summed weights of both its cells first, so that dense regions do not draw cells
            in (Haghverdi et al., Nature Methods 13, 2016).
        check_irreducibility
            Warn if the chain has several communicating classes.

        Returns
        -------
        The kernel itself, with `transition_matrix` and `params` set.
        """
        reject_unknown("compute_transition_matrix", unknown, ("density_normalize", "check_irreducibility"))
        check_irreducibility = checked_flag("check_irreducibility", check_irreducibility)
        density_normalize = checked_flag("density_normalize", density_normalize)
        params = {"dnorm": density_normalize, "key": self._conn_key}
        if params == self._params:
            report_matrix(self, irreducibility=check_irreducibility)
            return self
        result = connectivity_chain(self._graph, self._connectivities, density_normalize=density_normalize)
        self._transition_matrix, self._params = result.matrix, params
        report_matrix(self, irreducibility=check_irreducibility)
        return self

    def _settings(self) -> dict[str, Any]:
        return {"conn_key": self._conn_key, **({"compute_cond_num": True} if self._compute_cond_num else {})}


def connectivity_chain(graph: Graph, weights: sp.csr_matrix, *, density_normalize: bool = True) -> Chain:
    """Probabilities from weights: see :meth:`ConnectivityKernel.compute_transition_matrix`.

    Parameters
    ----------
    graph
        The pattern of the weights.
    weights
        CSR float64, larger than 0, at least one for each cell.
    density_normalize
        Divide each weight by the summed weights of both its cells first.
    """
    scaled = weights.data / weights.data.max()  # sums of what is left are within the range of float64
    if density_normalize:
        # Of a cell's own density nothing is left once its row is normalised.
        densities = np.bincount(graph.indices, weights=scaled, minlength=graph.n_cells)
        scaled /= densities[graph.indices]
    return Chain(graph, divided_by_row(graph.matrix(scaled)), np.zeros(graph.n_cells))


def pattern_of(weights: sp.csr_matrix) -> Graph:
    """The graph of a matrix's entries, which are ascending in each row."""
    return Graph(weights.indptr.astype(np.int64), weights.indices.astype(np.int32, copy=False))


def positive_weights(adata: AnnData, conn_key: str) -> sp.csr_matrix:
    """The weights of a graph that `read_graph` could read, without zeros, at least one for each cell."""
    weights, what = read_weights(adata, conn_key)
    negative = int((weights.data < 0).sum())
    if negative:
        raise ValueError(
            f"{what} has {negative:,} negative weight{'s' if negative > 1 else ''}; probabilities cannot be made of "
            "those. Make one with `scanpy.pp.neighbors(adata)`."
        )
    weights.eliminate_zeros()
    alone = np.flatnonzero(np.diff(weights.indptr) == 0)
    if alone.size:
        raise ValueError(
            f"{what} has no weights for {alone.size:,} cell{'s' if alone.size > 1 else ''} "
            f"({name_cells(adata, alone)}). Remove them and run `scanpy.pp.neighbors(adata)` again."
        )
    freeze(weights)
    return weights
