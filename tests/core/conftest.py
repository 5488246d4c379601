"""Small random data for the mathematics."""

from __future__ import annotations

import numpy as np
import pytest

from reference import random_graph


@pytest.fixture
def rng():
    """Seeded."""
    return np.random.default_rng(0)


@pytest.fixture
def data(rng):
    """Graph, expression, velocity: 40 cells, 12 genes."""
    return random_graph(rng, 40, 6), rng.normal(size=(40, 12)), rng.normal(size=(40, 12))
