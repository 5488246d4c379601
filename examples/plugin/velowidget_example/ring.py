"""Example data: cells that go round a ring, at one speed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scanpy as sc
from anndata import AnnData


def ring(n_cells: int = 600, n_genes: int = 40, seed: int = 0) -> AnnData:
    """Cells on a ring, each gene expressed around a phase of its own.

    Parameters
    ----------
    n_cells, n_genes
        How many.
    seed
        Of the random numbers.

    Returns
    -------
    AnnData with the layers `Ms` and `velocity`, a neighbour graph, `obsm['X_umap']` (the ring) and `obs['clusters']`.
    """
    rng = np.random.default_rng(seed)
    phase = np.sort(rng.uniform(0, 2 * np.pi, n_cells))
    behind = phase[:, None] - rng.uniform(0, 2 * np.pi, n_genes)
    expression = 2 + np.cos(behind) + 0.1 * rng.standard_normal(behind.shape)
    velocity = -np.sin(behind) + 0.1 * rng.standard_normal(behind.shape)
    quarter = pd.Categorical.from_codes((phase // (np.pi / 2)).astype(int), ["first", "second", "third", "fourth"])
    adata = AnnData(
        expression.astype(np.float32),
        obs=pd.DataFrame({"clusters": quarter, "phase": phase}, index=[f"cell {i}" for i in range(n_cells)]),
        var=pd.DataFrame(index=[f"gene {i}" for i in range(n_genes)]),
        layers={"Ms": expression.astype(np.float32), "velocity": velocity.astype(np.float32)},
    )
    around = np.column_stack([np.cos(phase), np.sin(phase)])
    adata.obsm["X_umap"] = around * (1 + 0.08 * rng.standard_normal((n_cells, 1)))
    sc.pp.neighbors(adata, n_neighbors=15, use_rep="X")
    return adata
