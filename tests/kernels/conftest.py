"""A small AnnData as scVelo leaves them: layers, genes, graph, embedding."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.spatial import cKDTree

N_CELLS, N_GENES, N_NEIGHBOURS = 30, 12, 5


def make_adata() -> ad.AnnData:
    """30 cells along a curve, 12 genes, their 5 nearest neighbours."""
    rng = np.random.default_rng(0)
    time = np.linspace(0, 3, N_CELLS)[:, None]
    phase = rng.uniform(0, 6, N_GENES)
    expression = 2 + np.sin(time + phase) + 0.05 * rng.normal(size=(N_CELLS, N_GENES))
    velocity = np.cos(time + phase) + 0.2 * rng.normal(size=(N_CELLS, N_GENES))
    _, near = cKDTree(expression).query(expression, k=N_NEIGHBOURS + 1)
    weights = sp.lil_matrix((N_CELLS, N_CELLS))
    for i, row in enumerate(near):
        weights[i, row[row != i][:N_NEIGHBOURS]] = rng.uniform(0.1, 1.0, N_NEIGHBOURS)
    adata = ad.AnnData(
        X=rng.poisson(2.0, (N_CELLS, N_GENES)).astype(np.float32),
        obs=pd.DataFrame(
            {
                "clusters": pd.Categorical(["early", "middle", "late"] * (N_CELLS // 3)),
                "time": time.ravel(),
            },
            index=[f"cell{i}" for i in range(N_CELLS)],
        ),
        var=pd.DataFrame({"velocity_genes": np.ones(N_GENES, dtype=bool)}, index=[f"gene{g}" for g in range(N_GENES)]),
        uns={"clusters_colors": ["#111111", "#222222", "#333333"]},
    )
    adata.var.loc["gene11", "velocity_genes"] = False
    adata.layers["Ms"] = expression.astype(np.float32)
    adata.layers["velocity"] = velocity.astype(np.float32)
    adata.obsm["X_umap"] = np.column_stack([time, np.sin(time)]) + 0.05 * rng.normal(size=(N_CELLS, 2))
    adata.obsp["connectivities"] = weights.tocsr()
    return adata


@pytest.fixture
def adata() -> ad.AnnData:
    """A fresh one for each test."""
    return make_adata()
