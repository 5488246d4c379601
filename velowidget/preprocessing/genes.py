"""Which genes have enough counts for a velocity: :func:`velowidget.filter_genes`."""

from __future__ import annotations

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.arguments import checked_count, checked_flag
from velowidget.data.genes import gene_mask
from velowidget.data.messages import count
from velowidget.data.velocity import checked_adata
from velowidget.preprocessing.counts import LAYERS, read_layer, size_column, totals


def filter_genes(adata: AnnData, min_shared_counts: int = 20, *, copy: bool = False) -> AnnData | None:
    """Drop genes with few counts in cells that have both spliced and unspliced RNA of them.

    The total of each cell is noted first, so that counts can be normalised by it after genes are dropped, here or
    elsewhere. Counts and sizes are taken as in scVelo's ``pp.filter_genes``; the layers stay counts.

    Parameters
    ----------
    adata
        Annotated data with the layers ``spliced`` and ``unspliced``.
    min_shared_counts
        Sum over cells of spliced and unspliced counts, where neither is 0, that a gene needs at least.
    copy
        Return a copy instead of changing `adata`.

    Returns
    -------
    None, or the copy. Genes are dropped, and ``obs`` gets ``initial_size_spliced`` and ``initial_size_unspliced``
    (float64) where it has none.

    Raises
    ------
    KeyError
        If a layer is missing.
    TypeError
        If `adata` is not an AnnData, or a layer holds no numbers.
    ValueError
        If a layer cannot be used, or no gene would be left. Nothing changes then.
    """
    checked_adata(adata)
    least = checked_count("min_shared_counts", min_shared_counts)
    adata = adata.copy() if checked_flag("copy", copy) else adata
    spliced, unspliced = (read_layer(adata, layer) for layer in LAYERS)
    shared = (spliced + unspliced).multiply((spliced > 0).multiply(unspliced > 0))
    per_gene = np.asarray(shared.sum(axis=0, dtype=np.float64)).ravel()
    enough = per_gene >= least
    if not enough.any():
        raise ValueError(
            f"No gene is left: the most shared counts that one of {count(adata.n_vars, 'gene')} has are "
            f"{per_gene.max():g}, and min_shared_counts={least}. Choose fewer."
        )
    for layer, values in zip(LAYERS, (spliced, unspliced), strict=True):
        if size_column(layer) not in adata.obs:
            adata.obs[size_column(layer)] = totals(values)
    adata._inplace_subset_var(enough)  # what scanpy's own filters call
    return adata if copy else None


def highly_variable(adata: AnnData) -> NDArray[np.bool_]:
    """The genes that ``adata.var["highly_variable"]`` chooses, all where there is no such column; shape (n_genes,)."""
    column = "highly_variable"
    return gene_mask(adata, None, column if column in adata.var else None)[0]
