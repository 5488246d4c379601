"""The pipeline's parameters as traits that cross the wire: their values are the pipeline's, there are no others."""

from __future__ import annotations

from typing import Any

import traitlets as t

from velowidget.pipeline.assignments import Declared


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


def _synced() -> Any:
    return Shared().tag(sync=True)


class SyncedTraits(Declared):
    """As `velowidget.pipeline.traits.ParameterTraits`."""

    softmax_scale: float | None = _synced()
    auto_scale: bool = _synced()
    scheme: str = _synced()
    mode: str = _synced()
    n_samples: int = _synced()
    backward: bool = _synced()
    backward_mode: str = _synced()
    basis: str = _synced()
    components: list[int] = _synced()
    color: str = _synced()
    layer: str | None = _synced()
    vmin: float | str | None = _synced()
    vmax: float | str | None = _synced()
    palette: str = _synced()
    field: str = _synced()
    smooth: float = _synced()
    density: float = _synced()
    arrow_length: float = _synced()
    point_size: float = _synced()
    opacity: float = _synced()
    honest: bool = _synced()
    selection: Any = Shared()  # an array, which crosses the wire as a message
    cluster_key: str = _synced()
    time_key: str = _synced()
    cluster: str = _synced()
    min_flow: float = _synced()
    n_sims: int = _synced()
    max_iter: float = _synced()
    successive_hits: int = _synced()
    start_ixs: Any = _synced()
    stop_ixs: Any = _synced()
    seed: int = _synced()
    step: int = _synced()
