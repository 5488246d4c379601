"""Cells and genes whose velocity or expression is missing (NaN), as merged samples have them."""

from __future__ import annotations

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.messages import count, name_cells

# Groups of cells that an error lists, the largest.
_MOST_GROUPS = 3


def empty_cells(values: NDArray[np.floating]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Cells that are NaN in every gene, shape (n_cells,); and genes that are NaN in any other, shape (n_genes,)."""
    missing = np.isnan(values)
    cells = missing.all(axis=1)
    return cells, missing[~cells].any(axis=0)


def zeroed(values: NDArray[np.floating], cells: NDArray[np.bool_]) -> NDArray[np.floating]:
    """A copy with 0 in the rows of some cells; the array itself if there are none."""
    if not cells.any():
        return values
    values = values.copy()
    values[cells] = 0
    return values


def note_on_velocity(adata: AnnData, cells: NDArray[np.bool_], what: str) -> str:
    """What a user should know of cells without velocity; `what` names where it is missing."""
    return f"{_found(adata, cells, 'velocity', what)}, and zero is used instead."


def note_on_expression(adata: AnnData, cells: NDArray[np.bool_], what: str) -> str:
    """What a user should know of cells without expression; `what` names where it is missing."""
    return (
        f"{_found(adata, cells, 'expression', what)}. No other cell goes there, and from there each neighbour has "
        "equal probability."
    )


def no_gene_left(adata: AnnData, velocity: NDArray[np.floating], what: str) -> ValueError:
    """The error of velocities that are NaN in each gene for some cell: which cells lack how many genes.

    Parameters
    ----------
    adata
        For the names of cells.
    velocity
        Of the genes in use, shape (n_cells, n_genes).
    what
        Names it.
    """
    missing = np.isnan(velocity)
    _, first, group = np.unique(np.packbits(missing, axis=1), axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    sizes = np.bincount(group)
    lacking = missing[first].sum(axis=1)
    some = [g for g in np.argsort(-sizes, kind="stable") if 0 < lacking[g] < velocity.shape[1]]
    listed = [
        f"{count(int(sizes[g]), 'cell')} ({name_cells(adata, np.flatnonzero(group == g))}) "
        f"{'lack' if sizes[g] > 1 else 'lacks'} {lacking[g]:,} of them"
        for g in some[:_MOST_GROUPS]
    ]
    more = f", and {len(some) - _MOST_GROUPS:,} more groups of cells lack others" if len(some) > _MOST_GROUPS else ""
    return ValueError(
        f"No gene is left: the {what} holds NaN for some cells in each of the {count(velocity.shape[1], 'gene')} in "
        f"use. {', '.join(listed)}{more}. If batches with different genes were merged, keep the genes that all have "
        "(`anndata.concat(..., join='inner')`) or compute velocities of the merged data; or leave such cells out."
    )


def _found(adata: AnnData, cells: NDArray[np.bool_], noun: str, what: str) -> str:
    which = np.flatnonzero(cells)
    named = f"{count(len(which), 'cell')} without {noun} ({name_cells(adata, which)})"
    return f"{named}: the {what} is NaN in each gene in use"
