"""The pipeline's parameters as traits that cross the wire: their values are the pipeline's, there are no others."""

from __future__ import annotations

from typing import Any

import traitlets as t

from velowidget.pipeline.assignments import Declared
from velowidget.pipeline.traits import TABLE


class Shared(t.TraitType[Any, Any]):
    """A trait that is read from, and assigned to, the one of that name of the widget's pipeline."""

    def get(self, obj: Any, _cls: type[Any] | None = None) -> Any:
        """The pipeline's value; of a closed widget, the last one."""
        return obj.value_of(str(self.name))

    def __set__(self, obj: Any, value: Any) -> None:
        """Let the pipeline check and take the value; the widget hears of that as every listener does."""
        obj.pipeline.set_trait(str(self.name), value)

    def set(self, obj: Any, value: Any) -> None:
        """As `__set__`, of a value from the browser: numbers of cells are those that it was told of."""
        obj.pipeline.take(str(self.name), value)


class SyncedTraits(Declared):
    """The parameters of :class:`velowidget.pipeline.traits.ParameterTraits`, each of which crosses the wire."""

    selection: Any = Shared()  # an array, which crosses the wire as a message

    vars().update({name: Shared(help=trait.help).tag(sync=True) for name, trait in TABLE.items()})
