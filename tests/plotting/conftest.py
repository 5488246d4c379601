"""What several tests of figures start from."""

from __future__ import annotations

import matplotlib as mpl
import pytest

from velowidget import VelocityKernel


@pytest.fixture
def figures():
    """Drawn without a screen, and closed afterwards."""
    backend = mpl.get_backend()
    mpl.use("agg")
    from matplotlib import pyplot as plt

    yield
    plt.close("all")
    mpl.use(backend)


@pytest.fixture
def kernel(adata):
    return VelocityKernel(adata).compute_transition_matrix()
