"""The stage ``'flow_null'``: between which flows those without direction lie."""

from __future__ import annotations

from dataclasses import dataclass

from velowidget.core.chain import Chain
from velowidget.core.flow import interval
from velowidget.pipeline.stage import Context, Stage, Wired
from velowidget.pipeline.stages.flow import Floats, Flow, on_edges

N_PERMUTATIONS, SEED = 200, 0


@dataclass(frozen=True, eq=False)
class FlowInterval:
    """Between which flows 95 % of those without direction lie, float64, in the shape of the flow's values."""

    flow: Flow
    low: Floats
    high: Floats


def compute(context: Context, chain: Chain, flow: Flow) -> FlowInterval:
    """Permute the clusters."""
    groups = flow.cells.groups
    low, high = interval(
        *(chain.graph, chain.probabilities, groups, flow.expectation, N_PERMUTATIONS, SEED, flow.staying),
        context.report,
    )
    return FlowInterval(flow, low, high)


def to_wire(value: FlowInterval) -> Wired:
    """As the flow's, with `low` and `high`."""
    return on_edges(value.flow, {"low": value.low, "high": value.high})


STAGE = Stage(
    name="flow_null",
    label="Flow without direction",
    after=("T", "flow"),
    compute=compute,
    to_wire=to_wire,
    panel="flow",
    unit="permutations",
)
