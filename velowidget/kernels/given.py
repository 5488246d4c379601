"""Kernels that exist already: the settings that make the same again, or their probabilities as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp

from velowidget.core.softmax import Transitions
from velowidget.kernels.base import Kernel
from velowidget.kernels.velocity import VelocityKernel
from velowidget.plugins.registry import registry


def settings_of(kernel: Kernel) -> dict[str, Any] | None:
    """Keywords that make the kernel's chain again of its AnnData.

    Parameters
    ----------
    kernel
        Any kernel; a velocity kernel that is not computed yet counts as one with the defaults.

    Returns
    -------
    The constructor's (``vkey``, ``xkey``, ``attr``, ``conn_key``, ``gene_subset`` as a mask, ``backward``) and those of
    :meth:`velowidget.VelocityKernel.compute_transition_matrix`; None where nothing makes it again: a kernel that is no
    velocity kernel, a matrix that was set, or a scheme that is known by no name.
    """
    if not isinstance(kernel, VelocityKernel):
        return None
    settings, params = kernel._settings(), kernel.params
    if not params:
        return settings if kernel._transition_matrix is None else None
    if params.get("scheme") not in registry.contributions("schemes"):
        return None
    names = {"bwd_mode": "backward_mode"}
    return settings | {names.get(name, name): value for name, value in params.items()}


def velocity_part(kernel: Kernel) -> VelocityKernel | None:
    """The first velocity kernel that a kernel is made of whose similarities can be made again; None without one."""
    for part in kernel.kernels:
        if isinstance(part, VelocityKernel) and part._similar is not None and settings_of(part) is not None:
            return part
    return None


def transitions_of(kernel: Kernel) -> Transitions:
    """The kernel's probabilities on the edges of its neighbourhoods, and with which each cell stays where it is."""
    graph, on_edges = kernel._neighbours(), kernel._on_edges()
    rest = sp.csr_matrix(kernel.transition_matrix - graph.matrix(on_edges))
    return Transitions(graph, on_edges, np.asarray(rest.diagonal(), dtype=np.float64))
