"""The stages of the flow between clusters, and what their results hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from velowidget.core.flow import Null, interval, masses, null, shares
from velowidget.kernels.groups import FlowCells

if TYPE_CHECKING:
    from velowidget.core.chain import Chain
    from velowidget.pipeline.stages import Context

Floats = NDArray[np.float64]

N_PERMUTATIONS, SEED = 200, 0


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
    softmax_scale
        The scale that it shows.
    """

    cells: FlowCells
    values: Floats
    expectation: Null
    staying: Floats
    softmax_scale: float

    @property
    def edges(self) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
        """Step, source and target of each pair of clusters that neighbours connect."""
        step, source, target = np.nonzero(self.expectation.expected > 0)
        return step, source, target


@dataclass(frozen=True, eq=False)
class FlowInterval:
    """Between which flows 95 % of those without direction lie, float64, in the shape of the flow's values."""

    flow: Flow
    low: Floats
    high: Floats

    @property
    def softmax_scale(self) -> float:
        """The scale that it shows."""
        return self.flow.softmax_scale


def compute_flow(context: Context, chain: Chain) -> Flow:
    """The stage ``'flow'``: light enough for every move of a slider, z included."""
    parameters = context.parameters
    cells = context.inputs.flow_cells(parameters.cluster_key, parameters.time_key)
    groups, steps = cells.groups, chain
    staying = np.zeros(groups.shape)
    if groups.lag == 0:
        known = groups.clusters >= 0
        at = groups.clusters[known]
        np.add.at(staying[0], (at, at), steps.staying[known])
    values = shares(masses(steps.graph, steps.probabilities, groups) + staying)
    expectation = null(steps.graph, steps.probabilities, groups, staying)
    return Flow(cells, values, expectation, staying, chain.softmax_scale)


def compute_interval(context: Context, chain: Chain, flow: Flow) -> FlowInterval:
    """The stage ``'flow_null'``: the permutations."""
    steps, groups = chain, flow.cells.groups
    low, high = interval(
        *(steps.graph, steps.probabilities, groups, flow.expectation, N_PERMUTATIONS, SEED, flow.staying),
        context.report,
    )
    return FlowInterval(flow, low, high)
