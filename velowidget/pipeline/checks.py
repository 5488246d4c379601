"""What each parameter may be, and what follows for the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from contextlib import AbstractContextManager, suppress
from typing import Any, ClassVar

import numpy as np
import traitlets as t
from numpy.typing import NDArray

from velowidget.analyses.modes import MODES, checked_scheme, mode_in_use
from velowidget.analyses.walks import checked_steps
from velowidget.core.custom import Scheme
from velowidget.data.annotations import (
    Annotation,
    CategoricalAnnotation,
    ContinuousAnnotation,
)
from velowidget.data.arguments import checked_scale, one_of
from velowidget.data.cells import plain_rule
from velowidget.data.embeddings import bases, embedding_name
from velowidget.data.genes import plain_subset
from velowidget.data.graphs import graph_key
from velowidget.data.groups import FlowCells, first_source, place_of
from velowidget.data.limits import Limit, checked_limit
from velowidget.data.reading import Settings
from velowidget.data.velocity import check_layer
from velowidget.pipeline.events import Changed
from velowidget.pipeline.inputs import Inputs
from velowidget.pipeline.jobs import Jobs, Target
from velowidget.pipeline.selection import checked_cells
from velowidget.pipeline.table import entry_of, ranged
from velowidget.pipeline.traits import AUTOMATIC, DIAGNOSTICS, PARAMETERS, SETTINGS, TABLE, ParameterTraits
from velowidget.pipeline.values import plain_number
from velowidget.plugins.names import shown
from velowidget.plugins.registry import registry, require

# What no stage's result can tell: faces look at these again.
_ANNOUNCED = (
    *("basis", "components", "color", "layer", "vmin", "vmax", "palette", "field", "selection"),
    *("cluster_key", "time_key"),
)
# A float is a share of the cells: `max_iter` has a check of its own.
_RANGED = [name for name in ranged(TABLE) if name != "max_iter"]
# Choices of which nothing but the table knows the values.
_WORDS = ("backward_mode", "degenerate", "field", "layer")

_NO_GENES = "velocities of adata.obsm are not of genes; all columns are in use."


class CheckedParameters(ParameterTraits):
    """The parameters of a pipeline, every change of which goes through the one lock.

    A refused value raises `traitlets.TraitError`, which names the nearest valid one, and leaves all as it was.

    Attributes
    ----------
    inputs
        The data that values are checked against.
    jobs
        What is told of changes.
    """

    inputs: Inputs
    jobs: Jobs
    _attr: str
    _first_values: dict[str, Any]  # those that were refused
    _target: Callable[[], Target]
    _fixed: ClassVar[tuple[str, ...]] = SETTINGS

    def changing(self) -> AbstractContextManager[None]:
        """Context manager: hold the one lock, so that several assignments count as one change."""
        return self.jobs.changing()

    def values(self) -> dict[str, Any]:
        """The present parameters."""
        with self.changing():
            return {name: getattr(self, name) for name in PARAMETERS}

    # -- what each may be ---------------------------------------------------------------------------

    @t.validate(*_WORDS)
    def _check_word(self, proposal: Any) -> str | None:
        trait, value = proposal["trait"], proposal["value"]
        if value is None and trait.default_value is None:
            return None
        return one_of(trait.name, value, [offer.key for offer in entry_of(trait).control.offers(self)])

    @t.default("selection")
    def _select_nothing(self) -> NDArray[np.int32]:
        return checked_cells((), self.inputs.adata.n_obs)

    @t.validate("selection")
    def _check_selection(self, proposal: Any) -> NDArray[np.int32]:
        return checked_cells(proposal["value"], self.inputs.adata.n_obs)

    @t.validate(*_RANGED)
    def _check_range(self, proposal: Any) -> Any:
        trait, value = proposal["trait"], proposal["value"]
        entry_of(trait).control.check(trait.name, value)
        return value

    @t.validate("scheme")
    def _check_scheme(self, proposal: Any) -> str:
        self._own_scheme(proposal["value"], self.mode)
        return str(proposal["value"])

    @t.validate("mode")
    def _check_mode(self, proposal: Any) -> str:
        mode = one_of("mode", proposal["value"], MODES)
        if mode == "stochastic":
            self._own_scheme(self.scheme, mode)
        return mode

    @t.validate("vkey", "xkey")
    def _check_layer(self, proposal: Any) -> str:
        name, key = proposal["trait"].name, proposal["value"]
        check_layer(self.inputs.adata, self.attr, name, key, self.xkey if name == "vkey" else self.vkey)
        return str(key)

    @t.validate("gene_subset")
    def _check_genes(self, proposal: Any) -> Any:
        if proposal["value"] is None:
            return None
        if self.attr == "obsm":
            raise ValueError(f"gene_subset: {_NO_GENES}")
        return plain_subset(self.inputs.adata, self.vkey, proposal["value"])

    @t.validate("conn_key")
    def _check_graph(self, proposal: Any) -> str:
        graph_key(self.inputs.adata, proposal["value"])
        return str(proposal["value"])

    @t.validate("palette")
    def _check_palette(self, proposal: Any) -> str:
        palettes = registry.contributions("palettes")
        name = one_of("palette", proposal["value"], (AUTOMATIC, *palettes))
        if name != AUTOMATIC:
            require(palettes[name], self.inputs.adata)
        return name

    @t.validate("basis")
    def _check_basis(self, proposal: Any) -> str:
        if not proposal["value"]:
            raise ValueError(f"Name an embedding: {', '.join(map(repr, bases(self.inputs.adata)))}.")
        name = embedding_name(self.inputs.adata, proposal["value"])
        self.inputs.plane(name, ())
        return name

    @t.default("components")
    def _first_components(self) -> list[int]:
        return []

    @t.validate("components")
    def _check_components(self, proposal: Any) -> list[int]:
        value = proposal["value"]
        if not isinstance(value, list | tuple) or not all(type(c) is int for c in map(plain_number, value)):
            raise TypeError(f"components must be two or three different whole numbers, or none, not {shown(value)}.")
        components = [int(c) for c in value]
        self.inputs.plane(self.basis, tuple(components))
        return components

    @t.validate("color")
    def _check_color(self, proposal: Any) -> str:
        self._read_color(proposal["value"], self.layer)
        return str(proposal["value"])

    @t.validate("vmin", "vmax")
    def _check_limit(self, proposal: Any) -> Limit:
        return checked_limit(proposal["trait"].name, proposal["value"])  # one after the other: swapped at times

    @t.validate("cluster_key", "time_key")
    def _check_flow_column(self, proposal: Any) -> str:
        if proposal["value"]:
            self.inputs.flow_cells(self.cluster_key, self.time_key)
        return str(proposal["value"])

    @t.validate("cluster")
    def _check_cluster(self, proposal: Any) -> str:
        if proposal["value"]:
            place_of(proposal["value"], self.flow_cells.names, self.cluster_key)
        elif self.time_key and self.cluster_key:
            return first_source(self.flow_cells)
        return str(proposal["value"])

    @t.validate("softmax_scale")
    def _check_scale(self, proposal: Any) -> float | None:
        return None if proposal["value"] is None else checked_scale(proposal["value"])

    @t.validate("start_ixs", "stop_ixs")
    def _check_cells(self, proposal: Any) -> Any:
        return plain_rule(self.inputs.adata, proposal["value"], proposal["trait"].name)

    @t.validate("max_iter")
    def _check_max_iter(self, proposal: Any) -> Any:
        checked_steps(proposal["value"], self.inputs.adata.n_obs)
        return proposal["value"]

    @t.validate("step")
    def _check_step(self, proposal: Any) -> int:
        last = checked_steps(self.max_iter, self.inputs.adata.n_obs)
        if not 0 <= proposal["value"] <= last:
            raise ValueError(f"step must be from 0 to {last}, the number of steps, not {shown(proposal['value'])}.")
        return int(proposal["value"])

    def _replaced(self, names: Set[str]) -> None:
        for name in _ANNOUNCED:
            if name in names:
                self.jobs.announce(Changed(name))

    # -- what follows from what -----------------------------------------------------------------------

    def _follow_up(self, given: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        values = self._trait_values
        if "components" not in given and values["basis"] != before["basis"]:
            values["components"] = []  # those of another embedding mean nothing here
        if values["color"] != before["color"] or values["layer"] != before["layer"]:
            for name in {"vmin", "vmax"} - given.keys():  # numbers of another colour mean nothing here
                if not isinstance(values[name], str):
                    values[name] = None
        if "cluster" not in given and not given.keys().isdisjoint(("cluster_key", "time_key")):
            names = map(str, self.flow_cells.names) if self.cluster_key else ()
            values["cluster"] = self.cluster if self.cluster and self.cluster in names else ""
            self._check("cluster")  # without a name it is another with times
        if "step" not in given:
            values["step"] = min(self.step, checked_steps(self.max_iter, self.inputs.adata.n_obs))
        if "softmax_scale" in given and "auto_scale" not in given:
            values["auto_scale"] = self.softmax_scale is None
        if self.auto_scale:  # also where both are given
            values["softmax_scale"] = self.automatic_scale
        elif self.softmax_scale is None:
            known = before["softmax_scale"]
            values["softmax_scale"] = self.automatic_scale if known is None else known

    def _take_automatic_scale(self) -> None:
        """Use the automatic scale, which has been computed, if no number is given."""
        with self.changing():
            if self.auto_scale or self.softmax_scale is None:
                self._replace({**self._values, "softmax_scale": self.automatic_scale}, self._refused)

    # -- what is read of the data ----------------------------------------------------------------------

    @property
    def attr(self) -> str:
        """``'layers'`` or ``'obsm'``: what `vkey` and `xkey` are keys of."""
        return self._attr

    @property
    def n_genes(self) -> int | None:
        """Number of genes in use; None before they are read, and where there are no velocities."""
        return self.inputs.n_genes(self.settings)

    # -- what faces ask ------------------------------------------------------------------------------

    def in_use(self, name: str) -> Any:
        """The value of a parameter that is computed with or drawn; of `'colors'`, of what kind they are."""
        match name:
            case "mode":
                return mode_in_use(self.mode, self.backward, self.backward_mode)
            case "colors":
                return (
                    "categorical" if isinstance(self._read_color(self.color, self.layer), CategoricalAnnotation) else ""
                )
        return getattr(self, name)

    def reason_against(self, name: str) -> str | None:
        """Why a parameter cannot be changed; None if it can."""
        kernel = self.inputs.kernel
        if kernel is not None and name in kernel.fixed:
            return kernel.reason
        return _NO_GENES if name == "gene_subset" and self.attr == "obsm" else None

    @property
    def settings(self) -> Settings:
        """What is read of the data for the chain."""
        return Settings(
            *(self.vkey, self.xkey, self.gene_subset, self.conn_key, self.attr, self.n_neighbors, self.symmetrize)
        )

    # -- what checks need ---------------------------------------------------------------------------

    @property
    def automatic_scale(self) -> float | None:
        """The automatic softmax scale for the present scheme and direction; None while it is not known."""
        computed = self.jobs.latest("similarity", self._target().parameters)
        similar = None if computed is None else computed.value
        scale = float("nan") if similar is None else similar.automatic_scale
        return None if np.isnan(scale) else float(scale)

    @property
    def flow_cells(self) -> FlowCells:
        """Clusters and times that the flow is between."""
        return self.inputs.flow_cells(self.cluster_key, self.time_key)

    @property
    def diagnostics(self) -> tuple[str, ...]:
        """Those of `DIAGNOSTICS` that the chain has."""
        return DIAGNOSTICS if self.inputs.kernel is None else self.inputs.kernel.diagnostics

    def is_diagnostic(self, color: str) -> bool:
        """Whether a colour is one of `DIAGNOSTICS`, and nothing of the data's."""
        adata = self.inputs.adata
        return color in self.diagnostics and color not in adata.obs and color not in adata.var_names

    def _read_color(self, color: str, layer: str | None) -> Annotation | None:
        if not self.is_diagnostic(color):
            return self.inputs.annotation(color, layer) if color else None
        computed = self.jobs.latest("diagnostics")
        values = np.full(self.inputs.adata.n_obs, np.nan) if computed is None else getattr(computed.value, color)
        return ContinuousAnnotation(color, "diagnostics", values)

    def _own_scheme(self, name: str, mode: str) -> Scheme | None:
        """The callable that a scheme is, which must have what the mode needs; None for one of core's.

        Also backward by transpose, which is deterministic: so the direction can change at any time.
        """
        scheme = checked_scheme(name, mode)
        require(registry.get("schemes", name), self.inputs.adata)
        return None if isinstance(scheme, str) else scheme

    def _set_default(self, name: str, usable: Sequence[str]) -> None:
        """Set the first value that is not refused; if there is none, the stage that needs one says so."""
        for value in usable:
            with suppress(t.TraitError):
                setattr(self, name, value)
                return

    def _set_first(self, values: Mapping[str, Any]) -> None:
        """Set first values; if one is refused, those that are not."""
        with suppress(t.TraitError), self.hold_trait_notifications():
            for name, value in values.items():
                setattr(self, name, value)
            return
        for name, value in values.items():
            try:
                setattr(self, name, value)
            except t.TraitError as error:
                self._refused = {**self._refused, name: error}
                self._first_values[name] = value
