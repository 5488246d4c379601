"""From the pipeline's threads to Qt's."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from qtpy.QtCore import QObject, Signal

from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.traits import PARAMETERS
from velowidget.plugins.registry import registry

_log = logging.getLogger(__name__)


class Relay(QObject):
    """Hears of everything that happens to a pipeline, and calls `react` in the thread that it was made in.

    The pipeline does not keep it alive.

    Parameters
    ----------
    react
        Called with each of the pipeline's events, with the change of each parameter, and with ``'plugins'`` when
        there are others.
    """

    _told = Signal(object)

    def __init__(self, react: Callable[[Any], None]) -> None:
        super().__init__()
        self._react = react
        self._told.connect(self._deliver)

    def follow(self, pipeline: VelocityPipeline) -> Callable[[], None]:
        """Listen to a pipeline, from its present state on; returns how to end that."""
        myself = weakref.ref(self)

        def tell(event: Any) -> None:
            relay = myself()
            try:
                if relay is not None:
                    relay._told.emit(event)
                    return
            except RuntimeError:  # Qt's half of it is gone
                pass
            stop()

        def stop() -> None:
            stop_listening()
            stop_following_plugins()
            with suppress(ValueError):  # stopped before
                pipeline.unobserve(tell, list(PARAMETERS))

        pipeline.observe(tell, list(PARAMETERS))
        stop_listening = pipeline.listen(tell)
        stop_following_plugins = registry.listen(lambda: tell("plugins"))
        pipeline.jobs.replay(tell)
        return stop

    def _deliver(self, event: Any) -> None:
        try:
            self._react(event)
        except Exception:  # for which PyQt would end the process
            _log.exception("The napari face failed to follow.")
