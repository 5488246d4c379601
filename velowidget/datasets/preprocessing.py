"""From counts to everything a velocity kernel reads, by the steps that scVelo's users take."""

from __future__ import annotations

import numpy as np
import scanpy as sc
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.datasets.layout import umap_layout

N_NEIGHBORS = 30
N_COMPONENTS = 30

Floats32 = NDArray[np.float32]


def size_normalized(counts: sp.csr_matrix) -> tuple[sp.csr_matrix, NDArray[np.float64]]:
    """Counts scaled to the same total in every cell, the median one; and each cell's total (at least 1)."""
    totals = np.maximum(np.asarray(counts.sum(axis=1), dtype=np.float64).ravel(), 1)
    factors = sp.diags_array(np.median(totals) / totals)
    return sp.csr_matrix(factors @ counts, dtype=np.float32), totals


def add_graph_and_embeddings(adata: AnnData, rng: np.random.Generator) -> None:
    """Add principal components, the neighbour graph, and the 2-D and 3-D embedding."""
    seed = int(rng.integers(2**31))
    n_neighbors = min(N_NEIGHBORS, (adata.n_obs - 1) // 2)
    sc.pp.pca(adata, n_comps=min(N_COMPONENTS, adata.n_obs - 1, adata.n_vars - 1), random_state=seed)
    # Gaussian weights and scikit-learn's neighbours: the defaults compile Numba code for 5 to 20 s in a fresh process.
    sc.pp.neighbors(adata, n_neighbors=n_neighbors, method="gauss", transformer="sklearn", random_state=seed)
    for key, n_dims in (("X_umap", 2), ("X_umap3d", 3)):
        adata.obsm[key] = umap_layout(adata.obsp["connectivities"], adata.obsm["X_pca"][:, :n_dims], rng)


def first_moments(values: sp.csr_matrix, graph: sp.csr_matrix) -> Floats32:
    """Mean over each cell and its neighbours, shape (n_cells, n_genes), as `scvelo.pp.moments` takes it."""
    members = (sp.csr_array(graph) + sp.eye_array(graph.shape[0], format="csr")) > 0
    means = sp.diags_array(1 / members.sum(axis=1)) @ members
    return np.asarray((means @ values).toarray(), dtype=np.float32, order="C")


def steady_state_velocity(mu: Floats32, ms: Floats32) -> tuple[Floats32, Floats32, Floats32]:
    """Velocity estimated with the steady-state model (La Manno et al. 2018; scVelo's 'deterministic' mode).

    The cells in the corners of the phase portrait, the lowest and highest 5 %, are taken to be in steady state; a line
    through the origin and these has the slope gamma / beta. What a cell has above the line it is about to splice.

    Parameters
    ----------
    mu, ms
        First moments of unspliced and spliced abundance, shape (n_cells, n_genes).

    Returns
    -------
    velocity
        ``mu - slope * ms``, shape (n_cells, n_genes): the change of `ms` in the time 1 / beta, positive for induction.
    slope
        Shape (n_genes,).
    r2
        Share of the variance of `mu` that the line explains, shape (n_genes,), at most 1 and often negative for noise.
    """
    tiny = np.float32(1e-12)
    corner = ms / np.maximum(ms.max(axis=0), tiny) + mu / np.maximum(mu.max(axis=0), tiny)
    low, high = np.percentile(corner, [5, 95], axis=0)
    steady = (corner <= low) | (corner >= high)
    slope = (mu * ms).sum(axis=0, where=steady) / np.maximum((ms * ms).sum(axis=0, where=steady), tiny)
    velocity = mu - slope * ms
    r2 = 1 - (velocity**2).sum(axis=0) / np.maximum(((mu - mu.mean(axis=0)) ** 2).sum(axis=0), tiny)
    return velocity, slope, r2


def preprocess(adata: AnnData, rng: np.random.Generator) -> None:
    """Fill `adata`, which holds the layers `spliced` and `unspliced`, the way a user would with scanpy and scVelo."""
    spliced, _ = size_normalized(adata.layers["spliced"])
    unspliced, _ = size_normalized(adata.layers["unspliced"])
    adata.X = spliced.log1p()
    add_graph_and_embeddings(adata, rng)

    graph = adata.obsp["connectivities"]
    ms, mu = first_moments(spliced, graph), first_moments(unspliced, graph)
    velocity, slope, r2 = steady_state_velocity(mu, ms)
    adata.layers.update(Ms=ms, Mu=mu, velocity=velocity)
    adata.var["velocity_gamma"] = slope
    adata.var["velocity_r2"] = r2
    # scVelo's rule; where it leaves too few genes, the best fifth.
    adata.var["velocity_genes"] = (r2 > min(0.01, float(np.percentile(r2, 80)))) & (slope > 0.01)
