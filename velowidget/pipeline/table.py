"""What faces show of a parameter: said once, where its trait is declared, in :mod:`velowidget.pipeline.traits`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import traitlets as t

from velowidget.plugins.names import shown

Trait = TypeVar("Trait", bound=t.TraitType[Any, Any])

CHAIN = ("scale", "chain", "data")
"""Groups of the parameters that the chain is computed from."""


@dataclass(frozen=True)
class Offer:
    """One value of a choice.

    Attributes
    ----------
    key
        The value.
    title, help
        For people.
    reason
        Why it cannot be chosen with these data; None if it can.
    numbers
        Names of the parameters that matter only with this value.
    """

    key: str
    title: str
    help: str = ""
    reason: str | None = None
    numbers: tuple[str, ...] = ()


def named(keys: Sequence[str]) -> list[Offer]:
    """Offers that are called as they are."""
    return [Offer(key, key) for key in keys]


@dataclass(frozen=True)
class Control:
    """How a face lets people change a value.

    Attributes
    ----------
    kind
        What faces choose their own control by.
    low, high
        Ends of the control; None where it has none.
    """

    kind: ClassVar[str]
    low: float | None = None
    high: float | None = None

    def check(self, name: str, value: Any) -> None:
        """Raise a ValueError if a number is not within the ends."""
        assert self.low is not None
        assert self.high is not None
        if not self.low <= value <= self.high:
            raise ValueError(f"{name} must be from {self.low:g} to {self.high:g}, not {shown(value)}.")

    def offers(self, _pipeline: Any) -> Sequence[Offer]:
        """The values that can be chosen, given the data."""
        return ()


@dataclass(frozen=True)
class LogSlider(Control):
    """A slider on which equal ways are equal factors."""

    kind = "log_slider"


@dataclass(frozen=True)
class Slider(Control):
    """A slider on which equal ways are equal differences.

    Attributes
    ----------
    below
        Larger values can be set from Python, up to, but not, this; None for none.
    """

    kind = "slider"
    below: float | None = None

    def check(self, name: str, value: Any) -> None:
        """As `Control.check`."""
        if self.below is None:
            super().check(name, value)
        elif self.low is not None and not self.low <= value < self.below:
            raise ValueError(f"{name} must be >= {self.low:g} and < {self.below:g}, got {shown(value)}.")


@dataclass(frozen=True)
class Count(Control):
    """A whole number, to be typed or stepped; less than 2 to the power of `bits`.

    Attributes
    ----------
    none
        What None means, if it can be that: a field left empty.
    """

    kind = "count"
    bits: int = 32
    none: str | None = None

    def check(self, name: str, value: Any) -> None:
        """As `Control.check`."""
        if value is None:
            return
        if self.low is not None and value < self.low:
            raise ValueError(f"{name} must be at least {self.low:g}, not {shown(value)}.")
        if value >= 2**self.bits:
            raise ValueError(f"{name} must be less than 2^{self.bits}, not {shown(value)}.")

    def offers(self, _pipeline: Any) -> Sequence[Offer]:
        """What None means, if it can be that."""
        return [] if self.none is None else [Offer("", self.none)]


@dataclass(frozen=True)
class Toggle(Control):
    """On or off."""

    kind = "toggle"


@dataclass(frozen=True)
class Choice(Control):
    """One of several values; `listed` gives them for a pipeline."""

    kind = "choice"
    listed: Callable[[Any], Sequence[Offer]] = field(kw_only=True)

    def offers(self, pipeline: Any) -> Sequence[Offer]:
        """As `Control.offers`."""
        return self.listed(pipeline)


@dataclass(frozen=True)
class Genes(Choice):
    """Genes: one of several choices, some of which take a number.

    Keys of `listed` are ``''`` for None, a value as it is, or ``'top:COLUMN'`` for ``{COLUMN: number}``.
    """

    kind = "genes"


@dataclass(frozen=True)
class Cells(Control):
    """Cells; `none` says what None means."""

    kind = "cells"
    none: str = field(kw_only=True)

    def offers(self, _pipeline: Any) -> Sequence[Offer]:
        """What None means."""
        return [Offer("", self.none)]


@dataclass(frozen=True)
class Own(Control):
    """A control that each face has made for this parameter, or none."""

    kind = "own"


@dataclass(frozen=True)
class Entry:
    """What faces show of a parameter besides its trait's help.

    Attributes
    ----------
    title
        What its control is called.
    group
        The panel or part of one that the control is in: 'scale', 'chain', 'embedding', 'view', 'drawing',
        'flow' or 'walks'.
    control
        Kind of control, with its ends or offers.
    within
        The parameter whose control shows this one, too; empty for a control of its own.
    when
        By name, the values of other parameters with which it matters; empty if it always does. Names are those that
        `ParameterTraits.in_use` knows.
    titles
        Other titles, by name and value of another parameter.
    instant
        Whether a face answers it by itself, without Python.
    in_napari
        Whether napari's dock has a control for it.
    details
        What else Python users should know, besides the help.
    """

    title: str
    group: str
    control: Control
    within: str = ""
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    titles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    instant: bool = False
    in_napari: bool = True
    details: str = ""

    def matters(self, in_use: Callable[[str], Any]) -> bool:
        """Whether the parameter has an effect, given the values in use."""
        return all(in_use(name) in values for name, values in self.when.items())

    def title_now(self, in_use: Callable[[str], Any]) -> str:
        """The title, given the values in use."""
        others = (titles.get(in_use(name)) for name, titles in self.titles.items())
        return next(filter(None, others), self.title)


def entry(trait: Trait, title: str, group: str, control: Control, **more: Any) -> Trait:
    """Declare a parameter: its trait, and what faces show of it, see `Entry`."""
    trait.tag(entry=Entry(title, group, control, **more))
    return trait


def entry_of(trait: t.TraitType[Any, Any]) -> Entry:
    """What faces show of a parameter."""
    found = trait.metadata["entry"]
    assert isinstance(found, Entry)
    return found


def declared(namespace: Mapping[str, Any]) -> Iterator[tuple[str, t.TraitType[Any, Any]]]:
    """Names and traits of the parameters that a class body declares, in its order."""
    for name, value in namespace.items():
        if isinstance(value, t.TraitType) and "entry" in value.metadata:
            yield name, value


def ranged(namespace: Mapping[str, Any]) -> list[str]:
    """Of these, the names of those whose control has ends."""
    return [name for name, trait in declared(namespace) if entry_of(trait).control.low is not None]
