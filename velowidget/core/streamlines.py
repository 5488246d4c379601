"""Evenly spaced streamlines of a field on a lattice, in two or three dimensions.

After Jobard and Lefer, "Creating evenly-spaced streamlines of arbitrary density" (1997): no line starts nearer to
another than the separation, and none comes nearer than half of it, from vertex to vertex. Instead of beside finished
lines, lines start where the most cells are, which needs no notion of "beside" and so holds in any dimension.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from velowidget.core.blocks import Report, over_blocks
from velowidget.core.grid import Lattice

# In spacings of the lattice.
_STEP = 0.2
_SHORTEST, _LONGEST = 2.0, 60.0
# Cosine of the sharpest turn within a step: lines that run together would hop over each other's side.
_SHARPEST = 0.3
# Places along one separation where lines may start.
_SEEDS = 3
_SEEDS_IN_BLOCK = 2_000
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


def streamlines(
    on: Lattice, vectors: NDArray[np.float64], *, separation: float = 1.0, report: Report | None = None
) -> Streamlines:
    """Draw evenly spaced lines along a field, where there are cells.

    Parameters
    ----------
    on
        The lattice; lines end where its mass, interpolated, is below its `min_mass`, and where the field runs together.
    vectors
        The field at each point, shape (*on.shape, n_dims), as :func:`velowidget.core.grid.average` gives it.
    separation
        Distance of lines, in spacings of the lattice.
    report
        Called as ``report(n_done, n_places)`` between blocks of places where lines may start, and as ``report(0, 0)``
        while these are sought; whatever it raises ends the pass.

    Returns
    -------
    The lines, those from where the most cells are first; none shorter than two spacings.

    Raises
    ------
    ValueError
        If `separation` is not a positive number.
    """
    if not 0 < separation < np.inf:
        raise ValueError(f"separation must be larger than 0, not {separation!r}.")
    n_dims = len(on.shape)
    shape = (*on.shape, *(1,) * (3 - n_dims))
    field = np.zeros((*shape, 4))
    field[..., :n_dims] = vectors.reshape(*shape, n_dims)
    field[..., 3] = on.mass.reshape(shape)
    seeds = _seeds(field[..., 3], on.min_mass, separation / _SEEDS, report)
    still = _STILL * float(np.sqrt((vectors**2).sum(axis=-1)).max(initial=0.0))

    drawn = _Drawn.none(shape, separation)
    starts = [0]

    def draw(start: int, stop: int) -> None:
        nonlocal drawn
        *grown, ends = _lines(field, seeds[start:stop], *drawn, starts[-1], separation, max(on.min_mass, 1e-12), still)
        drawn = _Drawn(*grown)
        starts.extend(ends)

    over_blocks(draw, len(seeds), _SEEDS_IN_BLOCK, report)
    at = drawn.vertices[: starts[-1], :n_dims]
    along = [map_coordinates(vectors[..., c], at.T, order=1, mode="nearest") for c in range(n_dims)]
    speeds = np.sqrt(np.square(along).sum(axis=0))
    return Streamlines(on.start + on.spacing * at, np.asarray(starts, dtype=np.int32), speeds)


class _Drawn(NamedTuple):
    """Vertices of finished lines, and which are in each of the boxes that space is cut into."""

    vertices: NDArray[np.float64]  # in spacings, with room for more
    next: NDArray[np.int32]  # the vertex before in the same box, or -1
    newest: NDArray[np.int32]  # in each box, of half a separation, or -1

    @classmethod
    def none(cls, shape: tuple[int, ...], separation: float) -> _Drawn:
        boxes = [int((n - 1) / (0.5 * separation)) + 2 for n in shape]
        return cls(np.empty((1024, 3)), np.empty(1024, dtype=np.int32), np.full(boxes, -1, dtype=np.int32))


def _seeds(mass: NDArray[np.float64], least: float, apart: float, report: Report | None) -> NDArray[np.float64]:
    """Places where there are cells, those with the most first, in spacings, shape (n_seeds, 3)."""
    axes = [apart * np.arange(int((n - 1) / apart) + 1) for n in mass.shape]
    places, masses = [np.empty((0, 3))], [np.empty(0)]
    for x in axes[0]:  # all at once may need a gigabyte
        if report is not None:
            report(0, 0)
        layer = np.stack(np.meshgrid(x, axes[1], axes[2], indexing="ij"), axis=-1).reshape(-1, 3)
        here = map_coordinates(mass, layer.T, order=1, mode="nearest")
        places.append(layer[here >= least])
        masses.append(here[here >= least])
    return np.concatenate(places)[np.argsort(-np.concatenate(masses), kind="stable")]


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
def _crowded(vertices, next_, newest, point, distance, separation):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Whether a point is nearer than a distance to a vertex of the finished lines."""
    side = 0.5 * separation
    low, high = np.empty(3, dtype=np.int64), np.empty(3, dtype=np.int64)
    for c in range(3):
        low[c] = max(0, int((point[c] - distance) / side))
        high[c] = min(newest.shape[c] - 1, int((point[c] + distance) / side))
    for a in range(low[0], high[0] + 1):
        for b in range(low[1], high[1] + 1):
            for c in range(low[2], high[2] + 1):
                k = newest[a, b, c]
                while k >= 0:
                    squared = 0.0
                    for d in range(3):
                        squared += (vertices[k, d] - point[d]) ** 2
                    if squared < distance * distance:
                        return True
                    k = next_[k]
    return False


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
def _follow(field, seed, sign, vertices, next_, newest, separation, min_mass, still, other, line):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Follow the field from a seed, by the midpoint rule; returns the number of vertices written to `line`.

    `other` are the vertices from the same seed in the other direction.
    """
    along = np.empty(4)
    point = seed.copy()
    first, before = np.zeros(3), np.zeros(3)
    near = (0.5 * separation) ** 2
    apart = int(np.ceil(1.5 * separation / _STEP))  # of vertices that may be near: the line has just been there
    count = 0
    while count < len(line):
        if _crowded(vertices, next_, newest, point, 0.5 * separation, separation):
            break
        if _touches(line[: max(0, count - apart)], point, near) or _touches(
            other[max(0, apart - count) :], point, near
        ):
            break  # round and round
        line[count] = point
        count += 1
        if not _direction(field, point, min_mass, still, along):
            break
        first[:] = along[:3]
        middle = point + 0.5 * sign * _STEP * first
        if not _direction(field, middle, min_mass, still, along):
            break
        if count > 1 and min(np.dot(first, along[:3]), np.dot(before, along[:3])) < _SHARPEST:
            break
        before[:] = along[:3]
        point = point + sign * _STEP * along[:3]
        if not _at(field, point, along) or along[3] < min_mass:
            break
    return count


@nb.njit(nogil=True, cache=True)
def _lines(field, seeds, vertices, next_, newest, count, separation, min_mass, still):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  # pragma: no cover
    """Draw lines from more seeds; `count` vertices are drawn. Returns `_Drawn`'s, and where each new line ends."""
    room = int(_LONGEST / _STEP)
    forth, back = np.empty((room, 3)), np.empty((room, 3))
    ends = [count for _ in range(0)]
    for seed in seeds:
        if _crowded(vertices, next_, newest, seed, separation, separation):
            continue
        drawn = vertices, next_, newest
        after = _follow(field, seed, 1.0, *drawn, separation, min_mass, still, forth[:0], forth)
        before = _follow(field, seed, -1.0, *drawn, separation, min_mass, still, forth[:after], back)
        if (after + before - 2) * _STEP < _SHORTEST:
            continue
        line = np.concatenate((back[1:before][::-1], forth[:after]))
        if count + len(line) > len(vertices):
            vertices = np.concatenate((vertices, np.empty((len(vertices) + len(line), 3))))
            next_ = np.concatenate((next_, np.empty(len(vertices) - len(next_), dtype=np.int32)))
        for point in line:
            a, b, c = point / (0.5 * separation)
            box = int(a), int(b), int(c)
            vertices[count] = point
            next_[count] = newest[box]
            newest[box] = count
            count += 1
        ends.append(count)
    return vertices, next_, newest, ends
