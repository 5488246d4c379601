"""Proof that an AnnData was left alone: everything in it, down to the bytes, the types and the flags."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager

import numpy as np
import pandas as pd
import scipy.sparse as sp


def fingerprint(adata):
    """A nested description of everything in an AnnData that equals another only if nothing differs."""
    mappings = {name: getattr(adata, name) for name in ("layers", "obsm", "varm", "obsp", "varp", "uns")}
    return {
        "X": _of(adata.X),
        "obs": _of(adata.obs),
        "var": _of(adata.var),
        **{name: _of(dict(mapping)) for name, mapping in mappings.items()},
        "names": (_of(adata.obs_names), _of(adata.var_names)),
        "view": adata.is_view,
    }


@contextmanager
def unchanged(adata):
    """Fail if the AnnData is not the same at the end."""
    before = fingerprint(adata)
    yield
    assert fingerprint(adata) == before


def _of(value):
    if isinstance(value, dict):
        return "dict", [(key, _of(entry)) for key, entry in value.items()]  # a list: order counts
    if sp.issparse(value):
        compressed = value if value.format in ("csr", "csc") else value.tocsr()
        buffers = [compressed.data, compressed.indices, compressed.indptr]
        # SciPy remembers here whether it found, or made, the entries sorted.
        remembered = {k: v for k, v in vars(value).items() if "canonical" in k or "sorted" in k}
        return type(value).__name__, value.shape, [_of(b) for b in buffers], remembered
    if isinstance(value, pd.DataFrame):
        columns = [(str(name), _of(value.iloc[:, i])) for i, name in enumerate(value.columns)]
        return "DataFrame", columns, _of(value.index)
    if isinstance(value, pd.Series):
        return "Series", value.name, _of(value.array), _of(value.index)
    if isinstance(value, pd.Categorical):
        return "Categorical", value.ordered, _of(value.codes), _of(value.categories)
    if isinstance(value, pd.Index):
        return "Index", value.name, str(value.dtype), list(map(repr, value))
    if isinstance(value, np.ndarray):
        raw = repr(value.tolist()).encode() if value.dtype == object else np.ma.getdata(value).tobytes(order="A")
        flags = (value.flags.writeable, value.flags.c_contiguous, value.flags.f_contiguous)
        mask = np.ma.getmaskarray(value).tobytes() if isinstance(value, np.ma.MaskedArray) else None
        kind = (type(value).__name__, str(value.dtype), value.shape, flags)
        return *kind, hashlib.sha256(raw).hexdigest(), mask
    if isinstance(value, list | tuple):
        return type(value).__name__, [_of(entry) for entry in value]
    return type(value).__name__, repr(value)
