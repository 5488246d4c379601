"""How far to believe the arrows of a chain that is made of similarities."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from velowidget.analyses.modes import similarities
from velowidget.core.chain import Chain
from velowidget.core.custom import Scheme
from velowidget.core.diagnostics import entropy, fidelity, shuffled_genes, support
from velowidget.core.projection import project
from velowidget.data.velocity import VelocityData

DIAGNOSTICS = ("fidelity", "support", "entropy")


def diagnostics(
    chain: Chain, data: VelocityData, scheme: str | Scheme, positions: NDArray[np.floating], seed: int
) -> dict[str, NDArray[np.float64]]:
    """The three `DIAGNOSTICS` of each cell, each float64, shape (n_cells,); see `VelocityKernel.diagnostics`.

    Parameters
    ----------
    chain
        The chain, with its similarities.
    data, scheme
        Velocities and expression, and the scheme that made similarities of them.
    positions
        The cells on an embedding, shape (n_cells, n_dims).
    seed
        Of the shuffled genes that `support` compares with.
    """
    graph, on_edges, similar = chain.graph, chain.probabilities, chain.similarity
    assert similar is not None
    assert chain.direction is not None
    shuffled = replace(data, v=shuffled_genes(data.v, seed))
    null = similarities(graph, shuffled, scheme, chain.direction, None)
    return {
        "fidelity": fidelity(graph, on_edges, data.x, positions, project(graph, on_edges, positions)),
        "support": support(graph, similar.logits, null.logits),
        "entropy": entropy(graph, on_edges),
    }
