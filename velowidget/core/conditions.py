"""How well a Markov chain or a graph is behaved: conditioning, connectedness, communicating classes, symmetry."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import scipy.sparse.linalg as sla
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components, structural_rank

# Up to here the dense singular values take seconds.
EXACT = 2000
# Beyond this, the triangular factors of a neighbour graph's matrix do not fit a workstation's memory.
LARGEST = 20_000
# The smallest singular value of a neighbour graph's matrix stands alone: a few steps give it to 1e-6 and better.
_STEPS = 30


def condition_number(matrix: sp.csr_matrix, exact: int = EXACT, largest: int = LARGEST) -> float:
    """Condition number in the 2-norm: the largest singular value over the smallest.

    Parameters
    ----------
    matrix
        Square.
    exact
        Up to this many rows, all singular values are computed. With more, the pattern of entries may show already that
        the matrix is singular, such as by a cell that none leads to; else the smallest comes from inverse iteration
        with a sparse LU decomposition, which takes some seconds for 5,000 cells and grows with more than the square.
    largest
        Beyond this many rows nothing but the pattern is looked at.

    Returns
    -------
    At least 1; infinite for a singular matrix; NaN, as not known, beyond `largest`. Beyond 1e15 it means only that the
    matrix is singular as far as float64 can tell.
    """
    n = matrix.shape[0]
    if n <= exact:
        return float(np.linalg.cond(matrix.toarray()))
    if structural_rank(matrix) < n:
        return float("inf")
    if n > largest:
        return float("nan")
    try:
        factors = sla.splu(matrix.tocsc())
    except RuntimeError:  # exactly singular
        return float("inf")
    return _norm(lambda x: matrix.T @ (matrix @ x), n) * _norm(lambda x: factors.solve(factors.solve(x, "T")), n)


def _norm(squared, n: int) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Largest singular value of what `squared` applies twice, once transposed, by Lanczos or plain iteration."""
    x = np.random.default_rng(0).normal(size=n)
    operator = sla.LinearOperator((n, n), matvec=squared, dtype=np.float64)
    try:
        largest = sla.eigsh(operator, k=1, which="LM", tol=1e-8, v0=x, return_eigenvectors=False)[0]
    except sla.ArpackError:  # of numbers too large for it
        for _ in range(_STEPS):
            x = x / np.linalg.norm(x)
            x = squared(x)
        largest = np.linalg.norm(x)
    return float(np.sqrt(largest)) if np.isfinite(largest) else float("inf")


def components(graph: sp.csr_matrix) -> NDArray[np.int32]:
    """Connected component of each cell, shape (n_cells,), the largest numbered 0; edges lead both ways."""
    return _by_size(connected_components(graph, directed=False)[1])


def communicating_classes(matrix: sp.csr_matrix) -> NDArray[np.int32]:
    """Communicating class of each cell, shape (n_cells,), the largest numbered 0.

    Cells of a class can be reached from each other; a chain with a single class is irreducible.
    """
    return _by_size(connected_components(matrix, directed=True, connection="strong")[1])


def asymmetry(weights: sp.csr_matrix, tolerance: float = 1e-4) -> int:
    """Number of directed edges whose weight differs from the way back's by more than a share of the largest weight."""
    difference = abs(weights - weights.T)
    return int((difference.data > tolerance * abs(weights).max()).sum())


def _by_size(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    order = np.argsort(-np.bincount(labels), kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[labels]
