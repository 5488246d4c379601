"""The stage of random walks: its parameters, and what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from velowidget.core.walks import Shares, arrivals, random_walks, shares
from velowidget.kernels.annotations import CategoricalAnnotation
from velowidget.kernels.arguments import checked_count, checked_seed
from velowidget.kernels.walks import checked_hits, checked_steps, start_cells, stop_mask

if TYPE_CHECKING:
    from velowidget.core.chain import Chain
    from velowidget.pipeline.stages import Context

WALK_PARAMETERS = ("n_sims", "max_iter", "successive_hits", "start_ixs", "stop_ixs", "seed")

# Walks times steps that go to a browser: 80 MB.
_MOST_CELLS = 20_000_000


@dataclass(frozen=True, eq=False)
class Walks:
    """Random walks, and where they are.

    Attributes
    ----------
    paths
        int32, shape (n_walks, n_steps + 1), read-only; see :func:`velowidget.core.walks.random_walks`.
    counts, totals
        After each step, how many walks are in each cluster and in all, see :func:`velowidget.core.walks.arrivals`; of
        shape (n_steps + 1, n_clusters) and (n_steps + 1,).
    start_ixs
        Where walks start, as the parameter says it.
    stopped
        Whether there are cells that end a walk.
    clusters
        The clusters; None, and no counts, without any.
    softmax_scale
        The scale of the chain.
    """

    paths: NDArray[np.int32]
    counts: NDArray[np.int64]
    totals: NDArray[np.int64]
    start_ixs: Any
    stopped: bool
    clusters: CategoricalAnnotation | None
    softmax_scale: float

    @property
    def within(self) -> Shares:
        """After each step, the share of walks that is in each cluster, with its interval."""
        return shares(self.counts, self.totals[:, None])


def checked_number(name: str, value: Any, n_cells: int) -> Any:
    """One of the numbers that walks depend on, as Python has it; raises a TypeError or ValueError if it is none."""
    match name:
        case "n_sims":
            return checked_count(name, value)
        case "successive_hits":
            return checked_hits(value)
        case "seed":
            return checked_seed(value)
    checked_steps(value, n_cells)
    return value.item() if isinstance(value, np.generic) else value


def walked(context: Context, chain: Chain) -> Walks:
    """Random walks on a chain.

    Raises
    ------
    ValueError
        If they are too many for a browser.
    """
    adata, parameters, clusters = context.inputs.adata, context.parameters, context.inputs.clusters
    n_steps = checked_steps(parameters.max_iter, adata.n_obs)
    if parameters.n_sims * (n_steps + 1) > _MOST_CELLS:
        raise ValueError(
            f"{parameters.n_sims:,} walks of {n_steps:,} steps are too many to be shown. "
            "Choose fewer walks or steps here, or compute them with `w.kernel.random_walks`."
        )
    starts, stops = start_cells(adata, parameters.start_ixs), stop_mask(adata, parameters.stop_ixs)
    hits = parameters.successive_hits
    matrix = chain.matrix
    paths = random_walks(
        matrix, starts, parameters.n_sims, n_steps, parameters.seed,
        stops=stops, successive_hits=hits, report=context.report,
    )  # fmt: skip
    paths.flags.writeable = False
    names, codes = ((), np.full(adata.n_obs, -1)) if clusters is None else (clusters.categories, clusters.codes)
    counts, totals = arrivals(paths, codes, len(names), stops, hits)
    return Walks(paths, counts, totals, parameters.start_ixs, stops is not None, clusters, chain.softmax_scale)
