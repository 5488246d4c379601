"""What a velocity kernel reads from an AnnData: layers and graph, checked, never changed.

Every problem becomes one error that says what is wrong, where, and which call makes it right.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.graph import Graph


class MissingKeyError(KeyError):
    """A key that the data do not have; reads as its message, not as a quoted key."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


@dataclass(frozen=True, eq=False)
class VelocityData:
    """Expression and velocity of the genes in use.

    Attributes
    ----------
    x, v
        float32 or float64 alike, C-contiguous, read-only, shape (n_cells, n_genes).
    genes
        bool, shape (n_vars,): the genes in use.
    notes
        What a user should know about how the data were read.
    vkey, xkey
        Layers that velocity and expression came from; None is ``adata.X``.
    """

    x: NDArray[np.floating]
    v: NDArray[np.floating]
    genes: NDArray[np.bool_]
    notes: tuple[str, ...]
    vkey: str | None = "velocity"
    xkey: str | None = "Ms"


def checked_adata(adata: object) -> AnnData:
    """Return `adata` if it is an AnnData with at least two cells.

    Raises
    ------
    TypeError
        If it is not an AnnData.
    ValueError
        If it has fewer than two cells, or no genes.
    """
    if not isinstance(adata, AnnData):
        raise TypeError(
            f"Expected an AnnData, got {type(adata).__name__}. Read a file with `anndata.read_h5ad(path)`, "
            "or try `velowidget.datasets.bifurcation()`."
        )
    if adata.n_obs < 2:
        raise ValueError(
            f"The AnnData has {_count(adata.n_obs, 'cell')}; a transition matrix needs at least two. "
            "Was it filtered down too far?"
        )
    if adata.n_vars == 0:
        raise ValueError("The AnnData has no genes; velocities need some. Was it filtered down too far?")
    return adata


def read_velocity(
    adata: AnnData,
    vkey: str | None = "velocity",
    xkey: str | None = "Ms",
    gene_subset: str | Sequence[str] | NDArray[np.bool_] | None = None,
) -> VelocityData:
    """Read expression and velocity of the genes in use.

    Parameters
    ----------
    adata
        Annotated data.
    vkey, xkey
        Layers of velocity and expression; ``None`` or ``'X'`` is ``adata.X``.
    gene_subset
        Names, a mask over genes, or a boolean column of ``adata.var``; by default ``adata.var[f'{vkey}_genes']``
        where that exists, else all genes. Genes with a NaN velocity in any cell are left out.

    Returns
    -------
    The data, float32 where both layers are, float64 otherwise.
    """
    velocity = _layer(adata, vkey, "velocity", "scvelo.tl.velocity(adata)")
    expression = _layer(adata, xkey, "expression", "scvelo.pp.moments(adata)")
    genes, notes = _gene_mask(adata, vkey, gene_subset)
    of_v, of_x = _place("velocity", vkey), _place("expression", xkey)
    v = _columns(velocity, genes, of_v)
    with_nan = np.isnan(v).any(axis=0)
    if with_nan.any():
        notes.append(
            f"{_count(int(with_nan.sum()), 'gene')} of {len(with_nan):,} left out: the {of_v} holds NaN for them."
        )
        genes = genes.copy()
        genes[np.flatnonzero(genes)[with_nan]] = False
        if not genes.any():
            raise ValueError(
                f"No gene is left: the {of_v} holds NaN for each of the {_count(len(with_nan), 'gene')} in use. "
                "Compute velocities with `scvelo.tl.velocity(adata)`, or choose others with `gene_subset`."
            )
        v = _columns(velocity, genes, of_v)
    x = _columns(expression, genes, of_x)
    _check_finite(adata, v, genes, of_v)
    _check_finite(adata, x, genes, of_x)
    dtype = np.result_type(x, v)
    return VelocityData(_frozen(x, dtype), _frozen(v, dtype), genes, tuple(notes), vkey, xkey)


def read_gene(adata: AnnData, key: str | None, gene: int) -> NDArray[np.floating]:
    """One column of a layer, or of ``adata.X``, shape (n_cells,), NaN where missing."""
    genes = np.zeros(adata.n_vars, dtype=bool)
    genes[gene] = True
    stored = _layer(adata, key, "expression", "scvelo.pp.moments(adata)")
    return _columns(stored, genes, _place("expression", key)).ravel()


def read_graph(adata: AnnData, conn_key: str = "connectivities") -> tuple[Graph, tuple[str, ...]]:
    """Read the neighbour graph from ``adata.obsp``.

    Parameters
    ----------
    adata
        Annotated data.
    conn_key
        Key in ``adata.obsp``, or the ``key_added`` given to :func:`scanpy.pp.neighbors`.

    Returns
    -------
    The pattern of stored entries, and notes for the user.
    """
    obsp = entries(adata, "obsp")
    candidates = (conn_key, f"{conn_key}_connectivities")
    key = next((c for c in candidates if c in obsp), None)
    if key is None:
        raise MissingKeyError(
            f"No neighbour graph: adata.obsp has no {conn_key!r}{nearest(conn_key, obsp)} "
            "Make one with `scanpy.pp.neighbors(adata)`, or name another with `conn_key`."
        )
    what, remedy = f"The neighbour graph adata.obsp[{key!r}]", "Make one with `scanpy.pp.neighbors(adata)`."
    stored = _of_shape(obsp[key], (adata.n_obs, adata.n_obs), what)
    if stored.dtype.kind not in "fiub":
        raise TypeError(f"{what} holds {stored.dtype} values, not real numbers. {remedy}")
    if sp.issparse(stored):
        weights, pattern = stored.data, _pattern(stored, what, remedy)
    else:
        dense = np.asarray(np.ma.filled(stored, 0))
        weights, pattern = dense[dense != 0], sp.csr_matrix(dense != 0)
    notes = []
    bad, negative = int((~np.isfinite(weights)).sum()), int((weights < 0).sum())
    if bad:
        raise ValueError(f"{what} is NaN or infinite in {_count(bad, 'place')}. {remedy}")
    if negative:
        notes.append(
            f"{what} has {_count(negative, 'negative weight')}; "
            "a velocity kernel uses only who is whose neighbour, not the weights."
        )
    if pattern.nnz == 0:
        raise ValueError(f"{what} has no edges. {remedy}")
    indptr = _read_only(pattern.indptr.astype(np.int64))
    indices = _read_only(pattern.indices.astype(np.int32))
    return Graph(indptr, indices), tuple(notes)


def entries(adata: AnnData, store: str) -> Mapping[str, Any]:
    """The ``layers``, ``obsm`` or ``obsp`` of an AnnData.

    Raises
    ------
    ValueError
        If one of the entries does not fit, so that AnnData gives out none of them.
    """
    try:
        mapping: Mapping[str, Any] = getattr(adata, store)
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f"adata.{store} is damaged, and AnnData refuses to open it: {error} "
            "Read the file again, or make a new AnnData without the entry that does not fit."
        ) from error
    return mapping


def real_array(stored: Any, what: str) -> NDArray[np.floating]:
    """Numbers as they are found in an AnnData, as a dense array.

    Parameters
    ----------
    stored
        An array, a sparse matrix, a masked array or a data frame.
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


def nearest(name: object, names: Iterable[object]) -> str:
    """The end of an error's sentence about an unknown name: the nearest known one, or what there is."""
    known = [str(n) for n in names]
    folded = {n.casefold(): n for n in reversed(known)}
    close = difflib.get_close_matches(str(name).casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"; did you mean {folded[close[0]]!r}?"
    if not known:
        return "; there are none."
    listed = ", ".join(repr(n) for n in known[:8])
    return f"; there are {listed}{', ...' if len(known) > 8 else '.'}"


def name_cells(adata: AnnData, cells: NDArray[np.integer]) -> str:
    """The names of some cells for a message: a few of them, and how many more."""
    names = ", ".join(repr(str(adata.obs_names[i])) for i in cells[:5])
    return f"{names}{f' and {len(cells) - 5} more' if len(cells) > 5 else ''}"


def _layer(adata: AnnData, key: str | None, what: str, call: str) -> Any:
    if key is None or key == "X":
        if adata.X is None:
            raise MissingKeyError(f"No {what}: adata.X is empty. Make a layer with `{call}` and name it.")
        return _of_shape(adata.X, (adata.n_obs, adata.n_vars), "adata.X")
    layers = entries(adata, "layers")
    if key not in layers:
        raise MissingKeyError(
            f"No {what}: adata.layers has no {key!r}{nearest(key, layers)} "
            f"Make it with `{call}`, or name another layer with `{'vkey' if what == 'velocity' else 'xkey'}`."
        )
    return _of_shape(layers[key], (adata.n_obs, adata.n_vars), f"The layer {key!r}")


def _place(what: str, key: str | None) -> str:
    return f"{what} in adata.X" if key is None or key == "X" else f"{what} layer {key!r}"


def _of_shape(stored: Any, shape: tuple[int, int], what: str) -> Any:
    if tuple(stored.shape) != shape:
        raise ValueError(
            f"{what} has shape {tuple(stored.shape)} where {shape} is expected. Store it again with the right shape."
        )
    return stored


def _pattern(stored: Any, what: str, remedy: str) -> sp.csr_matrix:
    """The stored entries of a CSR or CSC matrix, zeros included, each once and in order; nothing of it is changed."""
    layout = sp.csr_matrix if stored.format == "csr" else sp.csc_matrix
    ones = np.ones(len(stored.indices), dtype=np.int8)  # SciPy cannot convert every type of weight
    try:
        matrix = layout((ones, stored.indices, stored.indptr), shape=stored.shape, copy=True)
        matrix.check_format(full_check=True)
    except ValueError as error:  # compiled code would read past the end of an array
        raise ValueError(f"{what} is damaged: its indices do not fit its shape. {remedy}") from error
    matrix = matrix.tocsr()
    matrix.sum_duplicates()
    return matrix


def _gene_mask(
    adata: AnnData, vkey: str | None, gene_subset: str | Sequence[str] | NDArray[np.bool_] | None
) -> tuple[NDArray[np.bool_], list[str]]:
    notes: list[str] = []
    if gene_subset is None:
        column = f"{vkey}_genes"
        if vkey is None or column not in adata.var:
            return np.ones(adata.n_vars, dtype=bool), notes
        mask, source = _as_mask(adata.var[column], column), f"adata.var[{column!r}]"
    elif isinstance(gene_subset, str):
        if gene_subset not in adata.var:
            raise MissingKeyError(
                f"gene_subset: adata.var has no column {gene_subset!r}{nearest(gene_subset, adata.var.columns)} "
                "Give the name of a boolean column, a list of gene names, or a mask."
            )
        mask, source = _as_mask(adata.var[gene_subset], gene_subset), f"adata.var[{gene_subset!r}]"
    else:
        given = _names_or_mask(gene_subset)
        if given.dtype == bool:
            if len(given) != adata.n_vars:
                raise ValueError(
                    f"gene_subset: a mask needs one entry for each of {adata.n_vars:,} genes, "
                    f"and this one has {len(given):,}."
                )
            mask, source = given.copy(), "the mask gene_subset"
        elif given.dtype.kind == "U":
            names = given
            mask, source = np.asarray(adata.var_names.isin(names)), "the names in gene_subset"
            unknown = sorted(set(names.tolist()) - set(adata.var_names))
            if unknown and mask.any():
                notes.append(
                    f"gene_subset: {_count(len(unknown), 'name')} not among the genes, {unknown[0]!r} for one"
                    f"{nearest(unknown[0], adata.var_names)}"
                )
        else:
            raise TypeError(
                "gene_subset must be gene names, a boolean mask over genes or the name of a column of adata.var, "
                f"not {reprlib.repr(gene_subset)}."
            )
    if not mask.any():
        raise ValueError(
            f"No gene is left: {source} chose none of {adata.n_vars:,}. "
            "Choose genes with `gene_subset`, or run `scvelo.tl.velocity(adata)` again."
        )
    return mask, notes


def _names_or_mask(given: object) -> NDArray[Any]:
    """What a list, set, index or column of names or booleans holds, as an array of str or bool; others as they are."""
    iterable = isinstance(given, Iterable) and not (isinstance(given, np.ndarray) and given.ndim == 0)
    entries = list(given) if iterable else [given]  # type: ignore[call-overload]
    if all(isinstance(entry, str) for entry in entries):
        return np.array(entries, dtype=str)
    missing = [pd.api.types.is_scalar(entry) and pd.isna(entry) for entry in entries]
    if all(isinstance(entry, bool | np.bool_) or gap for entry, gap in zip(entries, missing, strict=True)):
        return np.array([not gap and bool(entry) for entry, gap in zip(entries, missing, strict=True)])
    return np.array(entries, dtype=object)


def _as_mask(column: pd.Series | pd.DataFrame, name: str) -> NDArray[np.bool_]:
    """A column of ``adata.var`` as a mask, as files really store it: booleans, 0 and 1, words, with gaps."""
    if isinstance(column, pd.DataFrame):
        raise ValueError(f"adata.var has several columns called {name!r}; rename all but one.")
    words = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}
    missing = column.isna().to_numpy()
    lowered = column.astype(object).where(~missing, False).astype(str).str.strip().str.lower()
    unknown = sorted(set(lowered) - set(words))
    if unknown:
        raise TypeError(
            f"adata.var[{name!r}] must say true or false for each gene, and holds {unknown[0]!r}. "
            "Make it boolean, or choose genes with `gene_subset`."
        )
    return np.asarray(lowered.map(words), dtype=bool)


def _columns(stored: Any, genes: NDArray[np.bool_], what: str) -> NDArray[np.floating]:
    """The chosen columns as float32 or float64; the stored array itself where possible."""
    if hasattr(stored, "to_memory"):  # sparse, and in a file
        stored = stored.to_memory()
    return real_array(stored if genes.all() else stored[:, np.flatnonzero(genes)], what)


def _check_finite(adata: AnnData, values: NDArray[np.floating], genes: NDArray[np.bool_], what: str) -> None:
    # A sum is finite if all values are, and costs no mask; only a suspicious one is looked at closely.
    with np.errstate(invalid="ignore", over="ignore"):
        total = values.sum(dtype=np.float64)
    if np.isfinite(total):
        return
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    cell, gene = np.argwhere(bad)[0]
    raise ValueError(
        f"The {what} is NaN or infinite in {_count(int(bad.sum()), 'place')}, the first for cell "
        f"{str(adata.obs_names[cell])!r} and gene {str(adata.var_names[np.flatnonzero(genes)[gene]])!r}. "
        "Compute the layer again, or leave such genes out with `gene_subset`."
    )


def _frozen(values: NDArray[np.floating], dtype: np.dtype) -> NDArray[np.floating]:
    return _read_only(np.ascontiguousarray(values, dtype=dtype).view())


def _read_only(values: NDArray[Any]) -> NDArray[Any]:
    values.flags.writeable = False
    return values


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
