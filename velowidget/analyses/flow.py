"""Flow between clusters, as tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from velowidget.core.chain import Chain
from velowidget.core.flow import Groups, Null, interval, masses, null, shares
from velowidget.core.graph import Graph
from velowidget.data.groups import FlowCells


def flows_of(matrix: sp.csr_matrix, groups: Groups) -> NDArray[np.float64]:
    """Flow between clusters on a chain, float64, shape (n_steps, n_clusters, n_clusters); rows sum to 1, or to 0."""
    return shares(_masses_of(matrix, groups))


def compare(cells: FlowCells, chain: Chain, n_permutations: int, seed: int) -> pd.DataFrame:
    """The flow beside that of the same graph without direction; see `Kernel.flow_null`."""
    graph, values = chain.graph, chain.probabilities
    total = _masses_of(chain.matrix, cells.groups)
    staying = np.maximum(total - masses(graph, values, cells.groups), 0)
    expectation = null(graph, values, cells.groups, staying)
    wanted = replace(expectation, expected=cells.of_source(expectation.expected, 0))
    low, high = interval(graph, values, cells.groups, wanted, n_permutations, seed, staying)
    return null_table(cells, shares(total), wanted, low, high)


def flow_table(cells: FlowCells, flows: NDArray[np.float64]) -> pd.DataFrame:
    """Flows of shape (n_steps, n_clusters, n_clusters) as the wide table of `Kernel.flow`."""
    names = cells.names.rename("target")
    if cells.times is None:
        table = pd.DataFrame(flows[0], index=cells.names.rename("source"), columns=names)
        return table if cells.source is None else table.iloc[[cells.source]]
    if cells.source is not None:
        return pd.DataFrame(flows[:, cells.source], pd.Index(cells.times[:-1], name=cells.time_key), names)
    index = pd.MultiIndex.from_product([cells.times[:-1], cells.names], names=["time", "source"])
    return pd.DataFrame(flows.reshape(len(index), -1), index=index, columns=names)


def null_table(
    cells: FlowCells,
    flows: NDArray[np.float64],
    expectation: Null,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> pd.DataFrame:
    """One row for each edge of the expectation, as in `Kernel.flow_null`."""
    step, source, target = edge = np.nonzero(expectation.expected > 0)
    table = {} if cells.times is None else {"time": cells.times[step]}
    table |= {
        "source": cells.names[source],
        "target": cells.names[target],
        "flow": flows[edge],
        "expected": expectation.expected[edge],
        "ratio": flows[edge] / expectation.expected[edge],
        "low": low[edge],
        "high": high[edge],
        "z": expectation.z[edge],
    }
    return pd.DataFrame(table)


def _masses_of(matrix: sp.csr_matrix, groups: Groups) -> NDArray[np.float64]:
    return masses(Graph(matrix.indptr.astype(np.int64), matrix.indices), matrix.data, groups)
