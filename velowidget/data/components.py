"""Which columns of an embedding make the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.embeddings import read_embedding
from velowidget.data.messages import shown

PLANE = (1, 2)


def read_components(adata: AnnData, basis: str, components: Sequence[int] = PLANE) -> NDArray[np.float64]:
    """Positions of the cells on two or three components of an embedding.

    Parameters
    ----------
    adata
        Annotated data.
    basis
        Key in ``adata.obsm``, with or without ``X_``.
    components
        Counted from 1, as they are named.

    Returns
    -------
    float64, shape (n_cells, len(components)), read-only; rows with any NaN or infinite coordinate are NaN throughout.
    """
    positions = read_embedding(adata, basis)
    width = positions.shape[1]
    chosen = list(components)
    whole = all(isinstance(c, int | np.integer) and not isinstance(c, bool) for c in chosen)
    if len(chosen) not in (2, 3) or not whole or len(set(chosen)) < len(chosen):
        raise ValueError(
            f"components must be two or three different whole numbers, such as (1, 2), not {shown(components)}."
        )
    if not all(1 <= c <= width for c in chosen):
        raise ValueError(f"components={shown(tuple(chosen))}: the embedding {basis!r} has components 1 to {width}.")
    plane = positions[:, [c - 1 for c in chosen]]
    plane.flags.writeable = False
    return plane


def default_components(adata: AnnData, basis: str) -> tuple[int, ...]:
    """All components of an embedding in space, else the first two."""
    return (1, 2, 3) if read_embedding(adata, basis).shape[1] == 3 else PLANE
