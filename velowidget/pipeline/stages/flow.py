"""The stage ``'flow'``: flow between clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velowidget.core.chain import Chain
from velowidget.core.flow import Null, masses, null, shares
from velowidget.data.groups import FlowCells
from velowidget.pipeline.stage import Context, Stage, Wired

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Flow:
    """Flow between all clusters, beside what is expected without direction.

    Attributes
    ----------
    cells
        Which cells it is between.
    values
        float64, shape (n_steps, n_clusters, n_clusters).
    expectation
        Of the same shape; see :func:`velowidget.core.flow.null`.
    staying
        Masses of the cells that stay where they are.
    """

    cells: FlowCells
    values: Floats
    expectation: Null
    staying: Floats

    @property
    def edges(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Step, source and target of each pair of clusters that neighbours connect."""
        step, source, target = np.nonzero(self.expectation.expected > 0)
        return step, source, target


def compute(context: Context, chain: Chain) -> Flow:
    """Compute it: light enough for every move of a slider, z included."""
    parameters = context.parameters
    cells = context.inputs.flow_cells(parameters.cluster_key, parameters.time_key)
    groups = cells.groups
    staying = np.zeros(groups.shape)
    if groups.lag == 0:
        known = groups.clusters >= 0
        at = groups.clusters[known]
        np.add.at(staying[0], (at, at), chain.staying[known])
    values = shares(masses(chain.graph, chain.probabilities, groups) + staying)
    expectation = null(chain.graph, chain.probabilities, groups, staying)
    return Flow(cells, values, expectation, staying)


def on_edges(flow: Flow, numbers: dict[str, Floats]) -> Wired:
    """Numbers of the pairs of clusters that neighbours connect, always in one order, and which pairs these are."""
    edges = flow.edges
    arrays: dict[str, NDArray[Any]] = {"edges": np.column_stack(edges).astype(np.int32)}
    arrays |= {name: array[edges] for name, array in numbers.items()}
    return {"time_key": flow.cells.time_key or "", "cluster_key": flow.cells.cluster_key}, arrays


def to_wire(flow: Flow) -> Wired:
    """The columns; step, source and target of each edge, and `flow`, `expected` and `z` on it."""
    return on_edges(flow, {"flow": flow.values, "expected": flow.expectation.expected, "z": flow.expectation.z})


STAGE = Stage(
    name="flow",
    label="Flow",
    after=("T",),
    depends=("cluster_key", "time_key", "of_flow_cells"),
    compute=compute,
    to_wire=to_wire,
    panel="flow",
)
