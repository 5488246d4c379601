"""Values of cells, such as arrows, averaged onto a regular lattice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numba as nb
import numpy as np
from numpy.typing import NDArray

# Cells farther than this many standard deviations do not count: their weights are below 0.012.
_REACH = 3.0
# Lattice points along the longest side at density 1.
_POINTS = 32
_MOST_POINTS = 10_000_000


@dataclass(frozen=True, eq=False)
class Lattice:
    """A lattice of squares or cubes over an embedding, and how many cells each of its points listens to.

    Attributes
    ----------
    positions
        The cells' embedding, float64, shape (n_cells, n_dims).
    start
        Point 0, float64, shape (n_dims,).
    spacing
        Distance of neighbouring points, in units of the embedding.
    shape
        Number of points along each axis.
    spread
        Standard deviation of the Gaussian weights, in units of the embedding.
    mass
        Summed weights of the cells at each point, float64, shape `shape`, 1 at the 95th percentile of those reached.
    min_mass
        Points below are not kept.
    """

    positions: NDArray[np.float64]
    start: NDArray[np.float64]
    spacing: float
    shape: tuple[int, ...]
    spread: float
    mass: NDArray[np.float64]
    min_mass: float

    @cached_property
    def kept(self) -> NDArray[np.int64]:
        """Points where there are cells, as flat indices, ascending, shape (n_points,)."""
        return np.flatnonzero((self.mass > 0) & (self.mass >= self.min_mass))

    @cached_property
    def points(self) -> NDArray[np.float64]:
        """The kept points, shape (n_points, n_dims)."""
        return self.start + self.spacing * np.stack(np.unravel_index(self.kept, self.shape), axis=-1)


def lattice(
    positions: NDArray[np.floating], *, density: float = 1.0, smooth: float = 0.8, min_mass: float = 0.1
) -> Lattice:
    """Lay a lattice over an embedding.

    Parameters
    ----------
    positions
        The embedding, shape (n_cells, n_dims), two or three dimensions; rows with NaN or infinities are left out.
    density
        32 points along the longest side, times this.
    smooth
        Standard deviation of the Gaussian, in spacings.
    min_mass
        Points whose summed weight is below this share of the lattice's 95th percentile are not kept.

    Returns
    -------
    The lattice, centred on the cells; of a single point without mass when no cell has a position.

    Raises
    ------
    ValueError
        If there are more than three dimensions or ten million points, for such a lattice fits into no memory, or
        `density` or `smooth` is not a positive number.
    """
    for name, value in (("density", density), ("smooth", smooth)):
        if not isinstance(value, int | float | np.number) or not 0 < value < np.inf:
            raise ValueError(f"{name} must be larger than 0, not {value!r}.")
    n_dims = positions.shape[1]
    if n_dims > 3:
        raise ValueError(f"A lattice in {n_dims} dimensions is too large; choose 2 or 3 of them.")
    cells: NDArray[np.float64] = np.asarray(positions, dtype=np.float64)
    placed = cells[np.isfinite(cells).all(axis=1)]
    if not len(placed):
        placed = np.zeros((1, n_dims))
    low, high = placed.min(axis=0), placed.max(axis=0)
    spacing = float((high - low).max() / (_POINTS * density)) or 1.0
    shape = tuple(int(n) for n in np.ceil((high - low) / spacing) + 1)
    if math.prod(shape) > _MOST_POINTS:
        raise ValueError(
            f"A lattice of {math.prod(shape):.0e} points is too large; choose a lower density than {density}."
        )
    start = (low + high - (np.array(shape) - 1) * spacing) / 2
    bare = Lattice(cells, start, spacing, shape, smooth * spacing, np.zeros(shape), min_mass)

    mass = sums(bare, np.empty((len(cells), 0)))[..., 0]
    reached = mass[mass > 0]
    if reached.size:
        mass /= np.percentile(reached, 95)
    return Lattice(cells, start, spacing, shape, smooth * spacing, mass, min_mass)


def average(on: Lattice, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weighted mean of the cells' values at every point of a lattice, kept or not.

    Weights are Gaussian in the distance, as scVelo's (Bergen et al. 2020); all cells within three standard deviations
    count.

    Parameters
    ----------
    on
        The lattice.
    values
        Shape (n_cells, n_values); rows with NaN or infinities are left out.

    Returns
    -------
    float64, shape (*on.shape, n_values); 0 where no cell with a value is near.
    """
    total = sums(on, values)
    mass = total[..., :1]
    means: NDArray[np.float64] = np.divide(total[..., 1:], mass, out=np.zeros_like(total[..., 1:]), where=mass > 0)
    return means


def sums(on: Lattice, values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Summed weights of the cells at each point, and their weighted sums of values.

    Parameters
    ----------
    on
        The lattice.
    values
        Shape (n_cells, n_values); rows with NaN or infinities are left out.

    Returns
    -------
    float64, shape (*on.shape, 1 + n_values).
    """
    n_dims = len(on.shape)
    shape = (*on.shape, *(1,) * (3 - n_dims))
    positions = np.zeros((len(on.positions), 3))
    positions[:, :n_dims] = (on.positions - on.start) / on.spacing
    usable = np.isfinite(on.positions).all(axis=1) & np.isfinite(values).all(axis=1)
    out = np.zeros((*shape, 1 + values.shape[1]))
    _add(positions, np.ascontiguousarray(values, dtype=np.float64), usable, on.spread / on.spacing, out)
    return out.reshape(*on.shape, -1)


@nb.njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _add(positions, values, usable, spread, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Add the cells to the points around them; positions and spread in spacings.

    Cells in sequence, not in parallel: several may add to one point, and sums should not depend on threads.
    """
    reach = _REACH * spread
    for i in range(len(positions)):
        if not usable[i]:
            continue
        x, y, z = positions[i]
        for a in range(max(0, int(np.ceil(x - reach))), min(out.shape[0] - 1, int(np.floor(x + reach))) + 1):
            for b in range(max(0, int(np.ceil(y - reach))), min(out.shape[1] - 1, int(np.floor(y + reach))) + 1):
                for c in range(max(0, int(np.ceil(z - reach))), min(out.shape[2] - 1, int(np.floor(z + reach))) + 1):
                    squared = (x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2
                    if squared <= reach * reach:
                        weight = np.exp(-0.5 * squared / (spread * spread))
                        out[a, b, c, 0] += weight
                        for k in range(values.shape[1]):
                            out[a, b, c, k + 1] += weight * values[i, k]
