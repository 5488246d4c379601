"""The stage ``'velocity'``: transition probabilities of the velocities alone."""

from __future__ import annotations

from velowidget.analyses.modes import expected
from velowidget.analyses.probabilities import automatic_scale, defined_transitions
from velowidget.core.chain import Chain
from velowidget.core.similarity import Similarity
from velowidget.pipeline.stage import Context, Stage


def compute(context: Context, similar: Similarity | None) -> Chain:
    """Transition probabilities of the present mode; of a given kernel its own."""
    inputs, parameters = context.inputs, context.parameters
    if inputs.kernel is not None:
        return inputs.kernel.chain_for(inputs.adata)
    assert similar is not None  # or a kernel was given
    directed = similar if parameters.compared == parameters.direction else similar.reversed()
    # Similarities without an automatic scale have an error that says why.
    scale = automatic_scale(directed) if parameters.softmax_scale is None else parameters.softmax_scale
    graph, params = inputs.graph(parameters.settings), {**parameters.mode_params, "softmax_scale": scale}
    with inputs.velocities(parameters.settings, are_used=parameters.mode_in_use != "deterministic") as data:
        assert data is not None  # or a kernel was given
        found, probabilities = expected(
            graph, data, parameters.asked, params, parameters.direction, lambda: directed, context.report
        )
    return defined_transitions(
        inputs.adata, graph, found, probabilities, parameters.degenerate, scale, parameters.direction
    )


STAGE = Stage(
    name="velocity",
    label="Transition probabilities",
    after=("similarity",),
    depends=("softmax_scale", "auto_scale", "direction", "mode_params", "degenerate"),
    compute=compute,
    code=("mode_in_use",),
    pace=("scheme", "mode_in_use", "n_samples"),
)
