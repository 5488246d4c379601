"""The model behind every face: parameters as traits, results that follow them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.analyses.flow import flow_table
from velowidget.analyses.probabilities import notes_on
from velowidget.analyses.walks import checked_steps, stop_mask, tally
from velowidget.data.annotations import Annotation
from velowidget.data.arguments import one_of, reject_unknown
from velowidget.data.atomic import replacing
from velowidget.data.groups import with_source
from velowidget.data.reading import Reading
from velowidget.kernels.base import Kernel
from velowidget.pipeline import changes
from velowidget.pipeline.events import Computed, Event
from velowidget.pipeline.inputs import Inputs
from velowidget.pipeline.jobs import Jobs, Target
from velowidget.pipeline.kernels import kernel_of
from velowidget.pipeline.live import LiveParameters
from velowidget.pipeline.parameters import TRAITS, Parameters
from velowidget.pipeline.source import source_of
from velowidget.pipeline.stages import FIELDS, STAGES
from velowidget.pipeline.stages.walks import Walks
from velowidget.pipeline.traits import PARAMETERS, SETTINGS
from velowidget.plugins.registry import PluginError, registry, require


class VelocityPipeline(LiveParameters):
    """A velocity kernel that follows its parameters.

    Assign to a trait, from any thread, and everything that depends on it is computed anew: at once where that is a
    matter of milliseconds, in the background otherwise.

    Parameters
    ----------
    data
        Annotated data; read once, never changed. Or a kernel: a velocity kernel is tuned further from its own
        parameters; the chain of any other (a combination, a matrix from elsewhere) is shown as it is, and the
        parameters that a chain is computed from cannot be changed.
    attr
        ``'layers'``; or ``'obsm'``, of which `vkey` and `xkey` are keys then. A kernel that is given has its own.
    parameters
        First values of the traits below.

    Raises
    ------
    TypeError
        If `data` is neither, or was opened lazily, or a keyword is unknown, or the given kernel's own. Every other
        problem with the data or a first value is kept, and raised by `wait`, so that a face can show it.
    """

    def __init__(
        self,
        data: AnnData | Kernel,
        *,
        attr: str = "layers",
        **parameters: Any,
    ) -> None:
        reject_unknown(type(self).__name__, parameters.keys() - set(PARAMETERS), (*PARAMETERS, *SETTINGS))
        source = source_of(data, attr, parameters)
        parameters = dict(source.parameters)
        self.adata = source.adata
        self._refused = {}
        self._attr = source.attr
        self.inputs = Inputs(Reading(source.adata), source.given)
        self._first_values: dict[str, Any] = {}
        self._asked: dict[str, None] = {}
        self.jobs = Jobs(self._target, self._published)
        super().__init__()
        with self.changing():
            for name in ("basis", "color", "cluster_key"):
                if name not in parameters:
                    self._set_default(name, self._defaults(name))
            self._set_first(parameters)
            self.inputs.read(self.settings)
            self._settling = False

    # -- what is asked for ------------------------------------------------------------------------

    @property
    def wanted(self) -> tuple[str, ...]:
        """The stages asked for: what the field draws, then the others in the order in which they were asked for."""
        colored = ("diagnostics",) if self.is_diagnostic(self.color) else ()
        return tuple(dict.fromkeys((FIELDS[self.field], *colored, *self._asked)))

    def want(self, stage: str) -> None:
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
        return self._read_color(self.color, self.layer)

    def positions(self, basis: str) -> NDArray[np.float64]:
        """The cells on the present components of an embedding, shape (n_cells, 2) or (n_cells, 3), read-only."""
        return self.inputs.plane(basis, tuple(self.components))

    @property
    def flow(self) -> Any:
        """The flow as a DataFrame, as from :meth:`velowidget.VelocityKernel.flow`; waits for it.

        That of `cluster` over time if there is a `time_key`, else that of all clusters. Unlike there, categories that
        no cell has are left out.
        """
        self._ask_data()
        asked = "flow" in self._asked
        self.want("flow")
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
        with changes.lock:
            inputs, computed = self.inputs, self.jobs.latest("T")
        similar = None if computed is None else computed.value.similarity
        of_chain = () if similar is None else notes_on(inputs.adata, similar)
        of_colors = filter(None, tuple(inputs.color_notes.values()))
        return (*inputs.notes(self.settings), *of_colors, *self._dropped, *of_chain)

    @property
    def kernel(self) -> Kernel:
        """An independent, computed kernel of the present parameters; waits for it. Arrays are shared and read-only.

        Its AnnData is `adata`, or, where this has changed, as it was when it was read; there is a warning then.
        """
        self._ask_data()
        return self._computed_kernel(lambda inputs: inputs.reading.snapshot() if self.changed else self.adata)

    @property
    def kernel_as_read(self) -> Kernel:
        """As `kernel`, always with the AnnData as it was when it was read; for reading only."""
        return self._computed_kernel(lambda inputs: inputs.adata)

    def _computed_kernel(self, adata_of: Callable[[Inputs], AnnData]) -> Kernel:
        while True:  # another thread may change a parameter meanwhile
            self.jobs.wait(None, only=FIELDS[self.field])
            with changes.lock:
                inputs, chain, velocity = self.inputs, self.jobs.latest("T"), self.jobs.latest("velocity")
            if chain is not None and velocity is not None:
                return kernel_of(inputs, chain.parameters, velocity.value, adata_of(inputs))

    def export(self, exporter: str, path: str | os.PathLike[str]) -> Path:
        """Write what is computed for the present parameters to a file; waits for it.

        The exporter writes in a private folder, and what it wrote then replaces the file: whatever happens, there is
        the whole old file or the whole new one.

        Parameters
        ----------
        exporter
            A key of ``velowidget.plugins.contributions('exporters')``.
        path
            The file; the exporter's suffix is added where it has none.

        Returns
        -------
        The path of the file.

        Raises
        ------
        ValueError
            If there is no such exporter, or the data do not have what it requires.
        velowidget.plugins.PluginError
            If the plugin that it is of cannot be used.
        OSError
            If the file cannot be written; the old one is as it was.
        """
        contribution = registry.get("exporters", exporter)
        self.look()
        require(contribution, self.inputs.adata)
        path = Path(path)
        path = path if path.suffix else path.with_suffix(contribution.extension)
        write = registry.load("exporters", exporter)
        with replacing(path) as temporary:
            write(self, temporary)
        return path

    @property
    def walks(self) -> NDArray[np.int32]:
        """Random walks on the present chain, shape (n_sims, n_steps + 1), read-only; asks and waits for them.

        Numbers of cells: column 0 is the start, -1 follows the end.
        """
        self._ask_data()
        walked: Walks = self._result("walks")[0].value
        return walked.paths

    @property
    def tally(self) -> Any:
        """In which clusters the walks end: see :func:`velowidget.analyses.walks.tally`.

        Raises
        ------
        ValueError
            If no column of ``adata.obs`` has clusters.
        """
        self._ask_data()
        computed, inputs = self._result("walks")
        if computed.value.clusters is None:
            raise ValueError("A tally needs clusters: a column of adata.obs with categories, such as 'clusters'.")
        stops = stop_mask(inputs.adata, computed.parameters.stop_ixs)
        return tally(computed.value.paths, computed.value.clusters, stops, computed.parameters.successive_hits)

    def _result(self, stage: str) -> tuple[Computed, Inputs]:
        """The result of a stage for the present parameters, and the data that it is of; asks and waits for it."""
        while True:
            self.want(stage)
            self.jobs.wait(None, only=stage)
            with changes.lock:
                inputs, computed = self.inputs, self.jobs.latest(stage)
            if computed is not None:  # and no other thread has changed a parameter since
                return computed, inputs

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
        values = {name: getattr(self, name) for name in TRAITS}
        values["components"] = tuple(values["components"])
        # 1 is one step, 1.0 as many as there are cells.
        values["max_iter"] = checked_steps(values["max_iter"], self.inputs.adata.n_obs)
        parameters = Parameters(**values, own_scheme=own_scheme)
        return Target(self.wanted, self.inputs, self.inputs.dated(parameters), refused)

    def _published(self, stage: str, _value: Any) -> None:
        if stage == "similarity":
            self._take_automatic_scale()
