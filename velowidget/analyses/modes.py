"""The velocity kernel's modes: which of core's functions gives similarities and probabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from velowidget.core.blocks import Report
from velowidget.core.custom import Scheme, custom_monte_carlo, custom_similarity, custom_stochastic
from velowidget.core.graph import Graph
from velowidget.core.moments import draw_velocities
from velowidget.core.monte_carlo import monte_carlo
from velowidget.core.similarity import SCHEMES, Similarity, similarity, without_defined
from velowidget.core.softmax import row_softmax
from velowidget.core.stochastic import stochastic
from velowidget.data.arguments import one_of
from velowidget.data.messages import shown
from velowidget.data.velocity import VelocityData
from velowidget.plugins.registry import registry

NUMBERS: Mapping[str, tuple[str, ...]] = {
    "deterministic": (),
    "stochastic": (),
    "sampling": ("seed",),
    "monte_carlo": ("n_samples", "seed"),
}
"""The modes, and the numbers that each depends on."""
MODES = tuple(NUMBERS)
BACKWARD_MODES = ("transpose", "negate")

Results = tuple[Similarity, NDArray[np.float64]]


def mode_in_use(mode: str, backward: bool, backward_mode: str) -> str:
    """The mode that is computed: backward by transpose, there is the deterministic one only."""
    return "deterministic" if backward and backward_mode == "transpose" else mode


def checked_scheme(scheme: object, mode: str) -> str | Scheme:
    """Return a scheme as core knows it: one of its own names, or a callable that has what the mode needs.

    Parameters
    ----------
    scheme
        Name of a scheme, ours or a plugin's, or a callable.
    mode
        The kernel's.

    Raises
    ------
    TypeError, ValueError
        If it is neither, or the mode is stochastic and it has no second derivatives.
    velowidget.plugins.PluginError
        If the plugin that it is of cannot be used.
    """
    if isinstance(scheme, str):
        scheme = registry.load("schemes", one_of("scheme", scheme, registry.contributions("schemes")))
        if isinstance(scheme, str):
            return one_of("scheme", scheme, SCHEMES)
    if not callable(scheme):
        raise TypeError(f"scheme must be one of {', '.join(map(repr, SCHEMES))}, or a callable, not {shown(scheme)}.")
    if mode == "stochastic" and not callable(getattr(scheme, "hessian", None)):
        raise TypeError(
            f"mode='stochastic' needs the second derivatives of a scheme, and {name_of(scheme)} has no method hessian. "
            "Choose mode='monte_carlo', which needs none, or give it hessian(v, d, scale): the second derivatives of "
            "the probabilities by the velocity, shape (n_neighbors, n_genes), or all, shape (n_neighbors, n_genes, "
            "n_genes)."
        )
    return scheme


def name_of(scheme: str | Scheme) -> str:
    """A scheme as text, for `params`: a callable's qualified name, or that of its class."""
    if isinstance(scheme, str):
        return scheme
    named = scheme if hasattr(scheme, "__qualname__") else type(scheme)
    return f"{named.__module__}.{named.__qualname__}"


def same_scheme(scheme: str | Scheme, other: str | Scheme | None) -> bool:
    """Whether two schemes are the same name, or the same object."""
    return scheme == other if isinstance(scheme, str) and isinstance(other, str) else scheme is other


def similarities(
    graph: Graph, data: VelocityData, scheme: str | Scheme, direction: str, report: Report | None
) -> Similarity:
    """Deterministic similarities in a direction: ``'forward'``, ``'transpose'`` or ``'negate'``."""
    transposed = direction == "transpose"
    if not isinstance(scheme, str):
        sign = _sign(direction)
        similar, _ = custom_similarity(
            graph, data.x, data.v, scheme, 1.0, transposed=transposed, sign=sign, report=report
        )
        return _without_place(graph, data, similar)
    similar = similarity(graph, data.x, data.v, scheme, transposed=transposed, report=report)
    return _without_place(graph, data, similar.reversed() if direction == "negate" else similar)


def expected(
    graph: Graph,
    data: VelocityData,
    scheme: str | Scheme,
    params: Mapping[str, Any],
    direction: str,
    similar: Callable[[], Similarity],
    report: Report | None,
) -> Results:
    """Similarities in a direction, and the probabilities on the edges.

    Parameters
    ----------
    graph, data
        Neighbourhoods, expression and velocity.
    scheme, direction
        As in `similarities`.
    params
        ``mode``, ``softmax_scale`` and the mode's `NUMBERS`.
    similar
        Gives the deterministic similarities of the scheme and direction.
    report
        Progress, in cells.
    """
    if isinstance(scheme, str) and params["mode"] == "deterministic":
        directed = similar()
        return directed, row_softmax(graph, directed.logits, params["softmax_scale"])
    if isinstance(scheme, str):
        found, probabilities = _random(graph, data, scheme, params, direction, report)
    else:
        found, probabilities = _custom(graph, data, scheme, params, direction, report)
    placed = _without_place(graph, data, found)
    if placed is not found:
        assert data.placed is not None
        alike = ~data.placed[graph.sources]
        probabilities[alike] = 1 / graph.degree[graph.sources[alike]]
    return placed, probabilities


def _without_place(graph: Graph, data: VelocityData, found: Similarity) -> Similarity:
    """Similarities, 0 for each neighbour of a cell whose expression is unknown, whatever its mode and direction."""
    if data.placed is None:
        return found
    logits = np.where(data.placed[graph.sources], found.logits, 0.0)
    still = found.still | ~data.placed
    return Similarity(logits, still, without_defined(graph, logits))


def _random(
    graph: Graph, data: VelocityData, scheme: str, params: Mapping[str, Any], direction: str, report: Report | None
) -> Results:
    """The modes of core's schemes that take velocities as random."""
    x, v, mode, scale = data.x, data.v, params["mode"], params["softmax_scale"]
    negated = direction == "negate"
    if mode == "sampling":
        drawn = similarity(graph, x, draw_velocities(graph, v, params["seed"], report=report), scheme, report=report)
        directed = drawn.reversed() if negated else drawn
        return directed, row_softmax(graph, directed.logits, scale)
    # Every scheme is odd in the velocity: negated velocities are a negative scale.
    signed = -scale if negated else scale
    if mode == "stochastic":
        found, probabilities = stochastic(graph, x, v, scheme, signed, report=report)
    else:
        found, probabilities = monte_carlo(
            graph, x, v, scheme, signed, params["n_samples"], params["seed"], report=report
        )
    return (found.reversed() if negated else found), probabilities


def _custom(
    graph: Graph, data: VelocityData, scheme: Scheme, params: Mapping[str, Any], direction: str, report: Report | None
) -> Results:
    x, v, mode, scale, sign = data.x, data.v, params["mode"], params["softmax_scale"], _sign(direction)
    if mode == "stochastic":
        return custom_stochastic(graph, x, v, scheme, scale, sign=sign, report=report)
    if mode == "monte_carlo":
        n_samples, seed = params["n_samples"], params["seed"]
        return custom_monte_carlo(graph, x, v, scheme, scale, n_samples, seed, sign=sign, report=report)
    if mode == "sampling":
        v = draw_velocities(graph, v, params["seed"], report=report)
    transposed = direction == "transpose"
    return custom_similarity(graph, x, v, scheme, scale, transposed=transposed, sign=sign, report=report)


def _sign(direction: str) -> float:
    return -1.0 if direction == "negate" else 1.0
