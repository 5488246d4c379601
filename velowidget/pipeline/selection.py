"""Cells that somebody has selected."""

from __future__ import annotations

from typing import Any

import numpy as np


class Selection(np.ndarray[Any, np.dtype[np.int32]]):
    """Indices of cells. Another one is equal to it or not as a whole, by which ``traitlets.link`` compares its ends."""

    __hash__ = None

    def __eq__(self, other: object) -> Any:
        return np.array_equal(self, other) if isinstance(other, Selection) else super().__eq__(other)

    def __ne__(self, other: object) -> Any:
        return not self == other if isinstance(other, Selection) else super().__ne__(other)


def checked_cells(cells: Any, n_cells: int) -> Selection:
    """Cells as a sorted array of indices.

    Parameters
    ----------
    cells
        Indices, negative ones counted from the end, or a mask with one flag for each cell; None for no cell.
    n_cells
        How many cells there are.

    Returns
    -------
    int32, ascending, without repetitions, read-only.

    Raises
    ------
    TypeError, ValueError
        If they are neither, or an index is that of no cell.
    """
    given = np.asarray(() if cells is None else cells)
    if given.dtype == bool:
        if given.shape != (n_cells,):
            raise ValueError(f"A mask needs one flag for each of {n_cells:,} cells, not shape {given.shape}.")
        given = np.flatnonzero(given)
    if given.ndim != 1:
        raise ValueError(
            f"Cells are selected by a flat list of indices or a mask, not an array of shape {given.shape}."
        )
    if given.size and given.dtype.kind not in "iu":
        raise TypeError(f"Cells are selected by whole numbers or a mask, not by {given.dtype} values.")
    outside = given[(given < -n_cells) | (given >= n_cells)]
    if outside.size:
        raise ValueError(f"There is no cell {outside[0]}: cells are numbered from 0 to {n_cells - 1:,}.")
    given = given.astype(np.int64)
    selected = np.unique(np.where(given < 0, given + n_cells, given)).astype(np.int32).view(Selection)
    selected.flags.writeable = False
    return selected
