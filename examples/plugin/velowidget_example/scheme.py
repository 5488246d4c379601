"""A similarity: the angle between a velocity and the way to a neighbour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

Array = NDArray[np.float64]


def angle(v: Array, d: Array, scale: float) -> tuple[Array, Array]:
    """Probabilities and similarities of one cell's neighbours.

    Parameters
    ----------
    v
        The cell's velocity, shape (1, n_genes), or each neighbour's, shape (n_neighbors, n_genes).
    d
        The way to each neighbour, shape (n_neighbors, n_genes).
    scale
        The softmax scale.

    Returns
    -------
    Probabilities, which sum to 1, and the similarities behind them, both of shape (n_neighbors,).
    """
    lengths = np.linalg.norm(v, axis=1) * np.linalg.norm(d, axis=1)
    # A neighbour at the same place is neither ahead nor behind.
    cosines = np.divide((v * d).sum(axis=1), lengths, out=np.zeros(len(d)), where=lengths > 0)
    similarities = 1 - 2 * np.arccos(np.clip(cosines, -1, 1)) / np.pi
    return softmax(scale * similarities), similarities
