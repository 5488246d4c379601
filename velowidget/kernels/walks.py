"""Random walks of a kernel: which cells they start from and end in, how long they are, and what came of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.blocks import Report
from velowidget.core.walks import arrivals, random_walks, shares
from velowidget.kernels.annotations import CategoricalAnnotation
from velowidget.kernels.arguments import checked_count, checked_seed
from velowidget.kernels.cells import choose_cells
from velowidget.kernels.messages import shown

if TYPE_CHECKING:
    from velowidget.kernels.base import Kernel


def simulate(
    kernel: Kernel,
    n_sims: int = 100,
    max_iter: float = 0.25,
    seed: int | None = None,
    successive_hits: int = 0,
    start_ixs: Any = None,
    stop_ixs: Any = None,
    report: Report | None = None,
) -> NDArray[np.int32]:
    """Random walks on a kernel's Markov chain.

    Parameters
    ----------
    kernel
        Any kernel; one without a transition matrix computes it.
    n_sims
        Number of walks, at least 1.
    max_iter
        Number of steps, or, as a float, share of the number of cells.
    seed
        From 0 to 2^64 - 1; None draws one. Walk number i depends on nothing but the seed, i and the chain; no two
        seeds share a walk.
    successive_hits
        A walk ends with this many further cells of `stop_ixs` directly after the first.
    start_ixs
        Cells to start from, each as likely as any other, as for :func:`velowidget.kernels.cells.choose_cells`; None
        is all.
    stop_ixs
        Cells to end in, likewise; a walk's start does not count. None lets each walk go all its steps.
    report
        See :func:`velowidget.core.blocks.over_blocks`.

    Returns
    -------
    int32, shape (n_sims, number of steps + 1): numbers of cells, column 0 the start, -1 after the end.

    Raises
    ------
    KeyError, IndexError, TypeError, ValueError
        If a number makes no sense, or a rule for starts or stops means no cell.
    MemoryError
        If there is not enough for the walks.
    """
    kernel._check_size()
    adata = kernel.adata
    n_walks, n_steps = checked_count("n_sims", n_sims), checked_steps(max_iter, adata.n_obs)
    seed = int(np.random.default_rng().integers(2**32)) if seed is None else checked_seed(seed)
    hits = checked_hits(successive_hits)
    starts, stops = start_cells(adata, start_ixs), stop_mask(adata, stop_ixs)
    matrix = kernel.transition_matrix
    return random_walks(matrix, starts, n_walks, n_steps, seed, stops=stops, successive_hits=hits, report=report)


def start_cells(adata: AnnData, rule: Any) -> NDArray[np.int32]:
    """The cells where walks may start, by :func:`velowidget.kernels.cells.choose_cells`; all for None."""
    return np.arange(adata.n_obs, dtype=np.int32) if rule is None else choose_cells(adata, rule, "start_ixs")


def stop_mask(adata: AnnData, rule: Any) -> NDArray[np.bool_] | None:
    """The cells where walks end, by :func:`velowidget.kernels.cells.choose_cells`, as a mask; None for None."""
    if rule is None:
        return None
    mask = np.zeros(adata.n_obs, dtype=bool)
    mask[choose_cells(adata, rule, "stop_ixs")] = True
    return mask


def checked_steps(max_iter: object, n_cells: int) -> int:
    """Number of steps: an integer as it is, any other number as a share of the number of cells, rounded up.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or not finite and larger than 0.
    """
    if isinstance(max_iter, bool | np.bool_) or not isinstance(max_iter, int | float | np.integer | np.floating):
        raise TypeError(
            f"max_iter must be a number of steps, or a share of the number of cells, not {shown(max_iter)}."
        )
    steps = max_iter if isinstance(max_iter, int | np.integer) else float(max_iter) * n_cells
    if not 0 < steps < math.inf:
        raise ValueError(f"max_iter must be finite and larger than 0, not {shown(max_iter)}.")
    return math.ceil(steps)


def checked_hits(successive_hits: object) -> int:
    """How many further cells of the stop set end a walk.

    Raises
    ------
    TypeError, ValueError
        If it is no whole number, or less than 0.
    """
    if isinstance(successive_hits, bool) or not isinstance(successive_hits, int | np.integer):
        raise TypeError(f"successive_hits must be a whole number of at least 0, not {shown(successive_hits)}.")
    if successive_hits < 0:
        raise ValueError(f"successive_hits must be at least 0, not {shown(successive_hits)}.")
    return int(successive_hits)


def tally(
    walks: NDArray[np.int32],
    clusters: CategoricalAnnotation,
    stops: NDArray[np.bool_] | None = None,
    successive_hits: int = 0,
) -> pd.DataFrame:
    """In which clusters walks end.

    Parameters
    ----------
    walks, stops, successive_hits
        As from and for :func:`velowidget.core.walks.random_walks`.
    clusters
        The clusters.

    Returns
    -------
    Indexed by cluster that has cells, in their order, with columns `arrivals`, `share`, and `low` and `high`, the
    share's Wilson 95 % interval (NaN where no walk has ended). ``attrs`` has `over`, ``'walks that ended'`` or
    ``'last cells'``; `n_over`, how many these are; and `n_walks`.
    """
    counts, totals = arrivals(walks, clusters.codes, len(clusters.categories), stops, successive_hits)
    found = shares(counts[-1], totals[-1])
    frame = pd.DataFrame(
        {"arrivals": counts[-1], "share": found.share, "low": found.low, "high": found.high},
        index=pd.Index(clusters.categories, name=clusters.key),
    )
    frame = frame.iloc[clusters.used]
    over = "last cells" if stops is None else "walks that ended"
    frame.attrs = {"over": over, "n_over": int(totals[-1]), "n_walks": len(walks)}
    return frame
