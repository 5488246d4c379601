"""What a user is told about a graph or a transition matrix that can be computed with, but may not be what was meant."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from velowidget.core.conditions import LARGEST, asymmetry, components
from velowidget.kernels.chained import Chained

# Beyond this, a solution of a linear system with the matrix has lost most of float64's digits.
_ILL_CONDITIONED = 1e12


def graph_notes(graph: sp.csr_matrix, *, connectivity: bool, symmetry: bool) -> Iterator[str]:
    """Notes on a neighbour graph.

    Parameters
    ----------
    graph
        Weights, or ones.
    connectivity, symmetry
        What to look at.
    """
    if connectivity:
        parts = components(graph)
        if parts.any():
            yield (
                f"The neighbour graph is not connected: it has {parts.max() + 1:,} components, of {_sizes(parts)} "
                "cells, and a chain never leaves the one it starts in. Use more neighbours in "
                "`scanpy.pp.neighbors(adata)`, or take a component for itself."
            )
    if symmetry:
        one_way = asymmetry(graph)
        if one_way:
            yield (
                f"The neighbour graph is not symmetric: {one_way:,} edges differ from their way back. "
                "`scanpy.pp.neighbors(adata)` makes symmetric graphs."
            )


def report_matrix(kernel: Chained, *, irreducibility: bool) -> None:
    """Warn if a kernel's matrix is ill-conditioned, where that is asked for, or reducible."""
    condition = kernel.condition_number
    if condition is not None and not condition <= _ILL_CONDITIONED:
        warnings.warn(
            f"The condition number of the transition matrix is not computed for more than {LARGEST:,} cells."
            if np.isnan(condition)
            else f"The transition matrix is ill-conditioned (condition number {condition:.1e}): results of linear "
            "systems with it may be meaningless. A smaller softmax_scale, or a share of a ConnectivityKernel, helps.",
            UserWarning,
            stacklevel=3,
        )
    if irreducibility:
        classes = kernel.communicating_classes
        if classes.any():
            warnings.warn(
                f"The transition matrix is not irreducible: it has {classes.max() + 1:,} communicating classes, of "
                f"{_sizes(classes)} cells (`communicating_classes` has each cell's).",
                UserWarning,
                stacklevel=3,
            )


def _sizes(labels: NDArray[np.int32]) -> str:
    sizes = np.bincount(labels)
    return ", ".join(f"{size:,}" for size in sizes[:5]) + (", ..." if len(sizes) > 5 else "")
