"""Evenly spaced streamlines of a field on a lattice, in two or three dimensions.

After Jobard and Lefer, "Creating evenly-spaced streamlines of arbitrary density" (1997): no line starts nearer to
another than the separation, and none comes nearer than half of it. Instead of beside finished lines, lines start where
the most cells are, which needs no notion of "beside" and so holds in any dimension.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from velowidget.core.grid import Lattice

# All in spacings of the lattice, but the last.
_STEP = 0.2
_SHORTEST, _LONGEST = 2.0, 60.0
# Raster cells along one separation: distances from finished lines are kept on a raster that much finer.
_FINE = 4
# Arrows below this share of the longest have no direction.
_STILL = 1e-4


@dataclass(frozen=True, eq=False)
class Streamlines:
    """Lines along a field.

    Attributes
    ----------
    points
        Vertices of all lines, one line after the other, each along the field; float64, shape (n_vertices, n_dims).
    starts
        int32, shape (n_lines + 1,): the vertices of line k are ``starts[k]`` to ``starts[k + 1]``.
    speeds
        Length of the field's arrow at each vertex, float64, shape (n_vertices,).
    """

    points: NDArray[np.float64]
    starts: NDArray[np.int32]
    speeds: NDArray[np.float64]


def streamlines(on: Lattice, vectors: NDArray[np.float64], *, separation: float = 1.0) -> Streamlines:
    """Draw evenly spaced lines along a field, where there are cells.

    Parameters
    ----------
    on
        The lattice; lines end where its mass, interpolated, is below its `min_mass`.
    vectors
        The field at each point, shape (*on.shape, n_dims), as :func:`velowidget.core.grid.average` gives it.
    separation
        Distance of lines, in spacings of the lattice.

    Returns
    -------
    The lines, those from where the most cells are first; none shorter than two spacings.
    """
    n_dims = len(on.shape)
    shape = (*on.shape, *(1,) * (3 - n_dims))
    field = np.zeros((*shape, 4))
    field[..., :n_dims] = vectors.reshape(*shape, n_dims)
    field[..., 3] = on.mass.reshape(shape)
    fine = _FINE / separation
    raster = np.full([int(np.ceil((n - 1) * fine)) + 1 for n in shape], np.inf, dtype=np.float32)
    seeds = np.stack(np.unravel_index(np.arange(raster.size), raster.shape), axis=-1) / fine
    masses = map_coordinates(field[..., 3], seeds.T, order=1, mode="nearest")
    seeds = seeds[np.argsort(-masses, kind="stable")][: np.count_nonzero(masses >= on.min_mass)]
    longest = float(np.sqrt((vectors**2).sum(axis=-1)).max(initial=0.0))

    drawn, room = _lines(field, seeds, raster, fine, separation, max(on.min_mass, 1e-12), _STILL * longest)
    points = on.start + on.spacing * drawn[:, :n_dims]
    at = ((points - on.start) / on.spacing).T
    along = [map_coordinates(vectors[..., c], at, order=1, mode="nearest") for c in range(n_dims)]
    return Streamlines(points, np.asarray(room, dtype=np.int32), np.sqrt(np.square(along).sum(axis=0)))


@nb.njit(nogil=True, cache=True)
def _at(field, point, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """The field and its mass at a point, multilinear; False outside of the lattice."""
    n = np.array(field.shape[:3])
    low = np.zeros(3, dtype=np.int64)
    for c in range(3):
        if not -1e-9 <= point[c] <= n[c] - 1 + 1e-9:
            return False
        low[c] = min(max(int(point[c]), 0), max(n[c] - 2, 0))
    out[:] = 0.0
    for corner in range(8):
        weight = 1.0
        at = low.copy()
        for c in range(3):
            share = point[c] - low[c]
            if corner >> c & 1:
                weight *= share
                at[c] = min(at[c] + 1, n[c] - 1)
            else:
                weight *= 1.0 - share
        if weight > 0.0:
            for k in range(4):
                out[k] += weight * field[at[0], at[1], at[2], k]
    return True


@nb.njit(nogil=True, cache=True)
def _direction(field, point, min_mass, still, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Make `out` the unit vector along the field; False where there are no cells, or no direction."""
    if not _at(field, point, out) or out[3] < min_mass:
        return False
    length = np.sqrt(out[0] ** 2 + out[1] ** 2 + out[2] ** 2)
    if length <= still:
        return False
    out[:3] /= length
    return True


@nb.njit(nogil=True, cache=True)
def _cell(point, fine):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """The raster's cell at a point."""
    return round(point[0] * fine), round(point[1] * fine), round(point[2] * fine)


@nb.njit(nogil=True, cache=True)
def _touches(vertices, point, near):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Whether a point is nearer to any of the vertices than a squared distance."""
    for k in range(len(vertices)):
        squared = 0.0
        for c in range(3):
            squared += (vertices[k, c] - point[c]) ** 2
        if squared < near:
            return True
    return False


@nb.njit(nogil=True, cache=True)
def _follow(field, seed, sign, raster, fine, separation, min_mass, still, other, line):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Follow the field from a seed, by the midpoint rule; returns the number of vertices written to `line`.

    `other` are the vertices from the same seed in the other direction.
    """
    along = np.empty(4)
    point = seed.copy()
    near = (0.5 * separation) ** 2
    apart = int(np.ceil(1.5 * separation / _STEP))  # of vertices that may be near: the line has just been there
    count = 0
    while count < len(line):
        if raster[_cell(point, fine)] < near:
            break
        if _touches(line[: max(0, count - apart)], point, near) or _touches(
            other[max(0, apart - count) :], point, near
        ):
            break  # round and round
        line[count] = point
        count += 1
        if not _direction(field, point, min_mass, still, along):
            break
        middle = point + 0.5 * sign * _STEP * along[:3]
        if not _direction(field, middle, min_mass, still, along):
            break
        point = point + sign * _STEP * along[:3]
        if not _at(field, point, along) or along[3] < min_mass:
            break
    return count


@nb.njit(nogil=True, cache=True)
def _mark(raster, line, fine, separation):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Keep squared distances to a line's vertices, up to the separation, in the raster."""
    reach = int(np.ceil(separation * fine))
    for point in line:
        a0, b0, c0 = _cell(point, fine)
        for a in range(max(0, a0 - reach), min(raster.shape[0], a0 + reach + 1)):
            for b in range(max(0, b0 - reach), min(raster.shape[1], b0 + reach + 1)):
                for c in range(max(0, c0 - reach), min(raster.shape[2], c0 + reach + 1)):
                    squared = (a / fine - point[0]) ** 2 + (b / fine - point[1]) ** 2 + (c / fine - point[2]) ** 2
                    raster[a, b, c] = min(raster[a, b, c], squared)


@nb.njit(nogil=True, cache=True)
def _lines(field, seeds, raster, fine, separation, min_mass, still):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """All lines: their vertices, in spacings, and where each begins."""
    room = int(_LONGEST / _STEP)
    forth, back = np.empty((room, 3)), np.empty((room, 3))
    starts = [0]
    pieces = [np.empty((0, 3))]
    total = 0
    for seed in seeds:
        at = raster[_cell(seed, fine)]
        if at < separation**2:
            continue
        after = _follow(field, seed, 1.0, raster, fine, separation, min_mass, still, forth[:0], forth)
        before = _follow(field, seed, -1.0, raster, fine, separation, min_mass, still, forth[:after], back)
        if (after + before - 2) * _STEP < _SHORTEST:
            continue
        line = np.concatenate((back[1:before][::-1], forth[:after]))
        _mark(raster, line, fine, separation)
        pieces.append(line)
        total += len(line)
        starts.append(total)
    drawn = np.empty((total, 3))
    for k in range(len(starts) - 1):
        drawn[starts[k] : starts[k + 1]] = pieces[k + 1]
    return drawn, starts
