"""Embeddings of an AnnData: which entries of ``obsm`` they are, their names, and where the cells are on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.arguments import checked_text
from velowidget.data.entries import entries, shape_of
from velowidget.data.messages import MissingKeyError, nearest, shown
from velowidget.data.velocity import is_real, real_array

# Kinds of embeddings by their names, the one to show first in front; others come last.
_KINDS = tuple(
    re.compile(pattern)
    for pattern in (
        "umap",
        "t-?_?sne",
        "draw_graph|force|(^|_)(fa2?|fle|spring)($|_)",
        "phate",
        "pacmap|trimap|densmap|largevis|(^|_)mde($|_)",
        "spatial",
        "pca",
    )
)
# What vectors on an embedding begin with: those of scVelo and dynamo, and of kernels, here and in CellRank.
_VECTORS = ("velocity", "acceleration", "curvature", "T_fwd", "T_bwd")
# Beyond these extents of an embedding, squared distances leave the range of float64.
_LARGEST, _SMALLEST = 1e100, 1e-100


def bases(adata: AnnData) -> list[str]:
    """Names of the embeddings, the one to show first in front.

    An embedding is a numeric entry of ``adata.obsm`` with two columns or more, whatever its key, but for vectors on
    another entry, such as ``'velocity_umap'`` and what `compute_projection` writes. First come UMAPs, t-SNEs,
    force-directed drawings, PHATE and other drawings, then places in a tissue, then PCA, then everything else; within
    a kind, the shortest name first.
    """
    try:
        obsm = entries(adata, "obsm")
    except ValueError:  # damaged: `read_embedding` says so
        return []
    wide = [key for key, stored in obsm.items() if _is_wide(stored, adata.n_obs)]
    names = [_name(obsm, key) for key in wide if not _is_projected(adata, key)]
    return sorted(names, key=lambda name: (kind := _kind(name), len(name) if kind < len(_KINDS) else 0))


def embedding_name(adata: AnnData, basis: str) -> str:
    """What an embedding is called, however it was asked for: its key without ``X_``, unless that is another's key.

    Raises
    ------
    KeyError, ValueError
        If there is none, or capitals would decide which is meant.
    """
    return _name(entries(adata, "obsm"), _key(adata, basis))


def read_embedding(adata: AnnData, basis: str) -> NDArray[np.float64]:
    """Positions of the cells on an embedding.

    Parameters
    ----------
    adata
        Annotated data.
    basis
        Key in ``adata.obsm``, else a key without ``X_``; capitals do not matter if they make no difference.

    Returns
    -------
    float64, shape (n_cells, n_dims), read-only; rows with any NaN or infinite coordinate are NaN throughout.

    Raises
    ------
    KeyError
        If there is no such embedding.
    TypeError, ValueError
        If it holds no positions, or capitals would decide which is meant.
    """
    key = _key(adata, basis)
    dense = real_array(entries(adata, "obsm")[key], f"embedding adata.obsm[{key!r}]")
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


def _key(adata: AnnData, basis: str) -> str:
    """The key in ``adata.obsm`` that is meant: the one that is spelled exactly so comes first."""
    obsm, name = entries(adata, "obsm"), checked_text("basis", basis).removeprefix("X_")
    for key in (basis, f"X_{basis}", name):
        if key in obsm:
            return key
    alike = [key for key in obsm if key.removeprefix("X_").casefold() == name.casefold()] if name else []
    if len(alike) > 1:
        raise ValueError(
            f"Which embedding is {basis!r}? adata.obsm has {' and '.join(map(repr, alike))}. Name one of them exactly."
        )
    if alike:
        return alike[0]
    raise MissingKeyError(
        f"No embedding {shown(basis)}: adata.obsm has neither {shown(f'X_{name}')} nor {shown(basis)}"
        f"{nearest(name, bases(adata))} "
        f"Make one with `scanpy.tl.{name if name in ('tsne', 'diffmap') else 'umap'}(adata)`."
    )


def _name(obsm: Mapping[str, Any], key: str) -> str:
    short = key.removeprefix("X_")
    return key if not short or short in obsm else short


def _kind(name: str) -> int:
    folded = name.casefold()
    return next((i for i, kind in enumerate(_KINDS) if kind.search(folded)), len(_KINDS))


def _is_projected(adata: AnnData, key: str) -> bool:
    """Whether an entry is of vectors on another one: by its name, or by the record of who wrote it."""
    obsm = entries(adata, "obsm")
    for cut in (place.start() for place in re.finditer("_", key)):
        writer, basis = key[:cut], key[cut + 1 :]
        record = adata.uns.get(f"{writer}_params")
        written = isinstance(record, Mapping) and basis in np.ravel(record.get("embeddings", ()))
        if written or (writer.startswith(_VECTORS) and (basis in obsm or f"X_{basis}" in obsm)):
            return True
    return False


def _is_wide(stored: Any, n_cells: int) -> bool:
    shape = shape_of(stored)
    dtypes = stored.dtypes if isinstance(stored, pd.DataFrame) else [getattr(stored, "dtype", object)]
    return len(shape) == 2 and shape[0] == n_cells and shape[1] >= 2 and all(is_real(dtype) for dtype in dtypes)
