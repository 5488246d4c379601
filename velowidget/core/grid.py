"""Arrows of cells, averaged onto a regular lattice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree


@dataclass(frozen=True, eq=False)
class Lattice:
    """Square lattice points among the cells of an embedding, and the cells that each of them listens to.

    Attributes
    ----------
    points
        float64, shape (n_points, n_dims).
    weights
        CSR, shape (n_points, n_cells): Gaussian in the distance, 1 at distance 0.
    spacing
        Distance of neighbouring points, in units of the embedding.
    """

    points: NDArray[np.float64]
    weights: sp.csr_matrix
    spacing: float


def lattice(
    positions: NDArray[np.floating], *, density: float = 1.0, smooth: float = 0.8, min_mass: float = 0.1
) -> Lattice:
    """Lay a lattice over an embedding, where there are cells.

    Parameters
    ----------
    positions
        The embedding, shape (n_cells, n_dims); rows with NaN are left out.
    density
        32 points along the longest side, times this.
    smooth
        Standard deviation of the Gaussian, in spacings.
    min_mass
        Points whose summed weight is below this share of the lattice's 95th percentile are dropped.

    Returns
    -------
    The lattice; empty when no cell has a position.

    Raises
    ------
    ValueError
        If there are more than three dimensions: such a lattice fits into no memory.
    """
    n_cells, n_dims = positions.shape
    if n_dims > 3:
        raise ValueError(f"A lattice in {n_dims} dimensions is too large; choose 2 or 3 of them.")
    finite = np.flatnonzero(np.isfinite(positions).all(axis=1))
    placed = np.asarray(positions, dtype=np.float64)[finite]
    if not len(placed):
        return Lattice(np.empty((0, n_dims)), sp.csr_matrix((0, n_cells)), 1.0)
    low, high = placed.min(axis=0), placed.max(axis=0)
    spacing = float((high - low).max() / (32 * density)) or 1.0
    steps = np.ceil((high - low) / spacing).astype(int) + 1
    start = (low + high - (steps - 1) * spacing) / 2  # centred on the data
    axes = [start[c] + spacing * np.arange(steps[c]) for c in range(n_dims)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, n_dims)

    reach = 3 * smooth * spacing
    near = cKDTree(points).sparse_distance_matrix(cKDTree(placed), reach, output_type="coo_matrix")
    weights = sp.csr_matrix(
        (np.exp(-0.5 * (near.data / (smooth * spacing)) ** 2), (near.row, finite[near.col])),
        shape=(len(points), n_cells),
    )
    mass = np.asarray(weights.sum(axis=1)).ravel()
    reached = mass[mass > 0]
    kept = mass > (min_mass * np.percentile(reached, 95) if len(reached) else 0.0)
    return Lattice(points[kept], weights[kept], spacing)


def average(on: Lattice, arrows: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weighted mean of the cells' arrows at each lattice point.

    Parameters
    ----------
    on
        The lattice.
    arrows
        Shape (n_cells, n_dims); rows with NaN are left out.

    Returns
    -------
    float64, shape (n_points, n_dims); 0 where no cell with an arrow is near.
    """
    finite = np.isfinite(arrows).all(axis=1)
    total = on.weights @ np.where(finite[:, None], arrows, 0.0)
    mass = on.weights @ finite.astype(np.float64)
    means: NDArray[np.float64] = np.divide(total, mass[:, None], out=np.zeros_like(total), where=mass[:, None] > 0)
    return means
