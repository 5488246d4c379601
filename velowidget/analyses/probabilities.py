"""From similarities to transition probabilities, or an error that names the cells without any."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.chain import Chain, transitions
from velowidget.core.graph import Graph
from velowidget.core.similarity import Similarity
from velowidget.core.softmax import above
from velowidget.data.messages import MAKE_VELOCITY, count, name_cells


def automatic_scale(directed: Similarity) -> float:
    """The automatic softmax scale.

    Raises
    ------
    ValueError
        If there is no similarity but zeros to take it from, or they are at the end of float64's range.
    """
    scale = directed.automatic_scale
    if math.isnan(scale):
        if directed.still.all():
            reason = "all velocities are zero"
        elif not np.nan_to_num(directed.logits).any():
            reason = "every similarity is zero or undefined"
        else:
            reason = "the similarities are too large or too small for float64"
        raise ValueError(
            f"No automatic softmax scale: {reason}. Check the velocity layer (`{MAKE_VELOCITY}` makes it), "
            "or give a number as softmax_scale."
        )
    return scale


def defined_transitions(
    adata: AnnData,
    graph: Graph,
    directed: Similarity,
    probabilities: NDArray[np.float64],
    degenerate: str,
    softmax_scale: float,
    direction: str,
) -> Chain:
    """The chain, with the cells that have no transition probabilities treated as `degenerate` says.

    Raises
    ------
    ValueError
        If there are such cells and `degenerate` is ``'error'``; the message counts and names them.
    """
    if degenerate == "error" and directed.undefined.any():
        has_others = np.bincount(graph.sources[graph.sources != graph.indices], minlength=graph.n_cells) > 0
        alone = np.flatnonzero(directed.undefined & ~has_others)
        lost = np.flatnonzero(directed.undefined & has_others)
        reasons = [
            f"{len(cells):,} {what} ({name_cells(adata, cells)})"
            for cells, what in ((alone, "without neighbours"), (lost, "without a defined similarity to any neighbour"))
            if len(cells)
        ]
        raise ValueError(
            f"No transition probabilities for some cells: {' and '.join(reasons)}. Remove them and run "
            "`scanpy.pp.neighbors(adata)` again, or pass degenerate='self_loop' (they stay where they are) or "
            "degenerate='uniform' (each neighbour alike)."
        )
    return transitions(
        graph,
        directed,
        probabilities,
        undefined_stay=degenerate == "self_loop",
        softmax_scale=softmax_scale,
        direction=direction,
    )


def above_threshold(chain: Chain, threshold: float) -> Chain:
    """The chain without probabilities below a threshold, see :func:`velowidget.core.softmax.above`."""
    if threshold == 0:
        return chain
    return replace(chain, probabilities=above(chain.graph, chain.probabilities, threshold))


def notes_on(adata: AnnData, directed: Similarity) -> tuple[str, ...]:
    """What a user should know about how probabilities came about: of cells without a velocity, as many and who."""
    cells = np.flatnonzero(directed.still & ~directed.undefined)
    if not cells.size:
        return ()
    whose = "its" if len(cells) == 1 else "their"
    names = name_cells(adata, cells)
    return (f"{count(len(cells), 'cell')} with zero velocity, going to each of {whose} neighbours alike: {names}.",)
