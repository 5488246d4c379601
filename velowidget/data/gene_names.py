"""What genes are called: by the names of ``adata.var``, or by the symbols or ids in a column beside them.

A name means the gene of that name in ``adata.var_names``; else the one with that symbol, or with that id. A symbol that
several genes have is written with the name, ``'Symbol (name)'``, which is understood, too.
"""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

# Columns of `adata.var` as scanpy, 10x, CELLxGENE, Seurat and others call them; only the letters count.
_SYMBOLS = (
    *("genesymbols", "genesymbol", "symbol", "symbols", "featurename", "genename", "genenames", "geneshortname"),
    *("hgncsymbol", "mgisymbol"),
)
_IDS = ("geneids", "geneid", "ensemblids", "ensemblid", "ensembl", "ensemblgeneid", "featureid")

# Genes that an error about a symbol lists.
_MOST_LISTED = 5

Names = NDArray[np.object_]


def labels(adata: AnnData) -> Names:
    """What to call each gene in a picture, shape (n_vars,): its symbol, if there is one; each means that gene alone."""
    names = _texts(adata.var_names.to_series())
    symbols = next(iter(_columns(adata, _SYMBOLS)), names)
    other = (symbols != "") & (symbols != names)
    if not other.any():
        return names
    counts = pd.Series(symbols).map(pd.Series(symbols).value_counts()).to_numpy()
    alone = (counts == 1) & ~np.isin(symbols, names)
    both = np.array([f"{symbol} ({name})" for symbol, name in zip(symbols, names, strict=True)], dtype=object)
    return np.where(~other, names, np.where(alone, symbols, both))


def gene_of(adata: AnnData, name: str) -> int | None:
    """Which gene a name means, as a position in ``adata.var_names``; None if there is none of that name.

    Raises
    ------
    ValueError
        If several genes are called so.
    """
    found = _meant(adata, name)
    if len(found) < 2:
        return int(found[0]) if len(found) else None
    if name in adata.var_names:
        raise ValueError(
            f"{len(found)} genes are called {name!r}; make names unique with `adata.var_names_make_unique()`."
        )
    listed = ", ".join(repr(str(each)) for each in adata.var_names[found[:_MOST_LISTED]])
    more = f" and {len(found) - _MOST_LISTED} more" if len(found) > _MOST_LISTED else ""
    raise ValueError(f"{len(found)} genes have the symbol {name!r}: {listed}{more}. Name one of them.")


def genes_of(adata: AnnData, names: Collection[str]) -> tuple[NDArray[np.bool_], list[str]]:
    """The genes that a list means, bool of shape (n_vars,), all of a shared symbol; and names that none has, sorted."""
    mask, left = np.zeros(adata.n_vars, dtype=bool), set(names)
    for column in _readings(adata):
        hit = np.isin(column, np.array(sorted(left), dtype=object))
        mask |= hit
        left -= set(column[hit])
    return mask, sorted(left)


def find_genes(adata: AnnData, query: str, limit: int) -> tuple[list[str], int]:
    """Genes of which a name contains `query`, whatever the case, those that start with it first; and how many more.

    Each is called by its label, or by the name that contains the query, where that is none of it.
    """
    folded, found = query.casefold(), dict[int, str]()
    for column in _readings(adata):
        for i, text in enumerate(column):
            if i not in found and folded in text.casefold():
                found[i] = text
    first = labels(adata)
    hits = [first[i] if folded in first[i].casefold() else text for i, text in found.items()]
    hits.sort(key=lambda name: (not name.casefold().startswith(folded), len(name), name))
    return hits[:limit], max(0, len(hits) - limit)


def known_names(adata: AnnData) -> list[str]:
    """Names that a message may propose in place of one that no gene has."""
    return list(dict.fromkeys([*map(str, adata.var_names), *labels(adata)]))


def _meant(adata: AnnData, name: str) -> NDArray[np.intp]:
    """Positions of the genes that a name means, by the first of the readings in which it means any."""
    for column in _readings(adata):
        found = np.flatnonzero(column == name)
        if len(found) and name:
            return found
    return np.zeros(0, dtype=np.intp)


def _readings(adata: AnnData) -> list[Names]:
    """What genes are called, each reading of shape (n_vars,), the one that counts first in front."""
    return [
        _texts(adata.var_names.to_series()),
        labels(adata),
        *_columns(adata, _SYMBOLS),
        *_columns(adata, _IDS),
    ]


def _columns(adata: AnnData, known: tuple[str, ...]) -> list[Names]:
    """The columns of ``adata.var`` of these names, in the order of the names; empty text where there is none."""
    found = [(re.sub("[^a-z]", "", str(column).casefold()), i) for i, column in enumerate(adata.var.columns)]
    chosen = sorted((known.index(name), i) for name, i in found if name in known)
    return [_texts(adata.var.iloc[:, i]) for _, i in chosen]


def _texts(column: pd.Series) -> Names:
    missing = column.isna().to_numpy()
    return np.where(missing, "", column.astype(object).where(~missing, "").astype(str).to_numpy(dtype=object))
