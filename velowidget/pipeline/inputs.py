"""What a pipeline reads from an AnnData: everything of one time, each part once."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.graph import Graph
from velowidget.kernels.annotations import (
    Annotation,
    CategoricalAnnotation,
    ContinuousAnnotation,
    default_column,
    read_annotation,
)
from velowidget.kernels.components import default_components, read_components
from velowidget.kernels.data import VelocityData, checked_adata, read_velocity
from velowidget.kernels.embeddings import bases, read_embedding
from velowidget.kernels.graphs import read_graph
from velowidget.kernels.groups import FlowCells, cluster_columns, read_cells, with_cells
from velowidget.kernels.reading import Changes, Reading
from velowidget.pipeline.chain import GivenKernel

if TYPE_CHECKING:
    from velowidget.pipeline.stages import Parameters

_numbers = itertools.count(1)


class Inputs:
    """The data that stages and faces read.

    Parameters
    ----------
    reading
        What was read.
    degenerate
        As for :meth:`velowidget.VelocityKernel.compute_transition_matrix`.
    kernel
        The kernel that was given and is shown as it is; None where the chain is computed.
    kept, changes
        The inputs before, where only annotations have changed since: velocities and neighbours are taken from them.

    Attributes
    ----------
    number
        Of the reading; no two have the same.
    data, graph
        Velocities and neighbours; where they could not be read, the error that says why. Of a kernel that was given,
        its own; `data` is None where it has no velocities.
    notes
        What a user should know about how they were read.
    plane
        ``plane(basis, components)``: the cells there, float64, shape (n_cells, 2) or (n_cells, 3), read-only.
    width, default_components
        Of an embedding: its number of columns, and which of them are shown unasked.
    flow_cells
        ``flow_cells(cluster_key, time_key)``: which cells a flow is between.
    color_notes
        By column, what a user should know about its stored colours, of those that were read; ``''`` for nothing.
    """

    data: VelocityData | Exception | None
    graph: Graph | Exception

    def __init__(
        self,
        reading: Reading,
        degenerate: str,
        kernel: GivenKernel | None,
        kept: Inputs | None = None,
        changes: Changes | None = None,
    ) -> None:
        self.reading = reading
        self.kernel = kernel
        self.degenerate = degenerate
        self.number = next(_numbers)
        self.notes: tuple[str, ...] = ()
        self.color_notes: dict[str, str] = {}
        if kept is None or changes is None:
            self._first = self.number
            self._later: Mapping[str, int] = {}  # by part: the reading that it is of, where that is not the first
            if kernel is None:
                self._read_chain()
            else:
                self.data, self.graph = kernel.data, kernel.graph
        else:
            self._first = kept._first
            self._later = {**kept._later, **dict.fromkeys(changes.annotations, self.number)}
            self.data, self.graph, self.notes = kept.data, kept.graph, kept.notes

        def cached(read: Callable[..., Any], size: int) -> Callable[..., Any]:
            return functools.lru_cache(maxsize=size)(functools.partial(read, reading))

        self.plane: Callable[[str, tuple[int, ...]], NDArray[np.float64]] = cached(_plane, 8)
        self.width: Callable[[str], int] = cached(_width, 8)
        self.default_components: Callable[[str], tuple[int, ...]] = cached(_default_components, 8)
        self.flow_cells: Callable[[str, str], FlowCells] = cached(_flow_cells, 8)
        self._annotation: Callable[[str, str | None], Annotation] = cached(_annotation, 4)

    def _read_chain(self) -> None:
        adata, settings = self.adata, self.reading.settings
        of_data = (settings.vkey, settings.xkey, settings.gene_subset, settings.attr)
        self.data = self._read(lambda: read_velocity(checked_adata(adata), *of_data))
        placed = None if isinstance(self.data, Exception) else self.data.placed
        self.graph = self._read(lambda: read_graph(checked_adata(adata), settings.conn_key, placed))

    @property
    def adata(self) -> AnnData:
        """The AnnData as it was; for reading."""
        return self.reading.adata

    def annotation(self, color: str, layer: str | None = None) -> Annotation:
        """What cells are coloured by; see :func:`velowidget.kernels.annotations.read_annotation`."""
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

    @contextmanager
    def velocities(self, *, are_used: bool = True) -> Iterator[VelocityData | None]:
        """Velocities and expression, which must not change in place while they are used; None where there are none.

        Raises
        ------
        ValueError
            If they have; or whatever error they could not be read for.
        """
        data = given(self.data)
        are_used = are_used and data is not None
        if are_used:
            _check(self.reading.still_has(data.x, data.v), "Velocities or expression")
        yield data
        if are_used:
            _check(self.reading.still_has(data.x, data.v), "Velocities or expression")

    def dated(self, parameters: Parameters) -> Parameters:
        """Parameters that say of which readings the data are that results for them depend on."""
        rules = (parameters.start_ixs, parameters.stop_ixs)
        chosen_by = [str(self.first_column), *(key for rule in rules if isinstance(rule, Mapping) for key in rule)]
        return replace(
            parameters,
            of_data=self._first,
            of_places=self._versions("obsm", (parameters.basis, f"X_{parameters.basis}")),
            of_flow_cells=self._versions("obs", (parameters.cluster_key, parameters.time_key)),
            of_walk_cells=(self.first_column, self._versions("obs", chosen_by)),
        )

    def _versions(self, store: str, keys: Iterable[str]) -> tuple[int, ...]:
        return tuple(self._later.get(f"{store}:{key}", self._first) for key in keys)

    def _read(self, read: Callable[[], Any]) -> Any:
        try:
            value = read()
        except Exception as error:
            return error
        value, notes = value if isinstance(value, tuple) else (value, value.notes)
        self.notes += notes
        return value


def given(part: Any) -> Any:
    """A part of the inputs; raises the error that it could not be read for."""
    if isinstance(part, Exception):
        raise part
    return part


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
