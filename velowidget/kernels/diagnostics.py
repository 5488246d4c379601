"""How far to believe the arrows of a velocity kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from velowidget.core.diagnostics import entropy, fidelity, shuffled_genes, support
from velowidget.kernels.arguments import checked_seed, checked_text
from velowidget.kernels.components import PLANE, read_components
from velowidget.kernels.modes import similarities

if TYPE_CHECKING:
    from velowidget.kernels.velocity import VelocityKernel


def diagnostics(
    kernel: VelocityKernel, basis: str = "umap", components: Sequence[int] = PLANE, seed: int = 0
) -> pd.DataFrame:
    """Three numbers per cell, which answer three questions (formulas: :mod:`velowidget.core.diagnostics`).

    Parameters
    ----------
    kernel
        Computed with its defaults if it is not yet.
    basis, components
        The embedding, and two or three of its columns, counted from 1.
    seed
        Of the shuffled genes that `support` compares with.

    Returns
    -------
    One row per cell, each number from 0 to 1 or NaN where it is undefined:

    * ``fidelity``: does the arrow on the embedding do what the chain does among the genes?
    * ``support``: do the velocities point at the neighbours any better than velocities with shuffled genes?
    * ``entropy``: how evenly does the chain spread over the neighbours? This follows from the softmax scale, and says
      nothing about belief.

    Raises
    ------
    ValueError
        If the transition matrix was given, not computed: there are no similarities then.
    """
    checked_text("basis", basis)
    graph, data, on_edges = kernel._neighbours(), kernel._data, kernel._on_edges()
    if kernel._similar is None or kernel._scheme is None:
        raise ValueError(
            "No diagnostics: the transition matrix was given, so there are no similarities to look at. Call "
            "`kernel.compute_transition_matrix()`."
        )
    positions = read_components(kernel.adata, basis, components)
    direction = kernel.params.get("bwd_mode", "forward")
    shuffled = replace(data, v=shuffled_genes(data.v, checked_seed(seed)))
    null = similarities(graph, shuffled, kernel._scheme, direction, None)
    return pd.DataFrame(
        {
            "fidelity": fidelity(graph, on_edges, data.x, positions, kernel.arrows_on(positions)),
            "support": support(graph, kernel._similar.logits, null.logits),
            "entropy": entropy(graph, on_edges),
        },
        index=kernel.adata.obs_names,
    )
