"""Raw counts, as a counter of spliced and unspliced RNA leaves them."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pytest


def raw_counts(adata: ad.AnnData) -> ad.AnnData:
    """The counts of simulated cells, and nothing that was made of them."""
    layers = {layer: adata.layers[layer].copy() for layer in ("spliced", "unspliced")}
    return ad.AnnData(obs=adata.obs[["clusters"]].copy(), var=adata.var[[]].copy(), layers=layers)


def with_graph(adata: ad.AnnData, of: ad.AnnData) -> ad.AnnData:
    """The same cells, with the graph that they had."""
    adata.obsp["connectivities"] = of.obsp["connectivities"].copy()
    adata.uns["neighbors"] = {"params": {"n_neighbors": of.uns["neighbors"]["params"]["n_neighbors"]}}
    return adata


@pytest.fixture
def raw(simulated: ad.AnnData) -> ad.AnnData:
    """Counts alone."""
    return raw_counts(simulated)


@pytest.fixture
def connected(simulated: ad.AnnData) -> ad.AnnData:
    """Counts and a graph."""
    return with_graph(raw_counts(simulated), simulated)


def cell_and_gene(adata: ad.AnnData, layer: str, value: float) -> None:
    """Put a value at cell 3 and gene 5 of a layer."""
    values = adata.layers[layer].tolil()
    values[3, 5] = value
    adata.layers[layer] = values.tocsr()


def dense(values: object) -> np.ndarray:
    """A layer as an array of float64."""
    return np.asarray(values.toarray() if hasattr(values, "toarray") else values, dtype=np.float64)
