"""Data for the benchmarks, made once and read by both sides from the same file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse as sp
from anndata import AnnData
from sklearn.neighbors import NearestNeighbors

from velowidget import datasets
from velowidget.core.graph import Graph
from velowidget.data.graphs import read_graph


def manifold(n_cells: int, n_genes: int, n_dims: int, seed: int = 0) -> AnnData:
    """Cells anywhere in a cube, about 40 neighbours each; float32 expression and velocity that follow the place."""
    rng = np.random.default_rng(seed)
    places = rng.random((n_cells, n_dims))
    weights = rng.normal(size=(n_dims, n_genes)).astype(np.float32)
    steps = rng.normal(size=(n_cells, n_dims)).astype(np.float32)
    x, v = (np.asarray(of.astype(np.float32) @ weights) for of in (places, steps))
    for values in (x, v):
        values += rng.standard_normal(values.shape, dtype=np.float32)
    # Neighbours count both ways: in more dimensions fewer of them are each other's.
    nearest = NearestNeighbors(n_neighbors=37 if n_dims < 5 else 28).fit(places).kneighbors_graph(mode="distance")
    distances = sp.csr_matrix(nearest)
    connectivities = sp.csr_matrix(((distances + distances.T) > 0).astype(np.float32))
    uns = {"neighbors": {"connectivities_key": "connectivities", "distances_key": "distances"}}
    uns["neighbors"]["params"] = {"n_neighbors": 30, "method": "umap"}
    return AnnData(
        layers={"Ms": x, "velocity": v},
        obsp={"connectivities": connectivities, "distances": distances},
        uns=uns,
    )


def simulated(n_cells: int, n_genes: int) -> AnnData:
    """The simulated bifurcation, with no more than a velocity kernel reads, and all genes in use."""
    adata = datasets.bifurcation(n_cells=n_cells, n_genes=n_genes)
    return kept(adata, np.ones(adata.n_vars, dtype=bool))


def kept(adata: AnnData, genes: np.ndarray) -> AnnData:
    """What a velocity kernel reads, for a selection of genes."""
    part = AnnData(
        layers={key: np.ascontiguousarray(adata.layers[key][:, genes]) for key in ("Ms", "velocity")},
        obsp={key: adata.obsp[key].copy() for key in ("connectivities", "distances")},
        uns={"neighbors": adata.uns["neighbors"]},
    )
    part.obs_names, part.var_names = adata.obs_names, adata.var_names[genes]
    return part


def saved(adata: AnnData, folder: str, name: str) -> Path:
    """Write a file that both sides can read."""
    path = Path(folder) / f"{name}.h5ad"
    adata.write_h5ad(path)
    return path


def arrays(adata: AnnData) -> tuple[Graph, np.ndarray, np.ndarray]:
    """Graph, expression and velocity."""
    graph, _ = read_graph(adata)
    return graph, adata.layers["Ms"], adata.layers["velocity"]
