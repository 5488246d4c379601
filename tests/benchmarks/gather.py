"""The memory limit of a pass over a graph's edges: every neighbour's row is read once, and next to nothing computed."""

from __future__ import annotations

import numba as nb
import numpy as np


def gather(graph, x):
    """Sum each edge's row, as plainly as it can be written."""
    out = np.empty(graph.n_edges, dtype=np.float32)
    _gather(graph.order, graph.indptr, graph.indices, x, out)
    return out


# The same flags as the passes it is compared with.
@nb.njit(parallel=True, nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _gather(order, indptr, indices, X, out):
    for k in nb.prange(len(order)):
        i = order[k]
        for p in range(indptr[i], indptr[i + 1]):
            s = np.float32(0)
            for g in range(X.shape[1]):
                s += X[indices[p], g]
            out[p] = s
