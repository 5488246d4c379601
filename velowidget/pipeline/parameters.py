"""What a picture shows: an immutable copy of the traits that results depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from velowidget.analyses.modes import NUMBERS, mode_in_use
from velowidget.core.custom import Scheme
from velowidget.data.reading import Settings

OF_THE_DATA = ("vkey", "xkey", "gene_subset", "conn_key", "n_neighbors", "symmetrize", "attr")
"""Attributes of `Parameters` that say what is read of the data for the chain."""


@dataclass(frozen=True)
class Parameters:
    """The values that results are computed for; `softmax_scale` is the number in use, also where it is automatic."""

    vkey: str
    xkey: str
    gene_subset: Any
    conn_key: str
    n_neighbors: int | None
    symmetrize: bool
    attr: str
    threshold: float
    connectivity_weight: float
    degenerate: str
    scheme: str
    softmax_scale: float | None  # None: automatic, and not known yet, or of a kernel that has none
    auto_scale: bool
    mode: str
    n_samples: int
    backward: bool
    backward_mode: str
    basis: str
    components: tuple[int, ...]
    smooth: float
    density: float
    cluster_key: str
    time_key: str
    n_sims: int
    max_iter: int  # steps
    successive_hits: int
    start_ixs: Any
    stop_ixs: Any
    seed: int
    own_scheme: Scheme | None = None  # the callable that a scheme is, where it is none of core's
    # Of which readings of the data these are, see `Inputs.dated`: velocities and neighbours, embedding, columns.
    of_data: Any = None
    of_places: Any = None
    of_flow_cells: Any = None
    of_walk_cells: Any = None

    @property
    def settings(self) -> Settings:
        """What is read of the data for the chain."""
        return Settings(
            *(self.vkey, self.xkey, self.gene_subset, self.conn_key, self.attr, self.n_neighbors, self.symmetrize)
        )

    @property
    def asked(self) -> str | Scheme:
        """The scheme as core knows it."""
        return self.own_scheme or self.scheme

    @property
    def direction(self) -> str:
        """``'forward'``, ``'transpose'`` or ``'negate'``."""
        return self.backward_mode if self.backward else "forward"

    @property
    def compared(self) -> str:
        """The direction in which similarities are computed.

        Core's own schemes are odd in the velocity: theirs are negated afterwards.
        """
        return "forward" if self.direction == "negate" and self.own_scheme is None else self.direction

    @property
    def mode_in_use(self) -> str:
        """The mode that is computed; backward by transpose, the deterministic one."""
        return mode_in_use(self.mode, self.backward, self.backward_mode)

    @property
    def mode_params(self) -> dict[str, Any]:
        """The mode in use and the numbers that it depends on, as the kernel's `params` have them."""
        mode = self.mode_in_use
        return {"mode": mode, **{name: getattr(self, name) for name in NUMBERS[mode]}}


# The traits that the other attributes of `Parameters` are made of.
_DIRECTION = ("backward", "backward_mode")
_MADE_OF: Mapping[str, tuple[str, ...]] = {
    "own_scheme": ("scheme",),
    "direction": _DIRECTION,
    "compared": ("scheme", *_DIRECTION),
    "mode_in_use": ("mode", *_DIRECTION),
    "mode_params": ("mode", *_DIRECTION, *sorted({name for names in NUMBERS.values() for name in names})),
    "attr": (),  # chosen when a pipeline is made
    "of_data": (),
    "of_places": (),
    "of_flow_cells": (),
    "of_walk_cells": (),
}


def traits_of(attributes: Iterable[str]) -> tuple[str, ...]:
    """Names of the traits that attributes of `Parameters` are made of, each once."""
    return tuple(dict.fromkeys(trait for name in attributes for trait in _MADE_OF.get(name, (name,))))


TRAITS = tuple(field.name for field in fields(Parameters) if field.name != "own_scheme" and field.name[:3] != "of_")
"""Names of the traits that `Parameters` copies, and `attr`."""
