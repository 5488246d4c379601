"""The stage ``'walks'``: random walks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velowidget.analyses.walks import checked_steps, start_cells, stop_mask
from velowidget.core.chain import Chain
from velowidget.core.walks import Shares, arrivals, random_walks, shares
from velowidget.data.annotations import CategoricalAnnotation
from velowidget.pipeline.stage import Context, Stage, Wired

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
    """

    paths: NDArray[np.int32]
    counts: NDArray[np.int64]
    totals: NDArray[np.int64]
    start_ixs: Any
    stopped: bool
    clusters: CategoricalAnnotation | None

    @property
    def within(self) -> Shares:
        """After each step, the share of walks that is in each cluster, with its interval."""
        return shares(self.counts, self.totals[:, None])


def compute(context: Context, chain: Chain) -> Walks:
    """Walk on the chain.

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
    return Walks(paths, counts, totals, parameters.start_ixs, stops is not None, clusters)


def to_wire(walks: Walks) -> Wired:
    """Paths; and, after each step, how many walks are in each cluster, of how many, with the share's interval."""
    clusters, within = walks.clusters, walks.within
    values = {
        "n_walks": len(walks.paths),
        "n_steps": walks.paths.shape[1] - 1,
        "start_ixs": walks.start_ixs,
        "stopped": walks.stopped,
        "clusters": clusters
        and {"key": clusters.key, "names": list(clusters.categories), "used": clusters.used.tolist()},
    }
    arrays: dict[str, NDArray[Any]] = {
        "paths": walks.paths,
        "counts": walks.counts,
        "totals": walks.totals,
        "low": within.low,
        "high": within.high,
    }
    return values, arrays


STAGE = Stage(
    name="walks",
    label="Random walks",
    after=("T",),
    depends=("n_sims", "max_iter", "successive_hits", "start_ixs", "stop_ixs", "seed", "of_walk_cells"),
    compute=compute,
    to_wire=to_wire,
    panel="walks",
    unit="walks",
)
