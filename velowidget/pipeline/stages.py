"""The stages from data to picture: what each takes, which parameters it depends on, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.blocks import Report
from velowidget.core.chain import Chain
from velowidget.core.custom import Scheme
from velowidget.core.diagnostics import belief, entropy, fidelity, shuffled_genes, support
from velowidget.core.grid import Lattice, average, lattice
from velowidget.core.mixing import mixed
from velowidget.core.projection import project
from velowidget.core.similarity import Similarity
from velowidget.core.streamlines import Streamlines, streamlines
from velowidget.kernels.base import Kernel
from velowidget.kernels.connectivity import ConnectivityKernel
from velowidget.kernels.modes import NUMBERS, expected, mode_in_use, name_of, similarities
from velowidget.kernels.probabilities import above_threshold, automatic_scale, defined_transitions
from velowidget.kernels.reading import Settings
from velowidget.kernels.velocity import VelocityKernel
from velowidget.pipeline.flow import compute_flow, compute_interval
from velowidget.pipeline.inputs import Inputs
from velowidget.pipeline.walks import WALK_PARAMETERS, walked

OF_THE_DATA = ("vkey", "xkey", "gene_subset", "conn_key", "n_neighbors", "symmetrize", "attr")
"""Attributes of `Parameters` that say what is read of the data for the chain."""


@dataclass(frozen=True)
class Parameters:
    """What a picture shows: an immutable copy of the traits that results depend on."""

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
    softmax_scale: float | None  # None: automatic
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


@dataclass(frozen=True, eq=False)
class Context:
    """What every stage is given: the data, the parameters, and whom to tell of progress."""

    inputs: Inputs
    parameters: Parameters
    report: Report


@dataclass(frozen=True, eq=False)
class Arrows:
    """The cells' projected velocities, float64, shape (n_cells, n_dims), and the scale that they show."""

    vectors: NDArray[np.float64]
    softmax_scale: float


@dataclass(frozen=True, eq=False)
class Grid:
    """Mean arrows on a lattice, both float64, shape (n_points, n_dims), and the scale that they show."""

    points: NDArray[np.float64]
    vectors: NDArray[np.float64]
    softmax_scale: float


@dataclass(frozen=True, eq=False)
class Field:
    """Values at all points of a lattice, float64, shape (*lattice.shape, n_values), and the scale that they show."""

    lattice: Lattice
    values: NDArray[np.float64]
    softmax_scale: float


@dataclass(frozen=True, eq=False)
class Stream:
    """Streamlines, and the scale that they show."""

    lines: Streamlines
    softmax_scale: float


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """How far to believe each cell's arrow, each float64, shape (n_cells,), and the scale that they are about."""

    fidelity: NDArray[np.float64]
    support: NDArray[np.float64]
    entropy: NDArray[np.float64]
    softmax_scale: float


@dataclass(frozen=True)
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
    unit
        What its progress counts.
    code
        Attributes of `Parameters` that decide which compiled code it runs.
    pace
        Attributes of `Parameters` that its time may depend on so much that one value's says nothing of another's.
    """

    name: str
    label: str
    after: tuple[str, ...]
    depends: tuple[str, ...]
    compute: Callable[..., Any]
    unit: str = "cells"
    code: tuple[str, ...] = ()
    pace: tuple[str, ...] = ()


def _similarity(context: Context) -> Similarity | None:
    parameters = context.parameters
    if context.inputs.kernel is not None:
        return context.inputs.kernel.chain.similarity
    graph = context.inputs.graph(parameters.settings)
    with context.inputs.velocities(parameters.settings) as data:
        assert data is not None  # or a kernel was given
        return similarities(graph, data, parameters.asked, parameters.compared, context.report)


def _velocity(context: Context, similar: Similarity | None) -> Chain:
    inputs, parameters = context.inputs, context.parameters
    if inputs.kernel is not None:
        return inputs.kernel.chain_for(inputs.adata)
    assert similar is not None  # or a kernel was given
    directed = similar if parameters.compared == parameters.direction else similar.reversed()
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


def _chain(context: Context, velocity: Chain) -> Chain:
    inputs, parameters = context.inputs, context.parameters
    if inputs.kernel is not None:
        return velocity
    chain, weight = above_threshold(velocity, parameters.threshold), parameters.connectivity_weight
    if weight == 0:
        return chain
    other = inputs.connectivity(parameters.settings)
    return mixed(other.union, chain, other.chain, weight)


def kernel_of(inputs: Inputs, parameters: Parameters, velocity: Chain, adata: AnnData) -> Kernel:
    """The kernel of the chain that the stage ``'T'`` makes of what ``'velocity'`` has computed; shares its arrays."""
    if inputs.kernel is not None:
        return inputs.kernel.on(adata)
    data = inputs.data(parameters.settings)
    assert data is not None  # or a kernel was given
    params = {
        **parameters.mode_params,
        "scheme": name_of(parameters.asked),
        "softmax_scale": velocity.softmax_scale,
        **({"bwd_mode": parameters.backward_mode} if parameters.backward else {}),
        "degenerate": parameters.degenerate,
        **({"threshold": parameters.threshold} if parameters.threshold > 0 else {}),
    }
    chain, of_graph = above_threshold(velocity, parameters.threshold), parameters.settings.of_graph
    kernel = VelocityKernel.of_chain(adata, data, parameters.asked, chain, params, of_graph)
    weight = parameters.connectivity_weight
    if weight == 0:
        return kernel
    other = inputs.connectivity(parameters.settings)
    connectivity = ConnectivityKernel.of_chain(adata, parameters.conn_key, other.weights, other.chain)
    return connectivity if weight == 1 else (1 - weight) * kernel + weight * connectivity


def _projection(context: Context, chain: Chain) -> Arrows:
    positions = context.inputs.plane(context.parameters.basis, context.parameters.components)
    return Arrows(project(chain.graph, chain.probabilities, positions), chain.softmax_scale)


def _lattice(context: Context) -> Lattice:
    parameters = context.parameters
    positions = context.inputs.plane(parameters.basis, parameters.components)
    return lattice(positions, smooth=parameters.smooth, density=parameters.density, report=context.report)


def _field(context: Context, arrows: Arrows, on: Lattice) -> Field:
    return Field(on, average(on, arrows.vectors, context.report), arrows.softmax_scale)


def _grid(_context: Context, field: Field) -> Grid:
    on = field.lattice
    return Grid(on.points, field.values.reshape(-1, field.values.shape[-1])[on.kept], field.softmax_scale)


def _stream(context: Context, field: Field) -> Stream:
    # In space, lines that are as close together hide each other.
    separation = 1.0 if len(field.lattice.shape) == 2 else 2.0
    lines = streamlines(field.lattice, field.values, separation=separation, report=context.report)
    return Stream(lines, field.softmax_scale)


def _null(context: Context) -> NDArray[np.float64] | None:
    parameters = context.parameters
    graph = context.inputs.graph(parameters.settings)
    with context.inputs.velocities(parameters.settings) as data:
        if data is None:
            return None
        shuffled = replace(data, v=shuffled_genes(data.v))
        return similarities(graph, shuffled, parameters.asked, parameters.compared, context.report).logits


def _diagnostics(context: Context, chain: Chain, arrows: Arrows, null: NDArray[np.float64] | None) -> Diagnostics:
    graph, probabilities = chain.graph, chain.probabilities
    if chain.similarity is None or null is None:
        unknown = np.full(graph.n_cells, np.nan)
        return Diagnostics(unknown, unknown, entropy(graph, probabilities), chain.softmax_scale)
    positions = context.inputs.plane(context.parameters.basis, context.parameters.components)
    settings = context.parameters.settings
    read = context.inputs.graph(settings)  # of the similarities: that of the chain may have loops where cells stay
    with context.inputs.velocities(settings) as data:
        assert data is not None  # or there is no similarity
        faithful = fidelity(graph, probabilities, data.x, positions, arrows.vectors, context.report)
    return Diagnostics(
        faithful, support(read, chain.similarity.logits, null), entropy(graph, probabilities), chain.softmax_scale
    )


def _belief(context: Context, diagnostics: Diagnostics, on: Lattice) -> Field:
    values = belief(on, diagnostics.fidelity, diagnostics.support, context.report)
    return Field(on, values[..., None], diagnostics.softmax_scale)


# Lattices may be a hundred times larger than another, and Gaussians on them wider.
_LATTICE_PACE = ("basis", "components", "smooth", "density")

STAGES: Mapping[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            "similarity",
            "Similarities",
            (),
            ("scheme", "own_scheme", "compared", *OF_THE_DATA, "of_data"),
            _similarity,
            pace=("scheme",),
        ),
        Stage(
            "velocity",
            "Transition probabilities",
            ("similarity",),
            ("softmax_scale", "direction", "mode_params", "degenerate"),
            _velocity,
            code=("mode_in_use",),
            pace=("scheme", "mode_in_use", "n_samples"),
        ),
        Stage("T", "Transition matrix", ("velocity",), ("threshold", "connectivity_weight"), _chain),
        Stage("projection", "Projection", ("T",), ("basis", "components", "of_places"), _projection),
        Stage(
            *("lattice", "Grid points", (), ("basis", "components", "smooth", "density", "of_places"), _lattice),
            pace=_LATTICE_PACE,
        ),
        Stage("particles", "Mean arrows", ("projection", "lattice"), (), _field, pace=_LATTICE_PACE),
        Stage("grid", "Grid arrows", ("particles",), (), _grid, pace=_LATTICE_PACE),
        Stage("stream", "Streamlines", ("particles",), (), _stream, "places", pace=_LATTICE_PACE),
        Stage(
            *(
                "null",
                "Similarities with shuffled genes",
                (),
                ("scheme", "own_scheme", "compared", *OF_THE_DATA, "of_data"),
                _null,
            ),
            pace=("scheme",),
        ),
        Stage("diagnostics", "Fidelity and support", ("T", "projection", "null"), (), _diagnostics),
        Stage("belief", "Belief on the grid", ("diagnostics", "lattice"), (), _belief, pace=_LATTICE_PACE),
        Stage("flow", "Flow", ("T",), ("cluster_key", "time_key", "of_flow_cells"), compute_flow),
        Stage("flow_null", "Flow without direction", ("T", "flow"), (), compute_interval, "permutations"),
        Stage("walks", "Random walks", ("T",), (*WALK_PARAMETERS, "of_walk_cells"), walked, "walks"),
    )
}


TRAITS = tuple(field.name for field in fields(Parameters) if field.name != "own_scheme" and field.name[:3] != "of_")
"""Names of the traits that `Parameters` copies, and `attr`."""


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


def key(stage: Stage, parameters: Parameters) -> tuple[Any, ...]:
    """The values of all parameters that a stage's result depends on: equal keys, equal results."""
    return tuple(getattr(parameters, name) for s in with_ancestors(stage.name) for name in s.depends)
