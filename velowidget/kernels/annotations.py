"""What the faces read from an AnnData besides the kernel's own data: embeddings, cell annotations, single genes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.kernels.arguments import checked_text
from velowidget.kernels.colors import read_colors
from velowidget.kernels.data import is_real, read_gene, real_array
from velowidget.kernels.entries import entries
from velowidget.kernels.messages import MissingKeyError, nearest

_PREFERRED_BASES = ("umap", "tsne", "draw_graph_fa", "phate", "force_directed", "pca")
_MAX_CATEGORIES = 10_000
# Beyond these extents of an embedding, squared distances leave the range of float64.
_LARGEST, _SMALLEST = 1e100, 1e-100


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
        Names, in the column's order.
    stored_colors
        Those of ``adata.uns[f'{key}_colors']``, see :func:`velowidget.kernels.colors.read_colors`: ``'#rrggbb'``, None
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


@dataclass(frozen=True, eq=False)
class ContinuousAnnotation:
    """One number per cell.

    Attributes
    ----------
    key, source
        Its name, and ``'obs'`` or ``'gene'``.
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


def bases(adata: AnnData) -> list[str]:
    """Names of the embeddings, without ``X_``, the one to show first in front.

    An embedding is a numeric entry of ``adata.obsm`` with two columns or more. Where any key starts with ``X_``, only
    those count: other entries, such as projected velocities, are not embeddings.
    """
    try:
        obsm = entries(adata, "obsm")
    except ValueError:  # damaged: `read_embedding` says so
        return []
    wide = [k for k, v in obsm.items() if _is_wide(v) and v.shape[0] == adata.n_obs]
    named = [k.removeprefix("X_") for k in wide if k.startswith("X_")] or wide
    rank = {name: i for i, name in enumerate(_PREFERRED_BASES)}
    return sorted(named, key=lambda name: rank.get(name, len(rank)))


def read_embedding(adata: AnnData, basis: str) -> NDArray[np.float64]:
    """Positions of the cells on an embedding.

    Parameters
    ----------
    adata
        Annotated data.
    basis
        Key in ``adata.obsm``, with or without ``X_``.

    Returns
    -------
    float64, shape (n_cells, n_dims), read-only; rows with any NaN or infinite coordinate are NaN throughout.
    """
    name = checked_text("basis", basis).removeprefix("X_")
    obsm = entries(adata, "obsm")
    key = next((k for k in (f"X_{name}", basis) if k in obsm), None)
    if key is None:
        raise MissingKeyError(
            f"No embedding {basis!r}: adata.obsm has neither 'X_{name}' nor {basis!r}{nearest(name, bases(adata))} "
            f"Make one with `scanpy.tl.{name if name in ('tsne', 'diffmap') else 'umap'}(adata)`."
        )
    dense = real_array(obsm[key], f"embedding adata.obsm[{key!r}]")
    if dense.ndim != 2 or dense.shape[1] < 2 or dense.shape[0] != adata.n_obs:
        raise ValueError(
            f"The embedding adata.obsm[{key!r}] has shape {dense.shape}; "
            f"it needs {adata.n_obs} rows and at least two columns."
        )
    positions = dense.astype(np.float64)
    positions[~np.isfinite(positions).all(axis=1)] = np.nan
    if np.isnan(positions).all():
        raise ValueError(
            f"The embedding adata.obsm[{key!r}] has no cell with finite coordinates. "
            "Make it again with `scanpy.tl.umap(adata)`."
        )
    spread = float((np.nanmax(positions, axis=0) / 2 - np.nanmin(positions, axis=0) / 2).max())
    if spread and not _SMALLEST < spread < _LARGEST:
        raise ValueError(
            f"The embedding adata.obsm[{key!r}] has coordinates spread over {2 * spread:.0e}, outside of what can be "
            "computed with. Rescale it."
        )
    positions.flags.writeable = False
    return positions


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
        A column of ``adata.obs``, else a gene; ``'obs:NAME'`` and ``'gene:NAME'`` decide, and ``'LAYER:NAME'`` is a
        gene in a layer of its own.
    layer
        Where genes are read: a key of ``adata.layers``, or ``'X'``; by default ``adata.X``, else layer ``'Ms'``, else
        ``'spliced'``.
    """
    kind, _, name = checked_text("color", color).partition(":")
    if color in adata.obs or color in adata.var_names:
        kind, name = "", color
    elif kind not in ("obs", "gene"):
        if name in adata.var_names:
            return ContinuousAnnotation(name, "gene", *_gene(adata, name, kind))
        kind, name = "", color
    if kind != "gene" and name in adata.obs:
        return _annotate(adata, name)
    if kind != "obs" and name in adata.var_names:
        return ContinuousAnnotation(name, "gene", *_gene(adata, name, layer))
    among = {"obs": list(adata.obs.columns), "gene": list(adata.var_names)}.get(
        kind, [*adata.obs.columns, *adata.var_names]
    )
    where = {"obs": "adata.obs has no column", "gene": "adata.var_names has no gene"}.get(
        kind, "neither a column of adata.obs nor a gene is called"
    )
    raise MissingKeyError(f"Nothing to colour by: {where} {name!r}{nearest(name, among)}")


def find_genes(adata: AnnData, query: str, limit: int) -> tuple[list[str], int]:
    """Genes whose name contains `query`, whatever the case, those that start with it first; and how many more."""
    folded = query.casefold()
    hits = [g for g in map(str, adata.var_names) if folded in g.casefold()]
    hits.sort(key=lambda g: (not g.casefold().startswith(folded), len(g), g))
    return hits[:limit], max(0, len(hits) - limit)


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


def _gene(adata: AnnData, name: str, layer: str | None) -> tuple[NDArray[np.float64], str]:
    """A gene's values, and the layer that they are from."""
    where = np.flatnonzero(adata.var_names == name)
    if len(where) > 1:
        raise ValueError(
            f"{len(where)} genes are called {name!r}; make names unique with `adata.var_names_make_unique()`."
        )
    known = {"X": adata.X, **entries(adata, "layers")}
    key = layer or next((key for key in ("X", "Ms", "spliced") if known.get(key) is not None), None)
    if key is None:
        raise MissingKeyError(f"No expression to show for gene {name!r}: adata.X is empty and there is no layer 'Ms'.")
    if known.get(key) is None:
        there = color_layers(adata)
        raise MissingKeyError(f"Nothing to colour {name!r} by: adata.layers has no {key!r}{nearest(key, there)}")
    values = read_gene(adata, key, where[0]).astype(np.float64)
    return np.where(np.isfinite(values), values, np.nan), key


def _is_wide(stored: Any) -> bool:
    if not (isinstance(stored, np.ndarray | pd.DataFrame) or sp.issparse(stored)):
        return False
    dtypes = stored.dtypes if isinstance(stored, pd.DataFrame) else [stored.dtype]
    return stored.ndim == 2 and stored.shape[1] >= 2 and all(is_real(dtype) for dtype in dtypes)


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
