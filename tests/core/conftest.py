"""Small random data for the mathematics."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings

from tests.reference import random_graph

settings.register_profile("compiled", deadline=None)  # the first example may have to compile
settings.load_profile("compiled")


@pytest.fixture
def rng():
    """Seeded."""
    return np.random.default_rng(0)


@pytest.fixture
def data(rng):
    """Graph, expression, velocity: 40 cells, 12 genes."""
    return random_graph(rng, 40, 6), rng.normal(size=(40, 12)), rng.normal(size=(40, 12))
