"""What several folders of tests need."""

from __future__ import annotations

import os
from pathlib import Path

import numba

# Numba's cache is not made for two processes that compile the same function for other types at once: one could load
# what the other has compiled. So each process that shares the tests has its own, as have those that it starts.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    numba.config.CACHE_DIR = str(Path(__file__).parents[1] / ".numba_cache" / worker)
    os.environ["NUMBA_CACHE_DIR"] = numba.config.CACHE_DIR

import pytest
from anndata import AnnData

from tests.deprecations import DeprecatedAtOurCall
from velowidget import VelocityPipeline, datasets


def pytest_configure(config: pytest.Config) -> None:
    """Deprecations at our calls are errors everywhere."""
    config.addinivalue_line("filterwarnings", f"error::{DeprecatedAtOurCall.__module__}.{DeprecatedAtOurCall.__name__}")


@pytest.fixture(scope="session")
def simulated() -> AnnData:
    """A small simulated bifurcation, for reading only."""
    return datasets.bifurcation(n_cells=200, n_genes=60, seed=0)


@pytest.fixture
def adata(simulated: AnnData) -> AnnData:
    """A small simulated bifurcation, free to be changed."""
    return simulated.copy()


@pytest.fixture
def pipeline(adata: AnnData) -> VelocityPipeline:
    """A pipeline of that bifurcation, with its first picture computed."""
    pipeline = VelocityPipeline(adata)
    pipeline.wait()
    return pipeline


@pytest.fixture
def everything_light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stages that have run once count as light, however busy the machine."""
    from velowidget.pipeline import jobs

    monkeypatch.setattr(jobs, "LIGHT_SECONDS", 60.0)
