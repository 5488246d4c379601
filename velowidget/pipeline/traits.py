"""The parameters as traits: what each may be, and what one has to do with another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import traitlets as t
from numpy.typing import NDArray

from velowidget.core.custom import Scheme
from velowidget.kernels.annotations import (
    Annotation,
    ContinuousAnnotation,
    color_layers,
)
from velowidget.kernels.arguments import checked_count, checked_scale, one_of
from velowidget.kernels.cells import plain_rule
from velowidget.kernels.embeddings import bases, embedding_name
from velowidget.kernels.groups import FlowCells, first_source, place_of
from velowidget.kernels.limits import Limit, checked_limit
from velowidget.kernels.modes import BACKWARD_MODES, MODES, checked_scheme
from velowidget.kernels.velocity import DEGENERATE
from velowidget.kernels.walks import checked_steps
from velowidget.pipeline.events import Changed
from velowidget.pipeline.inputs import Inputs
from velowidget.pipeline.jobs import Jobs
from velowidget.pipeline.selection import Cells, checked_cells
from velowidget.pipeline.walks import checked_number
from velowidget.plugins.registry import PluginError, registry, require

FIELDS = {"grid": "grid", "arrows": "projection", "stream": "stream", "particles": "particles", "none": "T"}
"""What can be drawn, and the stage it needs."""

RANGES = {
    "smooth": (0.1, 5.0),
    "density": (0.2, 4.0),
    "arrow_length": (0.1, 5.0),
    "point_size": (0.1, 10.0),
    "opacity": (0.05, 1.0),
}
"""Smallest and largest value of the numbers that say how it is drawn."""

AUTOMATIC = "auto"

DIAGNOSTICS = ("fidelity", "support", "entropy")
"""What cells can be coloured by besides what the data have."""


class ParameterTraits(t.HasTraits):
    """The traits of a pipeline, every change of which goes through the one lock.

    A refused value raises `traitlets.TraitError`, which names the nearest valid one, and leaves the trait as it was.

    Attributes
    ----------
    inputs
        The data that values are checked against.
    jobs
        What is told of changes.
    """

    inputs: Inputs
    jobs: Jobs
    _refused: dict[str, Exception]  # first values, by name: nothing is computed until they are mended
    _first_values: dict[str, Any]  # those that were refused
    _trusted: bool
    _limited: tuple[str, str | None]  # colour and layer that `vmin` and `vmax` were set for
    _scale_known: bool  # whether there has been a number other than the placeholder

    softmax_scale: t.TraitType[float, Any] = t.TraitType(
        4.0, help="Number in use, larger than 0; a placeholder until the automatic one is first known."
    )
    auto_scale = t.Bool(True, help="Whether the softmax scale follows the data.")
    scheme = t.Unicode("correlation", help="Similarity of velocity and displacement.")
    mode = t.Unicode("deterministic", help="How velocities are taken: as they are, or as random.")
    n_samples = t.Int(1000, help="How many velocities of each cell the mode 'monte_carlo' draws.")
    backward = t.Bool(False, help="Direction of the process.")
    backward_mode = t.Unicode("transpose", help="How a backward kernel uses velocities: 'transpose' or 'negate'.")
    basis = t.Unicode("", help="Embedding: its key in obsm, without 'X_'.")
    components: t.List[int] = t.List(
        t.Int(),
        help="Two or three columns of the embedding, counted from 1; none for the first, all if there are three.",
    )
    color = t.Unicode("", help="Column of obs, else a gene; 'obs:NAME', 'gene:NAME', 'LAYER:GENE' decide; '' for none.")
    layer: t.TraitType[Any, Any] = t.TraitType(
        None, help="Where colours of genes are from; None for adata.X, else 'Ms'."
    )
    vmin: t.TraitType[Any, Any] = t.TraitType(
        None, help="Lower limit of colours: a number, 'p1' or None, see `limits`."
    )
    vmax: t.TraitType[Any, Any] = t.TraitType(None, help="Upper limit of colours: a number, 'p99' or None.")
    field = t.Unicode("grid", help="What is drawn: 'grid', 'arrows', 'stream', 'particles' or 'none'.")
    smooth = t.Float(0.8, help="Standard deviation of the Gaussian that averages arrows, in distances on the grid.")
    density = t.Float(1.0, help="Of grid arrows and lines: 32 along the longest side, times this.")
    arrow_length = t.Float(1.0, help="Length of arrows and speed of particles, times this.")
    point_size = t.Float(1.0, help="Size of cells, times this.")
    opacity = t.Float(0.9, help="Of cells, up to 1.")
    honest = t.Bool(True, help="Whether what is drawn fades where it deserves less belief.")
    palette = t.Unicode("auto", help="Colours of categories: 'auto' for the data's own, else a palette's.")
    selection = Cells(help="Indices of the selected cells, int32, ascending, read-only; nothing is computed from it.")
    cluster_key = t.Unicode("", help="Column of obs with the clusters that flow goes between; '' for none.")
    time_key = t.Unicode("", help="Column of obs with experimental times; '' for none.")
    cluster = t.Unicode("", help="The cluster whose flow is looked at; with a time key always one, else '' for all.")
    min_flow = t.Float(0.0, help="Only flows above this are drawn.")
    n_sims = t.Int(200, help="Number of random walks.")
    max_iter: t.TraitType[Any, Any] = t.Any(100, help="Their steps; as a float, share of the number of cells.")
    successive_hits = t.Int(0, help="Further cells of `stop_ixs` directly after the first that end a walk.")
    start_ixs: t.TraitType[Any, Any] = t.Any(None, help="Cells where walks start, see `choose_cells`; None is all.")
    stop_ixs: t.TraitType[Any, Any] = t.Any(None, help="Cells where walks end; None is none.")
    seed = t.Int(0, help="Of the walks, and of what a mode draws.")
    step = t.Int(0, help="The step that is looked at.")

    def changing(self) -> Any:
        """Context manager: hold the one lock, so that several assignments count as one change."""
        return self.jobs.changing()

    def __setattr__(self, name: str, value: Any) -> None:
        if name in PARAMETERS:
            with self.changing():
                super().__setattr__(name, plain_number(value))
                self._refused.pop(name, None)
        else:
            super().__setattr__(name, value)

    @contextmanager
    def hold_trait_notifications(self) -> Iterator[None]:
        """As in traitlets, under the lock."""
        with self.changing():
            refused = dict(self._refused)
            try:
                with super().hold_trait_notifications():
                    yield
            except t.TraitError:
                self._refused = refused
                raise

    def values(self) -> dict[str, Any]:
        """The present parameters."""
        with self.changing():
            return {name: getattr(self, name) for name in PARAMETERS}

    def restore(self, values: Mapping[str, Any]) -> None:
        """Put back parameters that were present before."""
        with self._trusting():
            for name, value in values.items():
                if getattr(self, name) != value:
                    setattr(self, name, value)

    @t.validate("backward_mode", "field")
    def _check_word(self, proposal: Any) -> str:
        name = proposal["trait"].name
        allowed = {"backward_mode": BACKWARD_MODES, "field": tuple(FIELDS)}[name]
        with _refusing():
            return one_of(name, proposal["value"], allowed)

    @t.default("selection")
    def _select_nothing(self) -> NDArray[np.int32]:
        return checked_cells((), self.inputs.adata.n_obs)

    @t.validate("selection")
    def _check_selection(self, proposal: Any) -> NDArray[np.int32]:
        with _refusing():
            cells = checked_cells(proposal["value"], self.inputs.adata.n_obs)
        return self.selection if np.array_equal(cells, self.selection) else cells

    @t.validate(*RANGES)
    def _check_number(self, proposal: Any) -> float:
        name, value = proposal["trait"].name, proposal["value"]
        low, high = RANGES[name]
        with _refusing():
            if not low <= value <= high:
                raise ValueError(f"{name} must be from {low:g} to {high:g}, not {value!r}.")
        return float(value)

    @t.validate("scheme")
    def _check_scheme(self, proposal: Any) -> str:
        with _refusing():
            self._own_scheme(proposal["value"], self.mode)
        return str(proposal["value"])

    @t.validate("mode")
    def _check_mode(self, proposal: Any) -> str:
        with _refusing():
            mode = one_of("mode", proposal["value"], MODES)
            if mode == "stochastic" and not self._trusted:  # else the scheme follows
                self._own_scheme(self.scheme, mode)
        return mode

    @t.validate("n_samples")
    def _check_samples(self, proposal: Any) -> int:
        with _refusing():
            return checked_count("n_samples", proposal["value"])

    @t.validate("palette")
    def _check_palette(self, proposal: Any) -> str:
        with _refusing():
            palettes = registry.contributions("palettes")
            name = one_of("palette", proposal["value"], (AUTOMATIC, *palettes))
            if name != AUTOMATIC:
                require(palettes[name], self.inputs.adata)
            return name

    @t.validate("basis")
    def _check_basis(self, proposal: Any) -> str:
        with _refusing():
            if not proposal["value"]:
                raise ValueError(f"Name an embedding: {', '.join(map(repr, bases(self.inputs.adata)))}.")
            name = embedding_name(self.inputs.adata, proposal["value"])
            self.inputs.plane(name, ())
        return name

    @t.validate("components")
    def _check_components(self, proposal: Any) -> list[int]:
        with _refusing():
            self.inputs.plane(self.basis, tuple(proposal["value"]))
        return list(proposal["value"])

    @t.observe("basis")
    def _choose_components(self, _change: Any) -> None:
        self.components = []  # those of another embedding mean nothing here

    @t.validate("color")
    def _check_color(self, proposal: Any) -> str:
        with _refusing():
            self._read_color(proposal["value"], self.layer)
        return str(proposal["value"])

    @t.validate("layer")
    def _check_layer(self, proposal: Any) -> str | None:
        if proposal["value"] is None:
            return None
        with _refusing():
            return one_of("layer", proposal["value"], color_layers(self.inputs.adata))

    @t.validate("vmin", "vmax")
    def _check_limit(self, proposal: Any) -> Limit:
        name = proposal["trait"].name
        with _refusing():
            limit = checked_limit(name, proposal["value"])  # one after the other, both may be swapped for a moment
        self._limited = self.color, self.layer
        return limit

    @t.observe("color", "layer")
    def _choose_limits(self, _change: Any) -> None:
        if self._limited == (self.color, self.layer):
            return
        for name in ("vmin", "vmax"):  # numbers of another colour mean nothing here
            if not isinstance(getattr(self, name), str):
                setattr(self, name, None)

    @t.validate("cluster_key", "time_key")
    def _check_flow_column(self, proposal: Any) -> str:
        keys = {name: getattr(self, name) for name in ("cluster_key", "time_key")}
        keys[proposal["trait"].name] = proposal["value"]
        with _refusing():
            if proposal["value"]:
                self.inputs.flow_cells(keys["cluster_key"], keys["time_key"])
        return str(proposal["value"])

    @t.validate("cluster")
    def _check_cluster(self, proposal: Any) -> str:
        with _refusing():
            if proposal["value"]:
                place_of(proposal["value"], self.flow_cells.names, self.cluster_key)
            elif self.time_key and self.cluster_key:
                return first_source(self.flow_cells)
        return str(proposal["value"])

    @t.validate("min_flow")
    def _check_min_flow(self, proposal: Any) -> float:
        if not 0 <= proposal["value"] < 1:
            raise t.TraitError(f"min_flow must be from 0 up to, but not, 1, not {proposal['value']!r}.")
        return float(proposal["value"])

    @t.observe("cluster_key", "time_key")
    def _keep_cluster(self, _change: Any) -> None:
        names = map(str, self.flow_cells.names) if self.cluster_key else ()
        # Set once more, the empty one becomes what it is with these keys.
        self.cluster = self.cluster if self.cluster and self.cluster in names else ""

    @t.validate("softmax_scale")
    def _check_scale(self, proposal: Any) -> float:
        value = proposal["value"]
        if self._trusted:
            return float(value)
        if value is None or value == AUTOMATIC:
            self.auto_scale = True
            return self.automatic_scale or float(self.softmax_scale)
        with _refusing():
            value = checked_scale(value)
        self.auto_scale = False
        self._scale_known = True
        return value

    @t.validate("start_ixs", "stop_ixs")
    def _check_cells(self, proposal: Any) -> Any:
        with _refusing():
            return plain_rule(self.inputs.adata, proposal["value"], proposal["trait"].name)

    @t.validate("n_sims", "successive_hits", "seed", "max_iter")
    def _check_walks(self, proposal: Any) -> Any:
        with _refusing():
            return checked_number(proposal["trait"].name, proposal["value"], self.inputs.adata.n_obs)

    @t.validate("step")
    def _check_step(self, proposal: Any) -> int:
        last = checked_steps(self.max_iter, self.inputs.adata.n_obs)
        with _refusing():
            if not 0 <= proposal["value"] <= last:
                raise ValueError(f"step must be from 0 to {last}, the number of steps, not {proposal['value']}.")
        return int(proposal["value"])

    @t.observe("max_iter")
    def _stay_within(self, _change: Any) -> None:
        self.step = min(self.step, checked_steps(self.max_iter, self.inputs.adata.n_obs))

    @t.observe(
        "basis",
        "components",
        "color",
        "layer",
        "vmin",
        "vmax",
        "palette",
        "field",
        "selection",
        "cluster_key",
        "time_key",
    )
    def _announce(self, change: Any) -> None:
        self.jobs.announce(Changed(change.name))

    # -- what checks need ---------------------------------------------------------------------------

    @property
    def automatic_scale(self) -> float | None:
        """The automatic softmax scale for the present scheme and direction; None while it is not known."""
        computed = self.jobs.latest("similarity")
        scale = computed.value.automatic_scale if computed is not None else float("nan")
        return None if np.isnan(scale) else float(scale)

    @property
    def flow_cells(self) -> FlowCells:
        """Clusters and times that the flow is between."""
        return self.inputs.flow_cells(self.cluster_key, self.time_key)

    def is_diagnostic(self, color: str) -> bool:
        """Whether a colour is one of `DIAGNOSTICS`, and nothing of the data's."""
        return color in DIAGNOSTICS and color not in self.inputs.adata.obs and color not in self.inputs.adata.var_names

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

    @contextmanager
    def _trusting(self) -> Iterator[None]:
        """Take a scale without a consequence for `auto_scale`, and a mode whatever the scheme is."""
        with self.changing():
            before, self._trusted = self._trusted, True
            try:
                yield
            finally:
                self._trusted = before

    def _set_default(self, name: str, usable: Sequence[str]) -> None:
        """Set the first value that is not refused; if there is none, the stage that needs one says so."""
        for value in usable:
            with suppress(t.TraitError):
                setattr(self, name, value)
                return

    def _set_first(self, name: str, value: Any) -> None:
        try:
            setattr(self, name, value)
        except t.TraitError as error:
            self._refused[name], self._first_values[name] = error, value

    def _check_policy(self, degenerate: str) -> None:
        try:
            one_of("degenerate", degenerate, DEGENERATE)
        except (TypeError, ValueError) as error:
            self._refused["degenerate"] = error


PARAMETERS = tuple(name for name in ParameterTraits.class_own_traits() if name != "selection")
"""Names of the traits that are single values: the parameters that faces share."""


def plain_number(value: Any) -> Any:
    """A scalar of NumPy's as the one of Python's that traitlets wants; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn the error of a check into the one that traitlets expect of a validator."""
    try:
        yield
    except (LookupError, ValueError, TypeError, PluginError) as error:
        raise t.TraitError(str(error)) from error
