"""The model behind every face: parameters as traits, results that follow them."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.kernels.annotations import (
    Annotation,
    CategoricalAnnotation,
    bases,
    default_column,
    read_annotation,
)
from velowidget.kernels.arguments import one_of, reject_unknown
from velowidget.kernels.components import default_components, read_components
from velowidget.kernels.data import checked_adata, read_graph, read_velocity
from velowidget.kernels.flow import flow_table
from velowidget.kernels.groups import FlowCells, cluster_columns, read_cells, with_source
from velowidget.kernels.modes import name_of
from velowidget.kernels.probabilities import notes_on
from velowidget.kernels.velocity import VelocityKernel
from velowidget.kernels.walks import checked_steps, stop_mask, tally
from velowidget.pipeline.events import Computed, Event
from velowidget.pipeline.jobs import Jobs, Target
from velowidget.pipeline.stages import STAGES, Chain, Inputs, Parameters
from velowidget.pipeline.traits import FIELDS, PARAMETERS, SETTINGS, ParameterTraits
from velowidget.pipeline.walks import WALK_PARAMETERS, Walks
from velowidget.plugins.registry import PluginError


class VelocityPipeline(ParameterTraits):
    """A velocity kernel that follows its parameters.

    Assign to a trait, from any thread, and everything that depends on it is computed anew: at once where that is a
    matter of milliseconds, in the background otherwise.

    Parameters
    ----------
    adata
        Annotated data; read once, never changed.
    vkey, xkey, gene_subset, conn_key
        As for :class:`velowidget.VelocityKernel`.
    degenerate
        As for :meth:`velowidget.VelocityKernel.compute_transition_matrix`.
    parameters
        First values of the traits below.

    Raises
    ------
    TypeError
        If `adata` is not an AnnData, or a keyword is unknown. Every other problem with the data or a first value is
        kept, and raised by `wait`, so that a face can show it.
    """

    def __init__(
        self,
        adata: AnnData,
        *,
        vkey: str | None = "velocity",
        xkey: str | None = "Ms",
        gene_subset: str | Sequence[str] | NDArray[np.bool_] | None = None,
        conn_key: str = "connectivities",
        degenerate: str = "error",
        **parameters: Any,
    ) -> None:
        reject_unknown(type(self).__name__, parameters.keys() - set(PARAMETERS), (*PARAMETERS, *SETTINGS))
        if not isinstance(adata, AnnData):
            checked_adata(adata)  # raises
        self.adata = adata
        self._conn_key = conn_key
        self._notes: tuple[str, ...] = ()
        self._refused = {}
        self._positions = functools.lru_cache(maxsize=8)(functools.partial(_plane, adata))
        self._flow_cells = functools.lru_cache(maxsize=8)(functools.partial(_flow_cells, adata))
        inputs = Inputs(
            adata=adata,
            data=self._read(lambda: read_velocity(checked_adata(adata), vkey, xkey, gene_subset)),
            graph=self._read(lambda: read_graph(checked_adata(adata), conn_key)),
            positions=self._positions,
            flow_cells=self._flow_cells,
            clusters=lambda: self.clusters,
            degenerate=degenerate,
        )
        self._asked: dict[str, None] = {}
        self.jobs = Jobs(inputs, self._target, self._published)
        super().__init__()
        with self.changing():
            column = default_column(adata)
            first = {"basis": bases(adata), "color": [column] if column else [], "cluster_key": cluster_columns(adata)}
            for name, usable in first.items():
                if name not in parameters:
                    self._set_default(name, usable)
            self._set_first(parameters)
            self._check_policy(degenerate)

    # -- what is asked for ------------------------------------------------------------------------

    @property
    def wanted(self) -> tuple[str, ...]:
        """The stages asked for: what the field draws, then the others in the order in which they were asked for."""
        colored = ("diagnostics",) if self.is_diagnostic(self.color) else ()
        return tuple(dict.fromkeys((FIELDS[self.field], *colored, *self._asked)))

    def ask(self, stage: str) -> None:
        """Keep a stage computed from now on, whatever is drawn; try it again if it has failed.

        Raises
        ------
        ValueError
            If there is no such stage.
        """
        one_of("stage", stage, tuple(STAGES))
        with self.changing():
            self._asked[stage] = None
            self.jobs.resume()

    def release(self, stage: str) -> None:
        """Ask for a stage no longer."""
        with self.changing():
            self._asked.pop(stage, None)

    # -- results -----------------------------------------------------------------------------------

    @property
    def annotation(self) -> Annotation | None:
        """What cells are coloured by; None if by nothing."""
        return self._read_color(self.color)

    @functools.cached_property
    def clusters(self) -> CategoricalAnnotation | None:
        """The clusters that cells are known by: the column that they are coloured by at first, if it has categories."""
        column = default_column(self.adata)
        annotation = read_annotation(self.adata, f"obs:{column}") if column else None
        return annotation if isinstance(annotation, CategoricalAnnotation) else None

    def positions(self, basis: str) -> NDArray[np.float64]:
        """The cells on the present components of an embedding, shape (n_cells, 2) or (n_cells, 3), read-only."""
        return self._positions(basis, tuple(self.components))

    @property
    def flow(self) -> Any:
        """The flow as a DataFrame, as from :meth:`velowidget.VelocityKernel.flow`; waits for it.

        That of `cluster` over time if there is a `time_key`, else that of all clusters.
        """
        asked = "flow" in self._asked
        self.ask("flow")
        try:
            while True:
                self.jobs.wait(None, only="flow")
                with self.jobs.changing():
                    computed = self.jobs.latest("flow")
                    if computed is not None:  # and no other thread has changed a parameter since
                        return flow_table(with_source(computed.value.cells, self.cluster), computed.value.values)
        finally:
            if not asked:
                self.release("flow")

    @property
    def notices(self) -> tuple[str, ...]:
        """What a user should know about how the data were read, and about the present transition matrix."""
        computed = self.jobs.latest("T")
        return self._notes if computed is None else (*self._notes, *notes_on(self.adata, computed.value.similarity))

    @property
    def kernel(self) -> VelocityKernel:
        """An independent, computed kernel of the present parameters; waits for it. Arrays are shared and read-only."""
        computed = None
        while computed is None:  # another thread may change a parameter meanwhile
            self.jobs.wait(None, only=FIELDS[self.field])
            computed = self.jobs.latest("T")
        data = self.jobs.inputs.data
        assert not isinstance(data, Exception)  # or wait() had raised
        chain: Chain = computed.value
        parameters = computed.parameters
        params: dict[str, Any] = {
            **parameters.mode_params,
            "scheme": name_of(parameters.asked),
            "softmax_scale": chain.softmax_scale,
        }
        if parameters.backward:
            params["bwd_mode"] = parameters.backward_mode
        params["degenerate"] = self.jobs.inputs.degenerate
        return VelocityKernel._of_results(
            *(self.adata, parameters.backward, data, parameters.asked, chain.similarity, chain.transitions),
            *(params, self._conn_key),
        )

    def export(self, exporter: str, path: str | os.PathLike[str]) -> Path:
        """Write what is computed to a file; see :func:`velowidget.pipeline.exporters.export`."""
        from velowidget.pipeline import exporters

        return exporters.export(self, exporter, path)

    @property
    def walks(self) -> NDArray[np.int32]:
        """Random walks on the present chain, shape (n_sims, n_steps + 1), read-only; asks and waits for them.

        Numbers of cells: column 0 is the start, -1 follows the end.
        """
        walked: Walks = self._result("walks").value
        return walked.paths

    @property
    def tally(self) -> Any:
        """In which clusters the walks end: see :func:`velowidget.kernels.walks.tally`.

        Raises
        ------
        ValueError
            If no column of ``adata.obs`` has clusters.
        """
        computed = self._result("walks")
        if computed.value.clusters is None:
            raise ValueError("A tally needs clusters: a column of adata.obs with categories, such as 'clusters'.")
        stops = stop_mask(self.adata, computed.parameters.stop_ixs)
        return tally(computed.value.paths, computed.value.clusters, stops, computed.parameters.successive_hits)

    def _result(self, stage: str) -> Computed:
        """The result of a stage for the present parameters; asks and waits for it."""
        while True:
            self.ask(stage)
            self.jobs.wait(None, only=stage)
            computed = self.jobs.latest(stage)
            if computed is not None:  # and no other thread has changed a parameter since
                return computed

    def wait(self, timeout: float | None = 60) -> None:
        """Return when every stage asked for is computed for the present parameters, and handed to the listeners.

        Parameters
        ----------
        timeout
            Seconds; None waits without end.

        Raises
        ------
        TimeoutError
            If it takes longer; the computation goes on.
        concurrent.futures.CancelledError
            If it was cancelled.
        Exception
            The stage's own error, if one failed.
        """
        self.jobs.wait(timeout)

    def compute(self) -> None:
        """Go on after a cancel, or try again after a failure."""
        self.jobs.resume()

    def cancel(self) -> None:
        """Stop computing until a parameter changes or `compute` is called."""
        self.jobs.cancel()

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with each result, status and failure, in the thread where it arises; returns how to stop."""
        return self.jobs.outbox.listen(listener)

    # -- inside ------------------------------------------------------------------------------------

    def _target(self) -> Target:
        refused = next(iter(self._refused.values()), None)
        own_scheme = None
        try:
            own_scheme = self._own_scheme(self.scheme, self.mode)
        except (KeyError, ValueError, TypeError, PluginError) as error:  # a plugin that is gone
            refused = refused or error
        parameters = Parameters(
            scheme=self.scheme,
            own_scheme=own_scheme,
            softmax_scale=None if self.auto_scale else self.softmax_scale,
            mode=self.mode,
            n_samples=self.n_samples,
            backward=self.backward,
            backward_mode=self.backward_mode,
            basis=self.basis,
            components=tuple(self.components),
            smooth=self.smooth,
            density=self.density,
            cluster_key=self.cluster_key,
            time_key=self.time_key,
            **{name: getattr(self, name) for name in WALK_PARAMETERS if name != "max_iter"},
            max_iter=checked_steps(self.max_iter, self.adata.n_obs),  # 1 is one step, 1.0 as many as there are cells
        )
        return Target(self.wanted, parameters, refused)

    def _published(self, stage: str, _value: Any) -> None:
        if stage == "similarity":
            self._take_automatic_scale()

    def _read(self, read: Callable[[], Any]) -> Any:
        try:
            value = read()
        except Exception as error:
            return error
        value, notes = value if isinstance(value, tuple) else (value, value.notes)
        self._notes += notes
        return value


def _flow_cells(adata: AnnData, cluster_key: str, time_key: str) -> FlowCells:
    if not cluster_key:
        usable = ", ".join(map(repr, cluster_columns(adata)[:5]))
        hint = f"name it as cluster_key: {usable}." if usable else "make one with `scanpy.tl.leiden(adata)`."
        raise ValueError(f"Flow goes between the clusters of a column of adata.obs; {hint}")
    return read_cells(adata, cluster_key=cluster_key, time_key=time_key or None)


def _plane(adata: AnnData, basis: str, components: tuple[int, ...]) -> NDArray[np.float64]:
    basis = basis or next(iter(bases(adata)), "umap")
    return read_components(adata, basis, components or default_components(adata, basis))
