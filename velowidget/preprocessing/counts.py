"""Spliced and unspliced counts as they are found in an AnnData: checked, told from other numbers, normalised.

Nothing stored is changed: normalised counts are new arrays, made when they are needed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.entries import entries, of_shape
from velowidget.data.messages import MissingKeyError, count, name_cells, nearest
from velowidget.data.velocity import real_array

LAYERS = ("spliced", "unspliced")

# Cells looked at to tell counts from other numbers, and how near a whole number is to count as one.
_LOOKED_AT, _WHOLE = 200, 1e-3


def size_column(layer: str) -> str:
    """The column of ``adata.obs`` for the total of each cell before genes were dropped; scVelo's name."""
    return f"initial_size_{layer}"


def read_layer(adata: AnnData, layer: str) -> sp.csr_matrix:
    """A layer of counts, or of what was made of them, for reading only.

    Returns
    -------
    CSR, float32 or float64, shape (n_cells, n_genes): the stored arrays themselves where they are of that kind.

    Raises
    ------
    KeyError
        If there is no such layer.
    TypeError
        If it holds anything but real numbers.
    ValueError
        If it has another shape than the AnnData; if a number is negative, NaN or infinite; if all are zero; if they are
        logarithms.
    """
    layers = entries(adata, "layers")
    if layer not in layers:
        raise MissingKeyError(
            f"No {layer} counts: adata.layers has no {layer!r}{nearest(layer, layers)} Velocities need the counts of "
            "spliced and of unspliced RNA, which velocyto, alevin-fry, kb-python and STARsolo "
            f"(--soloFeatures Velocyto) write. If they are there by another name, say adata.layers[{layer!r}] = "
            "adata.layers[that name]; velocities made elsewhere need no counts."
        )
    what = f"layer {layer!r}"
    stored = of_shape(layers[layer], adata.shape, f"The {what}")
    if hasattr(stored, "to_memory"):  # sparse, and in a file
        stored = stored.to_memory()
    values = _csr(stored, what) if sp.issparse(stored) else sp.csr_matrix(real_array(stored, what))
    _check_values(adata, values, what)
    return values


def normalized(adata: AnnData, layer: str) -> sp.csr_matrix:
    """A layer at the same size in every cell, CSR, shape (n_cells, n_genes), for reading only.

    Counts are divided by the size of their cell over the median size. A size is the total of all genes before some
    were dropped where :func:`velowidget.filter_genes` (or scVelo) has noted it, else of those that there are. Numbers
    that are no counts have been normalised already, and are left as they are.
    """
    values = read_layer(adata, layer)
    if not holds_counts(values):
        return values
    sizes = _sizes(adata, layer, values)
    middle = np.median(sizes) or 1.0
    factors = np.divide(middle, sizes, out=np.ones(len(sizes)), where=sizes != 0)
    scaled = values.data * np.repeat(factors, np.diff(values.indptr))
    parts = scaled.astype(np.float32), values.indices, values.indptr
    return sp.csr_matrix(parts, shape=values.shape, copy=False)


def totals(values: sp.csr_matrix) -> NDArray[np.float64]:
    """The sum of each cell, shape (n_cells,)."""
    return np.asarray(values.sum(axis=1, dtype=np.float64)).ravel()


def holds_counts(values: sp.csr_matrix) -> bool:
    """Whether most of the numbers are whole; not all, as some counters share reads out among genes."""
    return _share_of_whole(_first_cells(values).data) > 0.5


def _csr(stored: Any, what: str) -> sp.csr_matrix:
    """A sparse layer as CSR, float32 or float64, each entry once; the stored arrays are shared where possible."""
    if stored.dtype.kind not in "fiub":
        raise TypeError(f"The {what} holds {stored.dtype} values, not real numbers.")
    dtype = stored.dtype if stored.dtype in (np.float32, np.float64) else np.float64
    if stored.format in ("csr", "csc"):
        layout = sp.csr_matrix if stored.format == "csr" else sp.csc_matrix
        try:  # in a new matrix, since SciPy notes in a matrix what it has checked
            values = layout((stored.data, stored.indices, stored.indptr), shape=stored.shape, copy=False)
            values.check_format(full_check=True)
        except ValueError as error:  # compiled code would read past the end of an array
            raise ValueError(f"The {what} is damaged: its indices do not fit its shape. Read it again.") from error
    else:
        values = sp.csr_matrix(stored.tocoo())
    values = values.tocsr().astype(dtype, copy=False)
    if not values.has_canonical_format:
        values = values.copy()
        values.sum_duplicates()
    return values


def _sizes(adata: AnnData, layer: str, values: sp.csr_matrix) -> NDArray[np.float64]:
    column = size_column(layer)
    if column not in adata.obs:
        return totals(values)
    noted = pd.to_numeric(adata.obs[column], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = np.flatnonzero(~np.isfinite(noted) | (noted < 0) | ((noted == 0) & (np.diff(values.indptr) > 0)))
    if bad.size:
        raise ValueError(
            f"adata.obs[{column!r}] is no size of {count(bad.size, 'cell')} that have counts: "
            f"{name_cells(adata, bad)}. Remove the column, and filter genes of the whole counts again."
        )
    return noted


def _check_values(adata: AnnData, values: sp.csr_matrix, what: str) -> None:
    for bad, word in ((~np.isfinite(values.data), "NaN or infinite"), (values.data < 0, "negative")):
        if bad.any():
            place = int(np.argmax(bad))
            cell = int(np.searchsorted(values.indptr, place, side="right")) - 1
            raise ValueError(
                f"The {what} is {word} in {count(int(bad.sum()), 'place')}, the first for cell "
                f"{str(adata.obs_names[cell])!r} and gene {str(adata.var_names[values.indices[place]])!r}. "
                "Store the counts, neither scaled nor centred."
            )
    if not values.data.any():
        raise ValueError(
            f"The {what} is zero everywhere: there is nothing to make velocities of. "
            "Was it counted with introns in the reference, and is it the layer that was meant?"
        )
    if _are_logarithms(values):
        raise ValueError(
            f"The {what} holds logarithms (`scanpy.pp.log1p`), of which no moments are taken. "
            "Store the counts, or take the logarithm back with `numpy.expm1`."
        )


def _are_logarithms(values: sp.csr_matrix) -> bool:
    """Whether a cell's numbers are multiples of its smallest only after the logarithm is taken back.

    Counts are multiples of one molecule in each cell, also after normalising.
    """
    some = _first_cells(values)
    some.eliminate_zeros()
    cells = np.flatnonzero(np.diff(some.indptr))
    lengths = np.diff(some.indptr)[cells]
    with np.errstate(over="ignore", invalid="ignore"):
        multiples = [
            data / np.repeat(np.minimum.reduceat(data, some.indptr[cells]), lengths)
            for data in (some.data, np.expm1(some.data))
        ]
        varied = multiples[0] > 1 + _WHOLE  # of the smallest itself, both are whole
        as_stored, taken_back = (_share_of_whole(data[varied]) for data in multiples)
    return bool(varied.sum() >= 20 and as_stored < 0.5 and taken_back > 0.9)


def _first_cells(values: sp.csr_matrix) -> sp.csr_matrix:
    return values[:_LOOKED_AT].astype(np.float64)


def _share_of_whole(numbers: NDArray[np.floating]) -> float:
    return float(np.mean(np.abs(numbers - np.round(numbers)) < _WHOLE)) if numbers.size else 0.0
