"""What a velocity kernel reads from an AnnData: expression and velocity, checked, never changed.

Every problem becomes one error that says what is wrong, where, and which call makes it right. Cells that lack a
velocity or expression altogether are no problem: they are counted, named, and treated as cells with zero velocity.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.entries import entries, of_shape, shape_of
from velowidget.data.genes import GeneSubset, gene_mask
from velowidget.data.matrices import in_memory
from velowidget.data.messages import MAKE_MOMENTS, MAKE_VELOCITY, MissingKeyError, count, nearest, shown
from velowidget.data.missing import empty_cells, no_gene_left, note_on_expression, note_on_velocity, zeroed


@dataclass(frozen=True, eq=False)
class VelocityData:
    """Expression and velocity of the genes in use.

    Attributes
    ----------
    x, v
        float32 or float64 alike, C-contiguous, read-only, shape (n_cells, n_genes).
    genes
        bool, shape (n_vars,), or of the columns of an ``obsm``: the genes in use.
    notes
        What a user should know about how the data were read.
    vkey, xkey
        Where velocity and expression came from; None is ``adata.X``.
    attr
        ``'layers'`` or ``'obsm'``: what they are keys of.
    placed
        bool, shape (n_cells,): cells whose expression is known. The others' `x` and `v` are 0: no cell goes to them,
        and they go to each neighbour with equal probability. None where all are known.
    """

    x: NDArray[np.floating]
    v: NDArray[np.floating]
    genes: NDArray[np.bool_]
    notes: tuple[str, ...]
    vkey: str | None = "velocity"
    xkey: str | None = "Ms"
    attr: str = "layers"
    placed: NDArray[np.bool_] | None = None


def loaded(adata: object) -> AnnData:
    """Return `adata` if it is an AnnData in memory, or in a file that AnnData reads itself.

    Raises
    ------
    TypeError
        If it is not an AnnData, or was opened with :func:`anndata.experimental.read_lazy`.
    """
    if not isinstance(adata, AnnData):
        raise TypeError(
            f"Expected an AnnData, got {type(adata).__name__}. Read a file with `anndata.read_h5ad(path)`, "
            "or try `velowidget.datasets.bifurcation()`."
        )
    if not isinstance(adata.obs, pd.DataFrame):  # but a table whose columns are read when they are computed with
        raise TypeError("The AnnData was opened lazily, and its tables are not in memory. Give `adata.to_memory()`.")
    return adata


def checked_adata(given: object) -> AnnData:
    """Return an AnnData that is `loaded` if it has at least two cells.

    Raises
    ------
    TypeError
        If it is not an AnnData, or was opened lazily.
    ValueError
        If it has fewer than two cells, or no genes.
    """
    adata = loaded(given)
    if adata.n_obs < 2:
        raise ValueError(
            f"The AnnData has {count(adata.n_obs, 'cell')}; a transition matrix needs at least two. "
            "Was it filtered down too far?"
        )
    if adata.n_vars == 0:
        raise ValueError("The AnnData has no genes; velocities need some. Was it filtered down too far?")
    return adata


def same_cells(given: object, n_cells: int, names: pd.Index | None) -> AnnData:
    """Return `given` if it is an AnnData of the cells that a kernel has.

    Parameters
    ----------
    given
        What is to take the place of the kernel's AnnData.
    n_cells, names
        Of the kernel; None takes any names.

    Raises
    ------
    TypeError, ValueError
        If it is no AnnData, or of other cells, or of the same in another order.
    """
    adata = checked_adata(given)
    if adata.n_obs != n_cells:
        raise ValueError(f"The kernel has {count(n_cells, 'cell')}, and the AnnData has {adata.n_obs:,}.")
    differ = np.flatnonzero(adata.obs_names != names) if names is not None else np.zeros(0, dtype=int)
    if names is not None and differ.size:
        raise ValueError(
            f"The AnnData has other cells than the kernel, or in another order: number {differ[0]} is "
            f"{str(names[differ[0]])!r} in the kernel and {str(adata.obs_names[differ[0]])!r} in the AnnData. "
            "Reorder it with `adata[kernel.adata.obs_names]`."
        )
    return adata


def read_velocity(
    adata: AnnData,
    vkey: str | None = "velocity",
    xkey: str | None = "Ms",
    gene_subset: GeneSubset = None,
    attr: str = "layers",
) -> VelocityData:
    """Read expression and velocity of the genes in use.

    Parameters
    ----------
    adata
        Annotated data.
    vkey, xkey
        Layers of velocity and expression; ``None`` or ``'X'`` is ``adata.X``.
    gene_subset
        As for :class:`velowidget.VelocityKernel`. Cells that are NaN in all of these have zero velocity, and a note
        says so; genes with a NaN velocity in any other cell are left out.
    attr
        ``'layers'``; or ``'obsm'``, of which `vkey` and `xkey` are keys then, all columns in use.

    Returns
    -------
    The data, float32 where both layers are, float64 otherwise.

    Raises
    ------
    KeyError
        If there is no such layer or column.
    TypeError, ValueError
        If they hold no real numbers, do not fit each other, or have no gene or cell to compute with.
    """
    velocity, of_v = _stored(adata, attr, "vkey", vkey)
    expression, of_x = _stored(adata, attr, "xkey", xkey)
    if attr == "obsm" and gene_subset is not None:
        raise ValueError("gene_subset chooses genes, and attr='obsm' has none: leave it out, or make a smaller array.")
    if velocity.shape != expression.shape:
        raise _other_shape(of_v, velocity.shape, of_x, expression.shape)
    if attr == "obsm":
        genes, notes = np.ones(velocity.shape[1], dtype=bool), list[str]()
    else:
        genes, notes = gene_mask(adata, vkey, gene_subset)
    v = _columns(velocity, genes, of_v)
    still = unplaced = np.zeros(adata.n_obs, dtype=bool)
    if not _has_finite_sum(v):
        still, with_nan = empty_cells(v)
        if still.all():
            raise ValueError(
                f"No gene is left: the {of_v} holds NaN for each of the {count(v.shape[1], 'gene')} in use, in every "
                f"cell. Compute velocities with `{MAKE_VELOCITY}`, or choose others with `gene_subset`."
            )
        if with_nan.all():
            raise no_gene_left(adata, v, of_v)
        if with_nan.any():
            notes.append(
                f"{count(int(with_nan.sum()), 'gene')} of {len(with_nan):,} left out: the {of_v} holds NaN for them."
            )
            genes = genes.copy()
            genes[np.flatnonzero(genes)[with_nan]] = False
            v = _columns(velocity, genes, of_v)
        v = zeroed(v, still)
        _check_finite(adata, attr, v, genes, of_v)
    x = _columns(expression, genes, of_x)
    if not _has_finite_sum(x):
        unplaced, _ = empty_cells(x)
        if unplaced.all():
            raise ValueError(f"The {of_x} holds NaN in every cell and gene in use. Make it with `{MAKE_MOMENTS}`.")
        x, v = zeroed(x, unplaced), zeroed(v, unplaced)
        _check_finite(adata, attr, x, genes, of_x)
    if (still & ~unplaced).any():
        notes.append(note_on_velocity(adata, still & ~unplaced, of_v))
    if unplaced.any():
        notes.append(note_on_expression(adata, unplaced, of_x))
    dtype = np.result_type(x, v)
    return VelocityData(
        *(_frozen(x, dtype), _frozen(v, dtype), genes, tuple(notes), vkey, xkey, attr),
        placed=~unplaced if unplaced.any() else None,
    )


def usable_layers(adata: AnnData, attr: str) -> list[str]:
    """Keys that `vkey` and `xkey` can be: arrays of real numbers, of layers the right shape; ``'X'`` is ``adata.X``."""
    keys = [key for key in entries(adata, attr) if _serves(adata, attr, key)]
    return [*keys, *(["X"] if attr == "layers" and "X" not in keys and _serves(adata, attr, "X") else [])]


def check_layer(adata: AnnData, attr: str, argument: str, key: str, other: str) -> None:
    """Raise what `read_velocity` would, as far as it can be told without reading.

    Parameters
    ----------
    adata, attr
        As for `read_velocity`.
    argument, key
        ``'vkey'`` or ``'xkey'``, and its value.
    other
        The value of the other of them: if there is such an array, it must have the same shape.
    """
    array, what = _stored(adata, attr, argument, key)
    if not _holds_numbers(array):
        raise TypeError(f"The {what} holds {array.dtype} values, not real numbers.")
    with contextlib.suppress(KeyError):
        second, of_second = _stored(adata, attr, "xkey" if argument == "vkey" else "vkey", other)
        if array.shape != second.shape:
            raise _other_shape(what, array.shape, of_second, second.shape)


def _serves(adata: AnnData, attr: str, key: str) -> bool:
    try:
        return _holds_numbers(_stored(adata, attr, "vkey", key)[0])
    except (KeyError, ValueError):
        return False


def _holds_numbers(array: Any) -> bool:
    dtypes = array.dtypes if isinstance(array, pd.DataFrame) else [getattr(array, "dtype", None)]
    return all(dtype is None or is_real(dtype) for dtype in dtypes)


def _other_shape(what: str, shape: tuple[int, ...], other: str, of_other: tuple[int, ...]) -> ValueError:
    return ValueError(f"The {what} has shape {shape} and the {other} {of_other}; both need the same columns.")


def read_gene(adata: AnnData, key: str | None, gene: int) -> NDArray[np.floating]:
    """One column of a layer, or of ``adata.X``, shape (n_cells,), NaN where missing."""
    genes = np.zeros(adata.n_vars, dtype=bool)
    genes[gene] = True
    stored, where = _stored(adata, "layers", "xkey", key)
    return _columns(stored, genes, where).ravel()


def recorded(adata: AnnData, key: str) -> dict[str, Any]:
    """What ``adata.uns`` says of a kernel's ``adata.obsp[key]``, a copy; empty where there is nothing.

    Raises
    ------
    TypeError
        If it is something else than kernels write.
    """
    record = adata.uns.get(f"{key}_params", {})
    if isinstance(record, Mapping) and all(isinstance(record.get(part, {}), Mapping) for part in ("params", "init")):
        return dict(record)
    raise TypeError(
        f"adata.uns[{f'{key}_params'!r}] is {shown(record)}, which is no record of a kernel. "
        "Remove it, or use another key."
    )


def real_array(stored: Any, what: str) -> NDArray[np.floating]:
    """Numbers as they are found in an AnnData, as a dense array.

    Parameters
    ----------
    stored
        An array, a sparse matrix, a masked array, a data frame, or a Dask array of any of these.
    what
        Names it in errors.

    Returns
    -------
    float32 or float64, the stored array itself where it is one of these; NaN where entries are masked or missing.

    Raises
    ------
    TypeError
        If it holds anything but real numbers.
    """
    stored = in_memory(stored)
    if isinstance(stored, pd.DataFrame):
        numbers = all(is_real(dtype) for dtype in stored.dtypes)
        stored = stored.to_numpy(np.float64, na_value=np.nan) if numbers else stored.to_numpy()
    if sp.issparse(stored):
        stored = stored.toarray()
    mask = np.ma.getmaskarray(stored) if isinstance(stored, np.ma.MaskedArray) else None
    dense = np.asarray(stored)
    if dense.dtype.kind not in "fiub":
        raise TypeError(
            f"The {what} holds {dense.dtype} values, not real numbers. "
            "Convert it with `.astype('float32')` if it can be."
        )
    if dense.dtype not in (np.float32, np.float64):
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is reported as such
            dense = dense.astype(np.float32 if dense.dtype.itemsize < 4 else np.float64)
    return dense if mask is None else np.where(mask, np.nan, dense)


def is_real(dtype: object) -> bool:
    """Whether values of a type, of NumPy or pandas, are real numbers (or true and false)."""
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)


def _stored(adata: AnnData, attr: str, argument: str, key: str | None) -> tuple[Any, str]:
    """What is stored under a key, with one row for each cell; and its name in messages."""
    what, call = {
        "vkey": ("velocity", MAKE_VELOCITY),
        "xkey": ("expression", MAKE_MOMENTS),
    }[argument]
    if key is None or key == "X":
        if adata.X is None:
            raise MissingKeyError(f"No {what}: adata.X is empty. Make a layer with `{call}` and name it.")
        return of_shape(adata.X, (adata.n_obs, adata.n_vars), "adata.X"), f"{what} in adata.X"
    there = entries(adata, attr)
    if key not in there:
        make = f"Make it with `{call}`, or name another layer" if attr == "layers" else "Name another array"
        raise MissingKeyError(
            f"No {what}: adata.{attr} has no {shown(key)}{nearest(key, there)} {make} with `{argument}`."
        )
    if attr == "layers":
        return of_shape(there[key], (adata.n_obs, adata.n_vars), f"The layer {key!r}"), f"{what} layer {key!r}"
    where = f"adata.obsm[{key!r}]"
    shape = shape_of(there[key])
    if len(shape) != 2 or shape[0] != adata.n_obs or not shape[1]:
        raise ValueError(f"{where} has shape {shape}; it needs two dimensions, {adata.n_obs} rows, and columns.")
    return there[key], f"{what} {where}"


def _columns(stored: Any, genes: NDArray[np.bool_], what: str) -> NDArray[np.floating]:
    """The chosen columns as float32 or float64; the stored array itself where possible."""
    if hasattr(stored, "to_memory"):  # sparse, and in a file, where columns cannot be chosen
        stored = stored.to_memory()
    return real_array(stored if genes.all() else stored[:, np.flatnonzero(genes)], what)


def _check_finite(adata: AnnData, attr: str, values: NDArray[np.floating], genes: NDArray[np.bool_], what: str) -> None:
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    cell, place = np.argwhere(bad)[0]
    column = np.flatnonzero(genes)[place]
    where, remedy = f"column {column}", "Compute it again, or leave such columns out."
    if attr == "layers":
        where = f"gene {str(adata.var_names[column])!r}"
        remedy = "Compute the layer again, or leave such genes out with `gene_subset`."
    raise ValueError(
        f"The {what} is NaN or infinite in {count(int(bad.sum()), 'place')}, the first for cell "
        f"{str(adata.obs_names[cell])!r} and {where}. {remedy}"
    )


def _has_finite_sum(values: NDArray[np.floating]) -> bool:
    """Whether all values are finite for sure: a sum costs no mask, and only a suspicious one is worth a closer look."""
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(values.sum()))


def _frozen(values: NDArray[np.floating], dtype: np.dtype) -> NDArray[np.floating]:
    return read_only(np.ascontiguousarray(values, dtype=dtype).view())


def read_only(values: NDArray[Any]) -> NDArray[Any]:
    """The array itself, which cannot be written to from now on."""
    values.flags.writeable = False
    return values


def plain(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they were before a file made NumPy's numbers of Python's."""
    return {
        name: plain(value) if isinstance(value, Mapping) else value.item() if isinstance(value, np.generic) else value
        for name, value in stored.items()
    }


def numbered(n_cells: int) -> AnnData:
    """An AnnData of cells of which nothing is known but their number."""
    return AnnData(np.zeros((n_cells, 1), dtype=np.float32))
