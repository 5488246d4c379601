"""Random walks of a kernel: which cells they start from and end in, how long they are, and what came of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.blocks import Report
from velowidget.core.walks import arrivals, random_walks, shares
from velowidget.data.annotations import CategoricalAnnotation
from velowidget.data.arguments import checked_count, checked_seed
from velowidget.data.cells import choose_cells
from velowidget.data.messages import shown


@dataclass(frozen=True, eq=False)
class Walking:
    """Walks that are asked for; see :func:`velowidget.core.walks.random_walks`."""

    n_walks: int
    n_steps: int
    seed: int
    starts: NDArray[np.int32]
    stops: NDArray[np.bool_] | None
    successive_hits: int

    def on(self, matrix: sp.csr_matrix, report: Report | None = None) -> NDArray[np.int32]:
        """The walks on a chain, int32, shape (n_walks, n_steps + 1); raises a MemoryError if there is no room."""
        return random_walks(
            *(matrix, self.starts, self.n_walks, self.n_steps, self.seed),
            stops=self.stops,
            successive_hits=self.successive_hits,
            report=report,
        )


def read_walking(
    adata: AnnData, n_sims: int, max_iter: float, seed: int | None, successive_hits: int, start_ixs: Any, stop_ixs: Any
) -> Walking:
    """Check what is asked of walks; see `Kernel.random_walks`.

    Raises
    ------
    KeyError, IndexError, TypeError, ValueError
        If a number makes no sense, or a rule for starts or stops means no cell.
    """
    n_walks, n_steps = checked_count("n_sims", n_sims), checked_steps(max_iter, adata.n_obs)
    seed = int(np.random.default_rng().integers(2**32)) if seed is None else checked_seed(seed)
    hits = checked_hits(successive_hits)
    return Walking(n_walks, n_steps, seed, start_cells(adata, start_ixs), stop_mask(adata, stop_ixs), hits)


def start_cells(adata: AnnData, rule: Any) -> NDArray[np.int32]:
    """The cells where walks may start, by :func:`velowidget.data.cells.choose_cells`; all for None."""
    return np.arange(adata.n_obs, dtype=np.int32) if rule is None else choose_cells(adata, rule, "start_ixs")


def stop_mask(adata: AnnData, rule: Any) -> NDArray[np.bool_] | None:
    """The cells where walks end, by :func:`velowidget.data.cells.choose_cells`, as a mask; None for None."""
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
