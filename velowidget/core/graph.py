"""The cell graph as a pattern: who is whose neighbour. Weights play no part in a velocity kernel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.csgraph import reverse_cuthill_mckee


@dataclass(frozen=True, eq=False)
class Graph:
    """Neighbourhoods in compressed rows.

    Attributes
    ----------
    indptr
        int64, shape (n_cells + 1,): the edges of cell ``i`` are ``indptr[i]`` to ``indptr[i + 1]``.
    indices
        int32, shape (n_edges,): the neighbour at the end of each edge, ascending within a cell.
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.indptr) - 1

    @property
    def n_edges(self) -> int:
        """Number of directed edges."""
        return len(self.indices)

    @cached_property
    def degree(self) -> NDArray[np.int64]:
        """Number of neighbours of each cell, shape (n_cells,)."""
        return np.diff(self.indptr)

    @cached_property
    def sources(self) -> NDArray[np.int32]:
        """The cell at the start of each edge, shape (n_edges,)."""
        return np.repeat(np.arange(self.n_cells, dtype=np.int32), self.degree)

    @cached_property
    def order(self) -> NDArray[np.int32]:
        """An order of the cells that keeps neighbours close together, shape (n_cells,).

        Reverse Cuthill-McKee: a pass over cells in this order finds most neighbours' rows in the cache. An edge with
        no way back is followed one way only, which costs less than making the graph symmetric would gain.
        """
        pattern = self.matrix(np.ones(self.n_edges, dtype=np.int8))
        return np.asarray(reverse_cuthill_mckee(pattern, symmetric_mode=True), dtype=np.int32)

    @cached_property
    def members(self) -> tuple[sp.csc_matrix, NDArray[np.int64]]:
        """Which cells (rows) have each cell (column) in their neighbourhood: its neighbours and itself, each once."""
        linked = self.matrix(np.ones(self.n_edges, dtype=np.int8))
        members = (linked + sp.identity(self.n_cells, dtype=np.int8, format="csr")).tocsr()
        return members.tocsc(), np.diff(members.indptr)

    def reversed(self) -> tuple[Graph, NDArray[np.int64]]:
        """The graph with each edge turned round, and which edge of this graph each of its edges is."""
        turned = self.matrix(np.arange(self.n_edges)).tocsc()
        return Graph(turned.indptr.astype(np.int64), turned.indices.astype(np.int32, copy=False)), turned.data

    def matrix(self, values: NDArray[Any]) -> sp.csr_matrix:
        """One value per edge as a sparse matrix of shape (n_cells, n_cells).

        The matrix shares `values` and the pattern, so it is for reading only.
        """
        return sp.csr_matrix((values, self.indices, self.indptr), shape=(self.n_cells, self.n_cells), copy=False)


def freeze(matrix: sp.csr_matrix) -> None:
    """Make the arrays of a matrix read-only."""
    for array in (matrix.data, matrix.indices, matrix.indptr):
        array.flags.writeable = False


def strongest(weights: sp.csr_matrix, number: int) -> sp.csr_matrix:
    """The `number` entries of each row with the largest weights; of equal ones, those of the first columns.

    Parameters
    ----------
    weights
        CSR, shape (n_cells, n_cells), entries of a row ascending by column, each once.
    number
        At least 1. An entry on the diagonal is kept, and does not count.

    Returns
    -------
    CSR with the entries that are kept; rows with fewer are as they were.
    """
    sources = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    loop = weights.indices == sources
    # Loops come first in their row: they take a place of their own.
    order = np.lexsort((-weights.data.astype(np.float64, copy=False), ~loop, sources))
    place = np.empty(weights.nnz, dtype=np.int64)
    place[order] = np.arange(weights.nnz) - weights.indptr[:-1].astype(np.int64)[sources]
    loops = np.bincount(sources[loop], minlength=weights.shape[0])
    kept = place < number + loops[sources]
    indptr = np.concatenate(([0], np.cumsum(np.bincount(sources[kept], minlength=weights.shape[0]))))
    return sp.csr_matrix((weights.data[kept], weights.indices[kept], indptr), shape=weights.shape)


def with_ways_back(weights: sp.csr_matrix) -> sp.csr_matrix:
    """The union of a matrix's entries with those of its transpose.

    Parameters
    ----------
    weights
        CSR, square, without stored zeros.

    Returns
    -------
    CSR, entries of a row ascending by column. Where both (i, j) and (j, i) are there, each keeps its weight; where
    only one is, the other gets its weight.
    """
    back = sp.csr_matrix(weights.T)
    missing = back - back.multiply(weights.astype(bool))
    missing.eliminate_zeros()
    union = sp.csr_matrix(weights + missing)
    union.sort_indices()
    return union
