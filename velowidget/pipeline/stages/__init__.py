"""The stages from data to picture, each in a file of its own, and which results are of the same parameters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from velowidget.pipeline.parameters import Parameters, traits_of
from velowidget.pipeline.stage import Stage
from velowidget.pipeline.stages import (
    belief,
    diagnostics,
    flow,
    flow_null,
    grid,
    lattice,
    null,
    particles,
    projection,
    similarity,
    stream,
    transitions,
    velocity,
    walks,
)

STAGES: Mapping[str, Stage] = {
    module.STAGE.name: module.STAGE
    for module in (
        *(similarity, velocity, transitions, projection, lattice, particles, grid, stream),
        *(null, diagnostics, belief, flow, flow_null, walks),
    )
}

FIELDS = {"grid": "grid", "arrows": "projection", "stream": "stream", "particles": "particles", "none": "T"}
"""What can be drawn, and the stage it needs."""


def with_ancestors(wanted: str) -> Iterator[Stage]:
    """The stages that `wanted` needs, itself last, each after those it takes."""
    seen: set[str] = set()

    def visit(name: str) -> Iterator[Stage]:
        if name in seen:
            return
        seen.add(name)
        for before in STAGES[name].after:
            yield from visit(before)
        yield STAGES[name]

    yield from visit(wanted)


def traits_behind(stage: str) -> tuple[str, ...]:
    """Names of the traits that a stage's result depends on."""
    return traits_of(name for needed in with_ancestors(stage) for name in needed.depends)


class Hashes:
    """Of the values that each stage's result depends on: equal ones, equal results.

    The same in every process for values that JSON has; a scheme that is a callable counts as itself alone, data by the
    numbers of their readings.

    Parameters
    ----------
    parameters
        Those that results are computed for.
    """

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters
        self._known: dict[str, str] = {}

    def __getitem__(self, stage: str) -> str:
        """Of a stage."""
        if stage not in self._known:
            of = STAGES[stage]
            values = {name: getattr(self._parameters, name) for name in of.depends}
            said = _encode([stage, values, [self[name] for name in of.after]])
            self._known[stage] = hashlib.blake2s(said.encode(), digest_size=8).hexdigest()
        return self._known[stage]

    def of(self, *stages: str) -> dict[str, str]:
        """Of stages and of those that they are made of."""
        return {needed.name: self[needed.name] for stage in stages for needed in with_ancestors(stage)}


def key(stage: Stage, parameters: Parameters) -> str:
    """The hash of one stage for parameters."""
    return Hashes(parameters)[stage.name]


def _named(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return f"{type(value).__module__}.{type(value).__qualname__} {id(value)}"


_encode = json.JSONEncoder(default=_named).encode
