"""Parameters of data that may change: what has changed is noticed, and read anew as a whole or not at all.

Annotations (columns, embeddings, colours, names) that have changed are read anew when somebody next asks for them.
Where the chain's own data or the cells have changed, everything stays as it was read until `refresh` is called.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import traitlets as t
from anndata import AnnData

from velowidget.data.embeddings import bases
from velowidget.data.groups import cluster_columns
from velowidget.data.reading import Reading, cells_as_read, translated
from velowidget.pipeline.checks import CheckedParameters
from velowidget.pipeline.events import Changed, Read
from velowidget.pipeline.inputs import Inputs
from velowidget.pipeline.selection import Selection, checked_cells
from velowidget.pipeline.traits import OF_THE_DATA
from velowidget.plugins.names import shown

_CELLS = ("start_ixs", "stop_ixs", "selection")
_ASKING = (
    *OF_THE_DATA,
    "basis",
    "color",
    "layer",
    "components",
    "cluster_key",
    "time_key",
    "cluster",
    "palette",
    *_CELLS,
)
# What depends on the data, each after what it depends on.
_DEPENDENT = (
    *OF_THE_DATA,
    *("scheme", "palette", "basis", "components", "layer", "color"),
    *("cluster_key", "time_key", "cluster", "max_iter", "step"),
)


class LiveParameters(CheckedParameters):
    """Parameters, and the data that they are about.

    Attributes
    ----------
    adata
        The user's annotated data; nothing but `look` and `refresh` reads it.
    inputs
        What was read from it.
    changed
        What has changed since, in words, if results may not be those of the present data; else empty.
    """

    adata: AnnData
    inputs: Inputs
    changed: str = ""
    _dropped: tuple[str, ...] = ()  # what was read anew without: parameters that made no sense any more
    _settling: bool = True  # whether parameters are being fitted to new inputs; the first ones, to begin with

    def look(self) -> None:
        """Look for changes in the data: annotations are read anew at once, of anything else `changed` says what."""
        if not self._looks:
            return
        with self.changing():
            changes = self.inputs.reading.changes(self.settings)
            if changes.annotations:
                before = self.inputs
                self._turn_to(Inputs(Reading(self.adata), before.kernel, before, changes))
            words = f"The data have changed since they were read: {', '.join(changes.chain)}." if changes.chain else ""
            if words != self.changed:
                self.changed = words
                self.jobs.announce(Changed("data"))

    def refresh(self) -> None:
        """Read the data anew, all of them, and compute what is asked for.

        Parameters that still make sense stay as they are; cells that were chosen are found again by their names. What
        does not make sense any more gets its default, and `notices` say so.
        """
        inputs = Inputs(Reading(self.adata), self.inputs.kernel)
        inputs.read(self.settings)
        with self.changing():
            self._turn_to(inputs)

    def set_trait(self, name: str, value: Any) -> None:
        """Assign a parameter; numbers of cells are those of the present `adata`."""
        self.take(name, self.as_read(name, value))

    def take(self, name: str, value: Any) -> None:
        """Assign a parameter as a face shows it: numbers of cells are those of the cells that were read."""
        super().set_trait(name, value)

    def as_read(self, name: str, cells: Any) -> Any:
        """Cells that somebody means who looks at the present `adata`; see `velowidget.data.reading.cells_as_read`.

        Raises
        ------
        traitlets.TraitError
            If it cannot be told which are meant.
        """
        if name not in _CELLS or isinstance(cells, Selection) or self._settling:
            return cells
        with self.changing():
            self.look()
            read, now = self.inputs.adata.obs_names, self.adata.obs_names
            try:
                found = cells_as_read(cells, read, now, name)
            except ValueError as error:
                raise t.TraitError(str(error)) from error
        same = found is cells or not np.any(found)  # of none, the checks say what is wrong
        return found if same else checked_cells(found, self.inputs.adata.n_obs)

    # -- inside ------------------------------------------------------------------------------------

    @property
    def _looks(self) -> bool:
        """Whether an assignment is somebody's who may have new data in mind."""
        return not self._settling and self._held is None  # held values count later

    def _take(self, given: Mapping[str, Any]) -> None:
        kernel = self.inputs.kernel
        if kernel is not None and not self._settling:
            for name in given:
                if name in kernel.fixed:
                    raise t.TraitError(f"{name} cannot be changed. {kernel.reason}")
        asks = not self._settling and not given.keys().isdisjoint(_ASKING)
        if asks:
            self.look()
        try:
            super()._take(given)
        except t.TraitError as error:
            if not self.changed or not asks:
                raise
            raise t.TraitError(f"{error} {self.changed} Read them again with w.refresh().") from error

    def _ask_data(self) -> None:
        """Look for changes for somebody who asks for a result, and say if it is not one of the present data."""
        self.look()
        if self.changed:
            warnings.warn(
                f"{self.changed} This result is of the data as they were read. Read them again with w.refresh().",
                UserWarning,
                stacklevel=3,
            )

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        before, self._settling = self._settling, True
        try:
            yield
        finally:
            self._settling = before

    def _turn_to(self, inputs: Inputs) -> None:
        """Show other inputs, with the present parameters where they make sense; the lock must be held."""
        names = self.inputs.adata.obs_names
        with self._fitting():
            cells, cluster = {name: getattr(self, name) for name in _CELLS}, self.cluster
            self.inputs, self.changed, self._dropped = inputs, "", ()
            self._set_first({name: self._first_values[name] for name in self._refused if name in self._first_values})
            for name in _DEPENDENT:
                if name not in self._refused:  # a column without the cluster takes it away before
                    self._keep(name, cluster if name == "cluster" else getattr(self, name))
            for name, chosen in cells.items():
                if name not in self._refused:
                    self._keep_cells(name, chosen, names)
        self.jobs.announce(Read())

    def _keep(self, name: str, value: Any) -> None:
        """Assign the present value once more; one that is refused gives way to the default."""
        try:
            setattr(self, name, value)
        except t.TraitError as error:
            self._drop(name, value, error)

    def _drop(self, name: str, value: Any, error: Exception | str) -> None:
        # An empty value that cannot be has nothing to give way to: a stage says what is missing.
        usable = [default for default in self._defaults(name) if default != value]
        self._set_default(name, usable)
        if getattr(self, name) is not value and value:
            now = getattr(self, name)
            into = f"now {now!r}" if now else "now not set"
            self._dropped += (f"{name} was {shown(value)}, which the data have no longer; {into}. {error}",)

    def _keep_cells(self, name: str, chosen: Any, names: Any) -> None:
        now = self.inputs.adata.obs_names
        if chosen is None or isinstance(chosen, Mapping):
            self._keep(name, chosen)
            return
        found = translated(np.asarray(chosen, dtype=np.int64), names, now)
        gone = len(chosen) - (0 if found is None else len(found))
        if gone:
            what = f"{gone:,} of {len(chosen):,} cells of {name}"
            self._dropped += (f"{what} are not in the data any more, or have no name of their own.",)
        kept = np.zeros(0, dtype=np.int64) if found is None else found
        setattr(self, name, kept if name == "selection" or len(kept) else None)

    def _defaults(self, name: str) -> list[Any]:
        adata, column = self.inputs.adata, self.inputs.first_column
        of_data = {"basis": bases(adata), "color": [column] if column else [], "cluster_key": cluster_columns(adata)}
        return [*of_data.get(name, []), [] if name == "components" else self.traits()[name].default_value]
