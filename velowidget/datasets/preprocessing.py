"""From counts to everything a velocity kernel reads, by the steps that a user takes with real ones."""

from __future__ import annotations

import numpy as np
import scanpy as sc
from anndata import AnnData

from velowidget.datasets.layout import umap_layout
from velowidget.preprocessing.counts import normalized
from velowidget.preprocessing.moments import moments
from velowidget.preprocessing.velocity import velocity

N_NEIGHBORS = 30
N_COMPONENTS = 30


def add_graph_and_embeddings(adata: AnnData, rng: np.random.Generator) -> None:
    """Add principal components, the neighbour graph, and the 2-D and 3-D embedding."""
    seed = int(rng.integers(2**31))
    n_neighbors = min(N_NEIGHBORS, (adata.n_obs - 1) // 2)
    sc.pp.pca(adata, n_comps=min(N_COMPONENTS, adata.n_obs - 1, adata.n_vars - 1), random_state=seed)
    # Gaussian weights and scikit-learn's neighbours: the defaults compile Numba code for 5 to 20 s in a fresh process.
    sc.pp.neighbors(adata, n_neighbors=n_neighbors, method="gauss", transformer="sklearn", random_state=seed)
    for key, n_dims in (("X_umap", 2), ("X_umap3d", 3)):
        adata.obsm[key] = umap_layout(adata.obsp["connectivities"], adata.obsm["X_pca"][:, :n_dims], rng)


def preprocess(adata: AnnData, rng: np.random.Generator) -> None:
    """Fill `adata`, which holds the layers `spliced` and `unspliced`, the way a user would."""
    adata.X = normalized(adata, "spliced").log1p()
    add_graph_and_embeddings(adata, rng)
    moments(adata, show_progress_bar=False)
    velocity(adata, mode="deterministic", perc=(5, 95), show_progress_bar=False)
