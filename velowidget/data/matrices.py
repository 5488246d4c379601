"""Transition matrices that come from elsewhere, or from other matrices: checked, normalised, read-only."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from velowidget.core.graph import freeze

# Row sums this close to 1 are left as they are, to the bit; CellRank's tolerance.
_EXACT = 1e-8


def stochastic_matrix(given: Any, n_cells: int | None = None, what: str = "The transition matrix") -> sp.csr_matrix:
    """A row-stochastic matrix made of what a user gave.

    Parameters
    ----------
    given
        An array, or a sparse array or matrix of any format.
    n_cells
        Number of rows and columns it must have; None takes any.
    what
        Names it in errors.

    Returns
    -------
    CSR float64, shape (n_cells, n_cells), a copy, read-only, without stored zeros. Rows that do not sum to 1 are
    divided by their sums.

    Raises
    ------
    TypeError
        If it holds no real numbers.
    ValueError
        If it is not square or of another size, or an entry is negative, NaN or infinite, or a row is empty.
    """
    given = in_memory(given)
    if not sp.issparse(given):
        try:
            given = np.ma.filled(given, 0) if isinstance(given, np.ma.MaskedArray) else np.asarray(given)
        except ValueError as error:  # nested lists
            raise ValueError(f"{what} must be square, and has rows of different lengths.") from error
    if given.dtype.kind not in "fiub":
        raise TypeError(f"{what} must hold real numbers, not {given.dtype} values.")
    if given.ndim != 2 or given.shape[0] != given.shape[1]:
        raise ValueError(f"{what} must be square, and has shape {tuple(given.shape)}.")
    if n_cells is not None and given.shape[0] != n_cells:
        raise ValueError(f"{what} has shape {tuple(given.shape)} where {(n_cells, n_cells)} is expected.")
    matrix = float_csr(given, what)
    bad, negative = int((~np.isfinite(matrix.data)).sum()), int((matrix.data < 0).sum())
    if bad or negative:
        found = f"NaN or infinite in {bad:,}" if bad else f"negative in {negative:,}"
        raise ValueError(f"{what} is {found} of its {matrix.nnz:,} entries; probabilities are from 0 to 1.")
    matrix.eliminate_zeros()
    empty = np.flatnonzero(np.diff(matrix.indptr) == 0)
    if empty.size:
        raise ValueError(
            f"{what} has {empty.size:,} row{'s' if empty.size > 1 else ''} without an entry, the first for cell number "
            f"{empty[0]}. Put 1 on the diagonal where a cell stays where it is."
        )
    if np.abs(row_sums(matrix) - 1).max(initial=0) > _EXACT:
        divide_rows(matrix)
    freeze(matrix)
    return matrix


def in_memory(stored: Any) -> Any:
    """An entry of an AnnData, read or computed if it is not in memory yet: sparse in a file, or a Dask array."""
    if hasattr(stored, "to_memory"):
        return stored.to_memory()
    return stored.compute() if hasattr(stored, "__dask_graph__") else stored


def float_csr(given: Any, what: str) -> sp.csr_matrix:
    """A copy of a dense or sparse matrix as CSR float64: entries ascending, each once.

    Raises
    ------
    ValueError
        If it is sparse and its indices do not fit its shape, where compiled code would read past the end.
    """
    given = in_memory(given)
    if not sp.issparse(given):
        return sp.csr_matrix(np.asarray(given, dtype=np.float64))
    return sound_csr(given, np.float64, what)


def sound_csr(given: Any, dtype: type[np.generic], what: str, remedy: str = "") -> sp.csr_matrix:
    """A copy of a sparse matrix as CSR of some type: entries ascending, each once, the sum where it is stored twice.

    Parameters
    ----------
    given
        Sparse, of any format.
    dtype
        Of the entries; ``np.bool_`` says which are not zero.
    what, remedy
        For errors.

    Raises
    ------
    ValueError
        If indices do not fit the shape, where compiled code would read past the end, or are not whole numbers.
    """
    layout = {"csr": sp.csr_matrix, "csc": sp.csc_matrix}.get(given.format, sp.coo_matrix)
    if layout is sp.coo_matrix:
        given = given.tocoo()
        where: Any = tuple(_whole(part, what, remedy) for part in (given.row, given.col))
        parts = (given.data.astype(dtype), where)
    else:
        parts = (given.data.astype(dtype), *(_whole(part, what, remedy) for part in (given.indices, given.indptr)))
    try:
        matrix = layout(parts, shape=given.shape, copy=True)
        shape = matrix.shape[::-1] if layout is sp.csc_matrix else matrix.shape
        # COO has checked its own.
        if layout is not sp.coo_matrix and not well_formed(matrix.data, matrix.indices, matrix.indptr, shape):
            raise ValueError
    except ValueError as error:
        raise ValueError(f"{what} is damaged: its indices do not fit its shape. {remedy}".rstrip()) from error
    matrix = matrix.tocsr()
    matrix.sum_duplicates()
    return matrix


def _whole(indices: NDArray[Any], what: str, remedy: str) -> NDArray[Any]:
    """Indices as integers, which some files hold as floats: SciPy would cut off what is behind the point."""
    if indices.dtype.kind in "iu":
        return indices
    with np.errstate(invalid="ignore"):
        whole = indices.astype(np.int64)
    if indices.dtype.kind != "f" or not np.array_equal(whole, indices):
        raise ValueError(f"{what} is damaged: its indices are not whole numbers. {remedy}".rstrip())
    return whole


def well_formed(data: NDArray[Any], indices: NDArray[Any], indptr: NDArray[Any], shape: tuple[int, int]) -> bool:
    """Whether the parts of a CSR matrix fit each other and its shape, so that compiled code stays within them.

    Of a CSC matrix, give the shape reversed. SciPy's own check takes a matrix for an empty one, and looks no further,
    where its last pointer is 0 or less, and its differences of pointers can overflow.
    """
    return bool(
        data.ndim == indices.ndim == indptr.ndim == 1
        and indices.dtype.kind == indptr.dtype.kind == "i"
        and len(indptr) == shape[0] + 1
        and indptr[0] == 0
        and (indptr[1:] >= indptr[:-1]).all()
        and indptr[-1] <= len(indices) == len(data)
        and indices.min(initial=0) >= 0
        and indices.max(initial=-1) < shape[1]
    )


def sharing(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """A matrix of its own around the same, read-only arrays: what is done to the one leaves the other alone."""
    shared = sp.csr_matrix((matrix.data, matrix.indices, matrix.indptr), shape=matrix.shape, copy=False)
    shared.has_sorted_indices, shared.has_canonical_format = True, True
    return shared


def row_sums(matrix: sp.csr_matrix) -> NDArray[np.float64]:
    """The sum of each row, shape (n_rows,); infinite where it leaves the range of float64."""
    with np.errstate(over="ignore"):
        return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()


def divide_rows(matrix: sp.csr_matrix) -> None:
    """Divide each row by its sum, in place; no row may be empty, no entry negative."""
    matrix.data = divided_by_row(matrix)
    matrix.eliminate_zeros()


def divided_by_row(matrix: sp.csr_matrix) -> NDArray[np.float64]:
    """The entries of a matrix, each divided by the sum of its row; no row may be empty, no entry negative."""
    lengths = np.diff(matrix.indptr)
    # By the largest entry first: a sum may leave the range of float64 where its entries do not.
    scaled = matrix.data / np.repeat(np.maximum.reduceat(matrix.data, matrix.indptr[:-1]), lengths)
    sums = row_sums(sp.csr_matrix((scaled, matrix.indices, matrix.indptr), shape=matrix.shape, copy=False))
    return np.asarray(scaled / np.repeat(sums, lengths))


def mixture(matrices: list[sp.csr_matrix], weights: list[float]) -> sp.csr_matrix:
    """Weighted mean of row-stochastic matrices: CSR float64, read-only, without stored zeros."""
    total = weights[0] * matrices[0]
    for weight, matrix in zip(weights[1:], matrices[1:], strict=True):
        total = total + weight * matrix
    return _finished(total)


def overlap(matrices: list[sp.csr_matrix]) -> tuple[sp.csr_matrix, NDArray[np.bool_]]:
    """Entrywise product of row-stochastic matrices, rows divided by their sums.

    Returns
    -------
    CSR float64, read-only, without stored zeros; and the cells whose row is empty, as a mask.
    """
    product = matrices[0]
    for matrix in matrices[1:]:
        product = sp.csr_matrix(product.multiply(matrix))
        product.eliminate_zeros()
        empty = np.diff(product.indptr) == 0
        if empty.any():
            return product, empty
        divide_rows(product)  # now, not at the end, lest a long product underflow
    return _finished(product), np.zeros(product.shape[0], dtype=bool)


def _finished(matrix: Any) -> sp.csr_matrix:
    matrix = sp.csr_matrix(matrix, copy=True)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    freeze(matrix)
    return matrix
