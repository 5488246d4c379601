"""The chain's mean step on an embedding: arrows."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from velowidget.core.blocks import compiled_code
from velowidget.core.graph import Graph

# Height over width of the axes of matplotlib's default figure, for which CellRank scales its arrows.
_AXES_RATIO = (4.8 * 0.77) / (6.4 * 0.775)
# Data range over axes range with matplotlib's default margins.
_MARGIN = 1.1


def project(graph: Graph, probabilities: NDArray[np.float64], positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean unit step of each cell, beyond that of a uniform walk over its neighbours.

    ``P_i = sum_j (T_ij - 1 / K_i) u_ij`` over the ``K_i`` neighbours, with ``u_ij`` the unit vector from ``y_i`` to
    ``y_j``, 0 where they coincide. Subtracting the uniform walk removes the drift of uneven neighbourhoods (La Manno et
    al. 2018; Bergen et al. 2020). Neighbours without a place are left out of both: the chain's probabilities count
    as if it had gone to one of the others, where CellRank has no arrow.

    Parameters
    ----------
    graph
        Neighbourhoods.
    probabilities
        float64, shape (n_edges,).
    positions
        The embedding y, shape (n_cells, n_dims); NaN for cells without a place.

    Returns
    -------
    float64, shape (n_cells, n_dims). No unit: length 0 is no preference, 1 is always towards the same side. NaN for
    cells without a place, without neighbours that have one, and that go to none of these; 0 for a cell that only stays.
    """
    positions = np.ascontiguousarray(positions, dtype=np.float64)
    if len(positions) != graph.n_cells or probabilities.shape != (graph.n_edges,):
        raise ValueError(
            f"{len(positions)} positions and {len(probabilities)} probabilities do not fit a graph of "
            f"{graph.n_cells} cells and {graph.n_edges} edges."
        )
    arrows = np.empty_like(positions)
    with compiled_code:
        _project(graph.indptr, graph.indices, probabilities, positions, arrows)
    return arrows


def quiver_scale(arrows: NDArray[np.float64], positions: NDArray[np.floating]) -> float:
    """The scale by which CellRank divides its projection: three times the automatic scale of matplotlib's quiver.

    In closed form, for the default figure, so that no figure is drawn:
    ``3 * 1.8 * max(10, sqrt(n)) * mean |P|``, with P's first two components in units of the axes' width.

    Parameters
    ----------
    arrows, positions
        Shape (n_cells, n_dims), at least two dimensions.

    Returns
    -------
    A float; 1.0 where all arrows are zero.
    """
    plane = np.nan_to_num(positions[:, :2], nan=0.0).astype(np.float64)
    ranges = np.ptp(plane, axis=0) * _MARGIN
    ranges[ranges == 0] = 1.0
    steps = arrows[:, :2] / ranges * (1.0, _AXES_RATIO)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    lengths = lengths[np.isfinite(lengths)]
    mean = lengths.mean() if lengths.size else 0.0
    return float(3 * 1.8 * max(10.0, np.sqrt(len(arrows))) * mean) or 1.0


@nb.njit(parallel=True, nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _project(indptr, indices, probabilities, positions, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    n_dims = positions.shape[1]
    for i in nb.prange(len(indptr) - 1):
        towards, around = np.zeros(n_dims), np.zeros(n_dims)
        total, placed_total, n_placed = 0.0, 0.0, 0
        for edge in range(indptr[i], indptr[i + 1]):
            total += probabilities[edge]
            j = indices[edge]
            squared = 0.0
            for c in range(n_dims):
                step = positions[j, c] - positions[i, c]
                squared += step * step
            if np.isnan(squared):
                continue
            n_placed += 1
            placed_total += probabilities[edge]
            if squared > 0.0:
                for c in range(n_dims):
                    unit = (positions[j, c] - positions[i, c]) / np.sqrt(squared)
                    towards[c] += probabilities[edge] * unit
                    around[c] += unit
        for c in range(n_dims):
            if n_placed == 0 or (placed_total == 0.0 and total != 0.0):
                out[i, c] = np.nan
            elif total == 0.0:
                out[i, c] = 0.0
            else:
                out[i, c] = towards[c] * (total / placed_total) - around[c] / n_placed
