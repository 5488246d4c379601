"""Values of cells, such as arrows, averaged onto a regular lattice."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numba as nb
import numpy as np
from numpy.typing import NDArray

from velowidget.core.blocks import Report, over_blocks

# Cells farther than this many standard deviations do not count: their weights are below 0.012.
_REACH = 3.0
# Additions between two reports, about: some 20 ms.
_BLOCK_WORK = 20_000_000
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
    positions: NDArray[np.floating],
    *,
    density: float = 1.0,
    smooth: float = 0.8,
    min_mass: float = 0.1,
    report: Report | None = None,
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
    report
        Called as ``report(n_done, n_cells)`` between blocks; whatever it raises ends the pass.

    Returns
    -------
    The lattice, centred on the cells; of a single point without mass when no cell has a position.

    Raises
    ------
    ValueError
        If there are more than three dimensions or ten million points, for such a lattice fits into no memory, if
        `positions` is not a matrix, or `density` or `smooth` is not a positive number.
    """
    for name, value in (("density", density), ("smooth", smooth)):
        if not isinstance(value, int | float | np.number) or not 0 < value < np.inf:
            raise ValueError(f"{name} must be larger than 0, not {value!r}.")
    if positions.ndim != 2 or not positions.shape[1]:
        raise ValueError(f"positions must have shape (n_cells, n_dims), not {positions.shape}.")
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

    mass = sums(bare, np.empty((len(cells), 0)), report)[..., 0]
    reached = mass[mass > 0]
    if reached.size:
        mass /= np.percentile(reached, 95)
    return Lattice(cells, start, spacing, shape, smooth * spacing, mass, min_mass)


def average(on: Lattice, values: NDArray[np.floating], report: Report | None = None) -> NDArray[np.float64]:
    """Weighted mean of the cells' values at every point of a lattice, kept or not.

    Weights are Gaussian in the distance, as scVelo's (Bergen et al. 2020); all cells within three standard deviations
    count.

    Parameters
    ----------
    on
        The lattice.
    values
        Shape (n_cells, n_values); rows with NaN or infinities are left out.
    report
        Called as ``report(n_done, n_cells)`` between blocks; whatever it raises ends the pass.

    Returns
    -------
    float64, shape (*on.shape, n_values); 0 where no cell with a value is near.

    Raises
    ------
    ValueError
        If `values` is not of that shape.
    """
    total = sums(on, values, report)
    mass = total[..., :1]
    means: NDArray[np.float64] = np.divide(total[..., 1:], mass, out=np.zeros_like(total[..., 1:]), where=mass > 0)
    return means


def sums(on: Lattice, values: NDArray[np.floating], report: Report | None = None) -> NDArray[np.float64]:
    """Summed weights of the cells at each point, and their weighted sums of values.

    Parameters
    ----------
    on
        The lattice.
    values
        Shape (n_cells, n_values); rows with NaN or infinities are left out.
    report
        Called as ``report(n_done, n_cells)`` between blocks; whatever it raises ends the sums.

    Returns
    -------
    float64, shape (*on.shape, 1 + n_values).

    Raises
    ------
    ValueError
        If `values` is not of that shape.
    """
    n_cells, n_dims = on.positions.shape
    if values.ndim != 2 or len(values) != n_cells:
        raise ValueError(
            f"values must have a row for each of the {n_cells} cells, shape ({n_cells}, n_values), not {values.shape}; "
            "give values[:, None] for one value per cell."
        )
    ones = (1,) * (3 - n_dims)  # the longest runs in memory are along the last axis
    positions = np.zeros((n_cells, 3))
    positions[:, 3 - n_dims :] = (on.positions - on.start) / on.spacing
    numbers = np.ones((n_cells, 1 + values.shape[1]))
    numbers[:, 1:] = values
    usable = np.isfinite(np.hstack((positions, numbers))).all(axis=1)
    spread = on.spread / on.spacing
    out = np.zeros((numbers.shape[1], *ones, *on.shape))

    def add(start: int, stop: int) -> None:
        _add(positions[start:stop], numbers[start:stop], usable[start:stop], spread, out)

    per_cell = numbers.shape[1] * math.prod(min(n, 2 * _REACH * spread + 1) for n in on.shape)
    over_blocks(add, n_cells, int(_BLOCK_WORK / (per_cell + 100)), report)
    return np.ascontiguousarray(np.moveaxis(out, 0, -1)).reshape(*on.shape, -1)


@nb.njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _add(positions, values, usable, spread, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Add the cells' values to the points around them; positions and spread in spacings.

    Cells in sequence, not in parallel: several may add to one point, and sums should not depend on threads.
    """
    reach = _REACH * spread
    room = min(int(2 * reach) + 2, max(out.shape))
    along = np.empty((3, room))  # a Gaussian is the product of those along the axes
    low, high = np.empty(3, dtype=np.int64), np.empty(3, dtype=np.int64)
    for i in range(len(positions)):
        if not usable[i]:
            continue
        for d in range(3):
            low[d] = max(0, int(np.ceil(positions[i, d] - reach)))
            high[d] = min(out.shape[d + 1] - 1, int(np.floor(positions[i, d] + reach)))
            for p in range(low[d], high[d] + 1):
                along[d, p - low[d]] = np.exp(-0.5 * ((positions[i, d] - p) / spread) ** 2)
        x, y, z = positions[i]
        for a in range(low[0], high[0] + 1):
            for b in range(low[1], high[1] + 1):
                left = reach * reach - (x - a) ** 2 - (y - b) ** 2
                if left < 0:
                    continue
                half = np.sqrt(left)
                first, stop = max(low[2], int(np.ceil(z - half))), min(high[2], int(np.floor(z + half))) + 1
                if stop <= first:
                    continue
                weights = along[2, first - low[2] : stop - low[2]]
                flat = along[0, a - low[0]] * along[1, b - low[1]]
                for k in range(values.shape[1]):
                    row = out[k, a, b, first:stop]
                    value = values[i, k] * flat
                    for c in range(len(row)):
                        row[c] += value * weights[c]
