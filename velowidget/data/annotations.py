"""What the faces read from an AnnData besides the kernel's own data: cell annotations and single genes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.arguments import checked_text
from velowidget.data.colors import read_colors
from velowidget.data.entries import entries
from velowidget.data.gene_names import gene_of, known_names, labels
from velowidget.data.messages import MissingKeyError, nearest, shown
from velowidget.data.velocity import is_real, read_gene

_MAX_CATEGORIES = 10_000


@dataclass(frozen=True, eq=False)
class CategoricalAnnotation:
    """One category per cell.

    Attributes
    ----------
    key, source
        Its name, and ``'obs'``.
    codes
        int32, shape (n_cells,): index into `categories`, -1 where missing.
    categories
        Names, in the column's order; also those that no cell has.
    stored_colors
        Those of ``adata.uns[f'{key}_colors']``, see :func:`velowidget.data.colors.read_colors`: ``'#rrggbb'``, None
        for a category without a usable one; None where nothing is stored.
    note
        What a user should know about how these were read; ``''`` for nothing.
    """

    key: str
    source: str
    codes: NDArray[np.int32]
    categories: tuple[str, ...]
    stored_colors: tuple[str | None, ...] | None
    note: str = ""

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Number of cells of each category."""
        return _counts(self.codes, len(self.categories))

    @property
    def used(self) -> NDArray[np.intp]:
        """Codes of the categories that some cell has, ascending."""
        return np.flatnonzero(self.counts)


@dataclass(frozen=True, eq=False)
class ContinuousAnnotation:
    """One number per cell.

    Attributes
    ----------
    key, source
        Its name, of a gene the symbol where there is one; and ``'obs'`` or ``'gene'``.
    values
        float64, shape (n_cells,): NaN where missing or infinite.
    layer
        Of a gene: the layer that they are from, ``'X'`` for ``adata.X``; else None.
    """

    key: str
    source: str
    values: NDArray[np.float64]
    layer: str | None = None


Annotation = CategoricalAnnotation | ContinuousAnnotation


def columns(adata: AnnData) -> list[str]:
    """Columns of ``adata.obs`` that can colour cells: numbers, or up to 10,000 categories."""
    return [name for name in adata.obs.columns if isinstance(name, str) and _usable(adata.obs[name])]


def default_column(adata: AnnData) -> str | None:
    """The column to colour by unasked: a clustering by name, else few categories, else numbers, else the first."""
    usable = columns(adata)
    for name in ("clusters", "leiden", "louvain", "cell_type", "celltype"):
        if name in usable:
            return name
    numbers = [c for c in usable if _is_numeric(adata.obs[c])]
    few = [c for c in usable if c not in numbers and adata.obs[c].nunique() <= 50]
    return next(iter(few or numbers or usable), None)


def color_layers(adata: AnnData) -> list[str]:
    """Where a gene's colours can come from: ``'X'``, if there is one, and the layers that hold numbers."""
    try:
        layers = entries(adata, "layers")
    except ValueError:  # damaged: `read_velocity` says so
        return []
    stored = {"X": adata.X, **layers}  # newer AnnData list X once more, as None
    return [
        name for name, values in stored.items() if isinstance(name, str) and is_real(getattr(values, "dtype", None))
    ]


def read_annotation(adata: AnnData, color: str, layer: str | None = None) -> Annotation:
    """Read what to colour cells by.

    Parameters
    ----------
    adata
        Annotated data.
    color
        A column of ``adata.obs``, else a gene by its name or symbol (:mod:`velowidget.data.gene_names`);
        ``'obs:NAME'`` and ``'gene:NAME'`` decide, and ``'LAYER:NAME'`` is a gene in a layer of its own.
    layer
        Where genes are read: a key of ``adata.layers``, or ``'X'``; by default ``adata.X``, else layer ``'Ms'``, else
        ``'spliced'``.
    """
    kind, _, name = checked_text("color", color).partition(":")
    if color in adata.obs or color in adata.var_names:
        kind, name = "", color
    elif kind not in ("obs", "gene"):
        gene = gene_of(adata, name)
        if gene is not None:
            return _gene(adata, gene, kind)
        kind, name = "", color
    if kind != "gene" and name in adata.obs:
        return _annotate(adata, name)
    gene = None if kind == "obs" else gene_of(adata, name)
    if gene is not None:
        return _gene(adata, gene, layer)
    where, among = {
        "obs": ("adata.obs has no column", list(adata.obs.columns)),
        "gene": ("adata.var_names has no gene", known_names(adata)),
    }.get(kind, ("neither a column of adata.obs nor a gene is called", [*adata.obs.columns, *known_names(adata)]))
    raise MissingKeyError(f"Nothing to colour by: {where} {shown(name)}{nearest(name, among)}")


def _annotate(adata: AnnData, name: str) -> Annotation:
    column = adata.obs[name]
    if not isinstance(column, pd.Series):
        raise ValueError(f"adata.obs has several columns called {name!r}; rename all but one.")
    if not _usable(column):
        raise ValueError(
            f"adata.obs[{name!r}] cannot colour cells: its {column.dtype} values are neither real numbers nor up to "
            f"{_MAX_CATEGORIES:,} categories. Choose another column."
        )
    if _is_numeric(column):
        with np.errstate(over="ignore"):  # what is too large becomes infinite
            values = pd.to_numeric(column).to_numpy(dtype=np.float64, na_value=np.nan)
        return ContinuousAnnotation(name, "obs", np.where(np.isfinite(values), values, np.nan))
    categorical = column.astype("category").cat
    names = tuple(str(c) for c in categorical.categories)
    codes = categorical.codes.to_numpy().astype(np.int32)
    colors, note = read_colors(adata, name, names, _counts(codes, len(names)) > 0)
    return CategoricalAnnotation(name, "obs", codes, names, colors, note)


def _counts(codes: NDArray[np.int32], n_categories: int) -> NDArray[np.int64]:
    return np.bincount(codes[codes >= 0], minlength=n_categories)


def _gene(adata: AnnData, position: int, layer: str | None) -> ContinuousAnnotation:
    name = labels(adata)[position]
    known = {"X": adata.X, **entries(adata, "layers")}
    key = layer or next((key for key in ("X", "Ms", "spliced") if known.get(key) is not None), None)
    if key is None:
        raise MissingKeyError(f"No expression to show for gene {name!r}: adata.X is empty and there is no layer 'Ms'.")
    if known.get(key) is None:
        there = color_layers(adata)
        raise MissingKeyError(f"Nothing to colour {name!r} by: adata.layers has no {shown(key)}{nearest(key, there)}")
    values = read_gene(adata, key, position).astype(np.float64)
    return ContinuousAnnotation(name, "gene", np.where(np.isfinite(values), values, np.nan), key)


def _is_numeric(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _usable(column: object) -> bool:
    if not isinstance(column, pd.Series):
        return False
    if _is_numeric(column):
        return not pd.api.types.is_complex_dtype(column)
    try:
        return bool(column.nunique() <= _MAX_CATEGORIES)
    except TypeError:  # unhashable objects
        return False
