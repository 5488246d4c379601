"""The stage ``'T'``: the Markov chain."""

from __future__ import annotations

from velowidget.analyses.probabilities import above_threshold
from velowidget.core.chain import Chain
from velowidget.core.mixing import mixed
from velowidget.pipeline.stage import Context, Stage


def compute(context: Context, velocity: Chain) -> Chain:
    """Leave out improbable steps, and mix with the connectivities; a given kernel's chain stays as it is."""
    inputs, parameters = context.inputs, context.parameters
    if inputs.kernel is not None:
        return velocity
    chain, weight = above_threshold(velocity, parameters.threshold), parameters.connectivity_weight
    if weight == 0:
        return chain
    other = inputs.connectivity(parameters.settings)
    return mixed(other.union, chain, other.chain, weight)


STAGE = Stage(
    name="T",
    label="Transition matrix",
    after=("velocity",),
    depends=("threshold", "connectivity_weight"),
    compute=compute,
)
