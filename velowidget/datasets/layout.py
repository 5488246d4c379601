"""Lay a neighbour graph out in two or three dimensions."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

NEGATIVES_PER_EDGE = 5  # UMAP's `negative_sample_rate`
MAX_STEP = 4.0  # UMAP's bound on one move


def umap_layout(
    graph: sp.csr_matrix,
    start: NDArray[np.floating],
    rng: np.random.Generator,
    n_steps: int = 200,
    n_samples: int = 10,
) -> NDArray[np.float32]:
    """Minimise UMAP's cross-entropy over positions, by gradient descent on all cells at once.

    The objective of McInnes, Healy and Melville 2018 (arXiv 1802.03426) with the kernel ``1 / (1 + distance**2)``:
    linked cells attract each other by their weight, random pairs repel. umap-learn draws the same kind of picture, but
    compiling it takes 10 to 25 s in a fresh process, longer than everything else here together.

    Parameters
    ----------
    graph
        Symmetric non-negative weights, shape (n_cells, n_cells).
    start
        First positions, for instance principal components, shape (n_cells, n_dims).
    n_samples
        Random cells that each cell is repelled by in one step.

    Returns
    -------
    Positions, shape (n_cells, n_dims), centred.
    """
    n_cells = len(start)
    weights = sp.csr_matrix(graph, dtype=np.float32)
    weights = sp.csr_matrix(weights.multiply(1 / np.maximum(weights.sum(axis=1), 1e-12)), dtype=np.float32)
    rows = np.repeat(np.arange(n_cells), np.diff(weights.indptr))
    pull = weights.copy()

    y = np.asarray(start, dtype=np.float32)
    y = 10 * (y - y.mean(axis=0)) / max(np.abs(y).max(), 1e-12)
    for rate in np.linspace(0.5, 0, n_steps, endpoint=False, dtype=np.float32):
        along = y[rows] - y[weights.indices]
        squared = np.einsum("ed,ed->e", along, along)
        pull.data = weights.data / (1 + squared)
        attraction = 2 * (pull @ y - np.asarray(pull.sum(axis=1)) * y)

        away = y[:, None] - y[rng.integers(n_cells, size=(n_cells, n_samples))]
        squared = np.einsum("isd,isd->is", away, away)
        strength = 2 * NEGATIVES_PER_EDGE / n_samples / ((0.001 + squared) * (1 + squared))
        repulsion = np.einsum("isd,is->id", away, strength)

        y += rate * np.clip(attraction + repulsion, -MAX_STEP, MAX_STEP)
    return y - y.mean(axis=0)
