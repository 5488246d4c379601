"""What a stage is: one step from the data to a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from velowidget.core.blocks import Report
from velowidget.pipeline.inputs import Inputs
from velowidget.pipeline.parameters import Parameters

Wired = tuple[Mapping[str, Any], Mapping[str, NDArray[Any]]]
"""JSON values and arrays, by name."""


@dataclass(frozen=True, eq=False)
class Context:
    """What every stage is given: the data, the parameters, and whom to tell of progress."""

    inputs: Inputs
    parameters: Parameters
    report: Report


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step of the computation.

    Attributes
    ----------
    name, label
        For programs and for people.
    after
        Stages whose results it takes, in this order.
    depends
        Attributes of `Parameters` that it depends on itself.
    compute
        ``compute(context, *results of the stages in after)``; touches nothing else.
    to_wire
        A result's JSON values and arrays, as faces outside of this process get them. None: it only leads to others.
    panel
        The panel that shows it, and says so if it cannot be computed.
    unit
        What its progress counts.
    code
        Attributes of `Parameters` that decide which compiled code it runs.
    pace
        Attributes of `Parameters` that its time may depend on so much that one value's says nothing of another's.
    """

    name: str
    label: str
    after: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    compute: Callable[..., Any]
    to_wire: Callable[[Any], Wired] | None = None
    panel: str = "embedding"
    unit: str = "cells"
    code: tuple[str, ...] = ()
    pace: tuple[str, ...] = ()
