"""What a pipeline reads from an AnnData: everything of one time, each part once."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.chain import Chain
from velowidget.core.graph import Graph
from velowidget.core.mixing import Union, united
from velowidget.data.annotations import (
    Annotation,
    CategoricalAnnotation,
    ContinuousAnnotation,
    default_column,
    read_annotation,
)
from velowidget.data.components import default_components, read_components
from velowidget.data.embeddings import bases, read_embedding
from velowidget.data.genes import gene_mask
from velowidget.data.graphs import read_graph
from velowidget.data.groups import FlowCells, cluster_columns, read_cells, with_cells
from velowidget.data.reading import Changes, Reading, Settings, graph_place
from velowidget.data.velocity import VelocityData, checked_adata, read_velocity
from velowidget.kernels.connectivity import connectivity_chain, pattern_of, positive_weights
from velowidget.pipeline.chain import GivenKernel
from velowidget.pipeline.kept import Kept
from velowidget.pipeline.parameters import Parameters

LAYERS_LIMIT, GRAPHS_LIMIT = 10**9, 2 * 10**8
"""Bytes that all velocities with expression, and all graphs, take that are kept; see `Kept`."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class _OfData:
    """What velocities and expression are read from: the places of both, and which genes."""

    places: tuple[str, str]
    genes: str


@dataclass(frozen=True)
class _OfGraph:
    """What a graph is read from; `placed` are the cells that have expression, empty for all."""

    place: str
    n_neighbors: int | None
    symmetrize: bool
    placed: bytes


@dataclass(frozen=True, eq=False)
class Connectivity:
    """The Markov chain of a graph's weights.

    Attributes
    ----------
    weights
        CSR float64, shape (n_cells, n_cells).
    chain
        It.
    union
        Of the velocity chain's graph with its own.
    """

    weights: sp.csr_matrix
    chain: Chain
    union: Union


@dataclass(eq=False)
class _Read:
    """A graph, what a user should know about how it was read, and the chain of its weights once that was asked for."""

    graph: Graph
    notes: tuple[str, ...]
    connectivity: Connectivity | None = None


class Inputs:
    """The data that stages and faces read.

    Parameters
    ----------
    reading
        What was read.
    kernel
        The kernel that was given and is shown as it is; None where the chain is computed.
    kept, changes
        The inputs before, and what has changed since: whatever has not is taken from them.

    Attributes
    ----------
    number
        Of the reading; no two have the same.
    plane
        ``plane(basis, components)``: the cells there, float64, shape (n_cells, 2) or (n_cells, 3), read-only.
    width, default_components
        Of an embedding: its number of columns, and which of them are shown unasked.
    flow_cells
        ``flow_cells(cluster_key, time_key)``: which cells a flow is between.
    color_notes
        By column, what a user should know about its stored colours, of those that were read; ``''`` for nothing.
    """

    def __init__(
        self,
        reading: Reading,
        kernel: GivenKernel | None,
        kept: Inputs | None = None,
        changes: Changes | None = None,
    ) -> None:
        self.reading = reading
        self.kernel = kernel
        self.number = next(_numbers)
        self.color_notes: dict[str, str] = {}
        self._first = self.number
        self._later: Mapping[str, int] = {}  # by part: the reading that it is of, where that is not the first
        layers, graphs = list[tuple[_OfData, Any]](), list[tuple[_OfGraph, Any]]()
        if kept is not None and changes is not None:
            changed = changes.annotations
            self._first = kept._first
            self._later = {**kept._later, **dict.fromkeys(changed, self.number)}
            layers = [(key, value) for key, value in kept._layers.items() if changed.isdisjoint(key.places)]
            graphs = [(key, value) for key, value in kept._graphs.items() if key.place not in changed]
        self._layers: Kept[_OfData, VelocityData | Exception] = Kept(LAYERS_LIMIT, self._own_bytes, layers)
        self._graphs: Kept[_OfGraph, _Read | Exception] = Kept(GRAPHS_LIMIT, _graph_bytes, graphs)

        def cached(read: Callable[..., Any], size: int) -> Callable[..., Any]:
            return functools.lru_cache(maxsize=size)(partial(read, reading))

        self.plane: Callable[[str, tuple[int, ...]], NDArray[np.float64]] = cached(_plane, 8)
        self.width: Callable[[str], int] = cached(_width, 8)
        self.default_components: Callable[[str], tuple[int, ...]] = cached(_default_components, 8)
        self.flow_cells: Callable[[str, str], FlowCells] = cached(_flow_cells, 8)
        self._annotation: Callable[[str, str | None], Annotation] = cached(_annotation, 4)
        self._genes: Callable[[str | None, str], tuple[str, int]] = cached(_genes, 8)

    @property
    def adata(self) -> AnnData:
        """The AnnData as it was; for reading."""
        return self.reading.adata

    def annotation(self, color: str, layer: str | None = None) -> Annotation:
        """What cells are coloured by; see :func:`velowidget.data.annotations.read_annotation`."""
        annotation = self._annotation(color, layer)
        if isinstance(annotation, CategoricalAnnotation):
            self.color_notes[annotation.key] = annotation.note
        return annotation

    @functools.cached_property
    def first_column(self) -> str | None:
        """The column that cells are coloured by unasked."""
        return default_column(self.adata)

    @functools.cached_property
    def clusters(self) -> CategoricalAnnotation | None:
        """The clusters that cells are known by: the column that they are coloured by at first, if it has categories."""
        annotation = self.annotation(f"obs:{self.first_column}") if self.first_column else None
        return annotation if isinstance(annotation, CategoricalAnnotation) else None

    # -- velocities and neighbours -----------------------------------------------------------------

    def read(self, settings: Settings) -> None:
        """Read velocities and neighbours now, if they are not kept; whoever needs them hears of errors."""
        with suppress(Exception):
            self.graph(settings)

    def data(self, settings: Settings) -> VelocityData | None:
        """Velocities and expression, kept as `LAYERS_LIMIT` says; of a given kernel its own, None without any.

        Raises
        ------
        Exception
            Whatever they cannot be read for.
        """
        if self.kernel is not None:
            return self.kernel.data
        chosen = (settings.vkey, settings.xkey, settings.gene_subset, settings.attr)

        def read() -> VelocityData | Exception:
            return _tried(lambda: read_velocity(checked_adata(self.adata), *chosen))

        return _given(self._layers.make(self._of_data(settings), self._expected_bytes(settings), read))

    def graph(self, settings: Settings) -> Graph:
        """Who is whose neighbour, kept as `GRAPHS_LIMIT` says; of a given kernel its own; raises as `data`."""
        return self.kernel.graph if self.kernel is not None else self._read_graph(settings).graph

    def _read_graph(self, settings: Settings) -> _Read:
        data = _tried(lambda: self.data(settings))
        placed = data.placed if isinstance(data, VelocityData) else None

        def read() -> _Read | Exception:
            return _tried(lambda: _Read(*read_graph(checked_adata(self.adata), placed=placed, **settings.of_graph)))

        return _given(self._graphs.make(self._of_graph(settings, placed), 0, read))

    def connectivity(self, settings: Settings) -> Connectivity:
        """The chain of the weights of the graph, all neighbours of it; kept, and raises, as `graph`.

        A weight that is negative, and a cell without any, are errors.
        """
        found = self._read_graph(settings)
        if found.connectivity is None:
            weights = positive_weights(self.adata, settings.conn_key)
            chain = connectivity_chain(pattern_of(weights), weights)
            found.connectivity = Connectivity(weights, chain, united(found.graph, chain.graph))
        return found.connectivity

    def notes(self, settings: Settings) -> tuple[str, ...]:
        """What a user should know about how velocities and neighbours were read, if they were."""
        if self.kernel is not None:
            return ()
        kept = self._layers.get(self._of_data(settings))
        data = kept if isinstance(kept, VelocityData) else None
        found = self._graphs.get(self._of_graph(settings, None if data is None else data.placed))
        return (*(() if data is None else data.notes), *(found.notes if isinstance(found, _Read) else ()))

    def n_genes(self, settings: Settings) -> int | None:
        """Number of genes in use, if velocities were read."""
        data = self.kernel.data if self.kernel is not None else self._layers.get(self._of_data(settings))
        return data.v.shape[1] if isinstance(data, VelocityData) else None

    @contextmanager
    def velocities(self, settings: Settings, *, are_used: bool = True) -> Iterator[VelocityData | None]:
        """Velocities and expression, which must not change in place while they are used; None where there are none.

        Raises
        ------
        ValueError
            If they have; or whatever error they could not be read for.
        """
        data = self.data(settings)
        used = () if data is None or not are_used else (data.x, data.v)
        _check(self.reading.still_has(settings.layers, *used), "Velocities or expression")
        yield data
        _check(self.reading.still_has(settings.layers, *used), "Velocities or expression")

    def _of_data(self, settings: Settings) -> _OfData:
        return _OfData(settings.layers, self._genes(settings.vkey, json.dumps(settings.gene_subset))[0])

    def _of_graph(self, settings: Settings, placed: NDArray[np.bool_] | None) -> _OfGraph:
        place = graph_place(self.adata, settings.conn_key)
        return _OfGraph(place, settings.n_neighbors, settings.symmetrize, b"" if placed is None else placed.tobytes())

    def _expected_bytes(self, settings: Settings) -> int:
        """Bytes that velocities and expression take at most."""
        return 2 * 8 * self.adata.n_obs * self._genes(settings.vkey, json.dumps(settings.gene_subset))[1]

    def _own_bytes(self, data: VelocityData | Exception) -> int:
        """Bytes of arrays that are not the AnnData's own."""
        if isinstance(data, Exception):
            return 0
        places = Settings(data.vkey, data.xkey, attr=data.attr).layers
        arrays = zip(places, (data.v, data.x), strict=True)
        return sum(array.nbytes for place, array in arrays if not self.reading.shares(place, array))

    # -- which reading parts are of ----------------------------------------------------------------

    def dated(self, parameters: Parameters) -> Parameters:
        """Parameters that say of which readings the data are that results for them depend on."""
        rules = (parameters.start_ixs, parameters.stop_ixs)
        chosen_by = [str(self.first_column), *(key for rule in rules if isinstance(rule, Mapping) for key in rule)]
        settings = parameters.settings
        of_data = self._of_data(settings)
        places = (*of_data.places, graph_place(self.adata, settings.conn_key))
        return replace(
            parameters,
            of_data=(of_data.genes, *(self._later.get(place, self._first) for place in places)),
            of_places=self._versions("obsm", (parameters.basis, f"X_{parameters.basis}")),
            of_flow_cells=self._versions("obs", (parameters.cluster_key, parameters.time_key)),
            of_walk_cells=(self.first_column, self._versions("obs", chosen_by)),
        )

    def _versions(self, store: str, keys: Iterable[str]) -> tuple[int, ...]:
        return tuple(self._later.get(f"{store}:{key}", self._first) for key in keys)


def _tried(read: Callable[[], Any]) -> Any:
    """What is read, or the error that it cannot be read for: so it is not tried again."""
    try:
        return read()
    except Exception as error:
        return error


def _given(part: Any) -> Any:
    """What was read; raises the error that it could not be read for."""
    if isinstance(part, Exception):
        raise part
    return part


def _graph_bytes(found: _Read | Exception) -> int:
    return 0 if isinstance(found, Exception) else found.graph.indptr.nbytes + found.graph.indices.nbytes


def _genes(reading: Reading, vkey: str | None, gene_subset: str) -> tuple[str, int]:
    """The genes in use, as a short text that is the same for the same genes, and how many; `gene_subset` is JSON."""
    try:
        mask, _ = gene_mask(reading.adata, vkey, json.loads(gene_subset))
    except Exception as error:  # whoever reads velocities says so
        return str(error), 0
    return hashlib.blake2s(mask.tobytes()).hexdigest(), int(mask.sum())


def _check(holds: bool, what: str) -> None:
    if not holds:
        raise ValueError(
            f"{what} were changed in place since they were read. What is computed already stays; nothing new can be "
            "computed of them. Read the data again with w.refresh()."
        )


def _plane(reading: Reading, basis: str, components: tuple[int, ...]) -> NDArray[np.float64]:
    basis = basis or next(iter(bases(reading.adata)), "umap")
    positions = read_components(reading.adata, basis, components or default_components(reading.adata, basis))
    _check(reading.is_untouched(f"obsm:{basis}", f"obsm:X_{basis}"), f"Coordinates of the embedding {basis!r}")
    return positions


def _width(reading: Reading, basis: str) -> int:
    return int(read_embedding(reading.adata, basis).shape[1])


def _default_components(reading: Reading, basis: str) -> tuple[int, ...]:
    return default_components(reading.adata, basis)


def _flow_cells(reading: Reading, cluster_key: str, time_key: str) -> FlowCells:
    if not cluster_key:
        usable = ", ".join(map(repr, cluster_columns(reading.adata)[:5]))
        hint = f"name it as cluster_key: {usable}." if usable else "make one with `scanpy.tl.leiden(adata)`."
        raise ValueError(f"Flow goes between the clusters of a column of adata.obs; {hint}")
    return with_cells(read_cells(reading.adata, cluster_key=cluster_key, time_key=time_key or None))


def _annotation(reading: Reading, color: str, layer: str | None) -> Annotation:
    annotation = read_annotation(reading.adata, color, layer)
    if isinstance(annotation, ContinuousAnnotation) and annotation.source == "gene":
        _check(reading.is_untouched("X", "layers"), "Expression values")
    return annotation
