"""What several folders of tests need."""

from __future__ import annotations

import pytest
from anndata import AnnData

from velowidget import datasets


@pytest.fixture(scope="session")
def simulated() -> AnnData:
    """A small simulated bifurcation, for reading only."""
    return datasets.bifurcation(n_cells=200, n_genes=60, seed=0)


@pytest.fixture
def adata(simulated: AnnData) -> AnnData:
    """A small simulated bifurcation, free to be changed."""
    return simulated.copy()
