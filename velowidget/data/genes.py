"""Which genes a velocity kernel uses, as users and files say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.arguments import checked_count
from velowidget.data.gene_names import genes_of, known_names
from velowidget.data.messages import MAKE_VELOCITY, MissingKeyError, count, nearest, shown

GeneSubset = str | Mapping[str, int] | Sequence[str] | NDArray[np.bool_] | None
"""The forms of `gene_subset`, see :class:`velowidget.VelocityKernel`."""

ALL = "all"

_MAKES = {
    "fit_likelihood": "scvelo.tl.recover_dynamics(adata)",
    "velocity_r2": MAKE_VELOCITY,
    "highly_variable": "scanpy.pp.highly_variable_genes(adata)",
}
"""Columns of ``adata.var`` that are often used to choose genes, and the calls that make them."""


def gene_mask(adata: AnnData, vkey: str | None, gene_subset: GeneSubset) -> tuple[NDArray[np.bool_], list[str]]:
    """The genes in use, bool of shape (n_vars,), and notes for the user; see :func:`read_velocity`."""
    notes: list[str] = []
    if gene_subset is None:
        column = f"{vkey}_genes"
        if vkey is None or column not in adata.var:
            return np.ones(adata.n_vars, dtype=bool), notes
        mask, source = _as_mask(adata.var[column], column), f"adata.var[{column!r}]"
    elif isinstance(gene_subset, str) and gene_subset == ALL and ALL not in adata.var:
        return np.ones(adata.n_vars, dtype=bool), notes
    elif isinstance(gene_subset, str):
        column = _column(adata, gene_subset, "Give the name of a boolean column, 'all', a list of genes, or a mask.")
        mask, source = _as_mask(column, gene_subset), f"adata.var[{gene_subset!r}]"
    elif isinstance(gene_subset, Mapping) and any(number is not None for number in gene_subset.values()):
        mask, notes = _largest(adata, gene_subset)
        source = f"gene_subset={dict(gene_subset)!r}"
    elif isinstance(gene_subset, pd.DataFrame):
        columns = ", ".join(map(repr, gene_subset.columns[:5]))
        raise TypeError(f"gene_subset is a table; give one of its columns ({columns}), or its index.")
    else:
        given = _names_or_mask(_in_order(gene_subset, adata.var_names))
        if given.dtype == bool:
            if len(given) != adata.n_vars:
                raise ValueError(
                    f"gene_subset: a mask needs one entry for each of {adata.n_vars:,} genes, "
                    f"and this one has {len(given):,}."
                )
            mask, source = given.copy(), "the mask gene_subset"
        elif given.dtype.kind == "U":
            mask, unknown = genes_of(adata, given.tolist())
            source = "the names in gene_subset"
            if unknown and mask.any():
                notes.append(
                    f"gene_subset: {count(len(unknown), 'name')} not among the genes, {shown(unknown[0])} for one"
                    f"{nearest(unknown[0], known_names(adata))}"
                )
        else:
            raise TypeError(
                "gene_subset must be gene names, a boolean mask over genes, the name of a column of adata.var, "
                "'all', or a column with a number of genes such as {'fit_likelihood': 500}, "
                f"not {shown(gene_subset)}."
            )
    if not mask.any():
        raise ValueError(
            f"No gene is left: {source} chose none of {adata.n_vars:,}. "
            f"Choose genes with `gene_subset`, or run `{MAKE_VELOCITY}` again."
        )
    return mask, notes


def gene_columns(adata: AnnData) -> tuple[list[str], list[str]]:
    """Columns of ``adata.var`` that genes can be chosen by: those that say true or false, and those of numbers."""
    unique = adata.var.loc[:, ~adata.var.columns.duplicated(keep=False)]
    flags = [str(name) for name in unique if unique[name].dtype == bool]
    numbers = [str(name) for name in unique if _is_numeric(unique[name]) and unique[name].dtype != bool]
    return flags, numbers


def plain_subset(adata: AnnData, vkey: str | None, gene_subset: GeneSubset) -> Any:
    """Any form of `gene_subset` that `gene_mask` takes as values that JSON has, which mean the same genes.

    Returns
    -------
    None, a name, ``{name: number}`` or a list of names; a mask becomes None or ``'all'`` where it means these, else the
    names of its genes, or, where these are not unique, a list of booleans.
    """
    mask, _ = gene_mask(adata, vkey, gene_subset)
    if gene_subset is None or isinstance(gene_subset, str):
        return gene_subset
    if isinstance(gene_subset, Mapping) and all(number is not None for number in gene_subset.values()):
        return {name: int(number) for name, number in gene_subset.items()}
    given = _names_or_mask(gene_subset)
    if given.dtype.kind == "U":
        return given.tolist()
    for simple in (None, ALL):
        if np.array_equal(mask, gene_mask(adata, vkey, simple)[0]):
            return simple
    names = [str(name) for name in adata.var_names[mask]]
    return names if np.array_equal(genes_of(adata, names)[0], mask) else mask.tolist()


def _largest(adata: AnnData, gene_subset: Mapping[str, int]) -> tuple[NDArray[np.bool_], list[str]]:
    """The genes with the largest values of a column; of equal ones, the first. Genes without a value are left out."""
    if len(gene_subset) != 1 or not isinstance(next(iter(gene_subset)), str):
        raise TypeError(
            "gene_subset: give one column of adata.var and how many genes, such as {'fit_likelihood': 500}, "
            f"not {shown(gene_subset)}."
        )
    name, number = next(iter(gene_subset.items()))
    number = checked_count(f"gene_subset: the number of genes by {shown(name)}", number)
    column = _column(adata, name, "Give the name of a numeric column.")
    if isinstance(column, pd.DataFrame):
        raise ValueError(f"adata.var has several columns called {shown(name)}; rename all but one.")
    if not _is_numeric(column):
        raise TypeError(f"gene_subset: adata.var[{name!r}] holds {column.dtype} values, not numbers to rank genes by.")
    values = column.to_numpy(np.float64, na_value=np.nan)
    known = np.flatnonzero(~np.isnan(values))
    chosen = known[np.argsort(-values[known], kind="stable")[:number]]
    mask = np.zeros(adata.n_vars, dtype=bool)
    mask[chosen] = True
    lacking = f"gene_subset: adata.var[{name!r}] has a number for {count(len(known), 'gene')} only, all in use."
    return mask, [lacking] if 0 < len(known) < number else []


def _is_numeric(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype)) and not pd.api.types.is_complex_dtype(column.dtype)


def _column(adata: AnnData, name: str, remedy: str) -> pd.Series | pd.DataFrame:
    if name in adata.var:
        return adata.var[name]
    made = f" `{_MAKES[name]}` makes it." if name in _MAKES else ""
    raise MissingKeyError(
        f"gene_subset: adata.var has no column {shown(name)}{nearest(name, adata.var.columns)}{made} {remedy}"
    )


def _in_order(given: Any, names: pd.Index) -> Any:
    """A column of all genes in their order, by name, whatever it was sorted by; others as they are."""
    if isinstance(given, pd.Series) and given.index.is_unique and set(given.index) == set(names):
        return given[names]
    return given


def _names_or_mask(given: object) -> NDArray[Any]:
    """What a list, set, index or column of names or booleans holds, as an array of str or bool; others as they are."""
    iterable = isinstance(given, Iterable) and not isinstance(given, bytes) and getattr(given, "ndim", 1) > 0
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
    if column.dtype == bool:
        return column.to_numpy()
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
