"""Random walks as a layer of tracks, played by napari's own slider."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from traitlets import TraitError

from velowidget.napari_plugin import layers
from velowidget.pipeline import VelocityPipeline

STAGE = "walks"
_TAIL = 10
"""Steps behind a walk that are drawn."""
_AXES = ("step", "z", "y", "x")


class WalkTracks:
    """The pipeline's walks in a viewer, as long as they are wanted; its step is the slider's.

    Parameters
    ----------
    viewer
        napari's.
    pipeline
        Whose walks they are.
    """

    def __init__(self, viewer: Any, pipeline: VelocityPipeline) -> None:
        self.layer: Any = None
        self._viewer = viewer
        self._pipeline = pipeline
        self._wanted = False
        self._drawn: Any = None  # the result that the tracks show, and where the cells were
        viewer.dims.events.current_step.connect(self._on_slider)

    @property
    def wanted(self) -> bool:
        """Whether walks are to be shown."""
        return self._wanted

    @wanted.setter
    def wanted(self, wanted: bool) -> None:
        if wanted != self._wanted:
            self._wanted = wanted
            if wanted:
                self._pipeline.want(STAGE)
                self.draw()
            else:
                self._pipeline.release(STAGE)
                self._remove()

    def draw(self) -> None:
        """Draw the newest walks where the cells are now; none while there are none."""
        if not self._wanted or (self.layer is not None and not self.layer.visible):
            return
        computed = self._pipeline.jobs.latest(STAGE)
        if self.layer is not None:
            self.layer.opacity = 1.0 if computed is not None else 0.3
        if computed is None:
            return
        positions = self._pipeline.positions(self._pipeline.basis)
        if self._drawn is not None and self._drawn[0] is computed and self._drawn[1] is positions:
            return
        self._drawn = computed, positions
        self._set(layers.tracks(computed.value.paths, positions), computed.value.paths.shape[1] - 1)

    def follow_step(self) -> None:
        """Put the slider where the pipeline's step is."""
        if self.layer is not None:
            self._viewer.dims.set_point(0, self._pipeline.step)

    def removed(self, layer: Any) -> None:
        """Take note that a layer has been removed from the viewer."""
        if layer is self.layer:
            self.layer = self._drawn = None
            self.wanted = False

    def close(self) -> None:
        """Take everything away."""
        self.wanted = False
        self._viewer.dims.events.current_step.disconnect(self._on_slider)

    def _set(self, data: Any, last: int) -> None:
        if self.layer is None:
            if self._pipeline.step == 0:
                self._pipeline.step = last  # where there is something to see
            active = self._viewer.layers.selection.active
            self.layer = self._viewer.add_tracks(
                data,
                name="random walks",
                features={"step": data[:, 1]},
                color_by="step",
                colormap="plasma",
                blending="translucent_no_depth",
                tail_length=min(last, _TAIL),
                axis_labels=_AXES,
            )
            self.layer.events.visible.connect(self._on_visible)
            self._viewer.dims.axis_labels = _AXES
            self._viewer.layers.selection.active = active
        else:
            color = self.layer.color_by
            self.layer.color_by = "track_id"  # the others do not outlive their data
            self.layer.data = data
            self.layer.features = {"step": data[:, 1]}
            self.layer.color_by = color
        self.follow_step()

    def _remove(self) -> None:
        gone, self.layer, self._drawn = self.layer, None, None
        if gone is not None and gone in self._viewer.layers:
            self._viewer.layers.remove(gone)

    def _on_slider(self, _event: Any) -> None:
        if self.layer is not None and self._viewer.dims.ndim == len(_AXES):
            with suppress(TraitError):  # there are fewer steps from now on, and shorter walks on their way
                self._pipeline.step = int(self._viewer.dims.current_step[0])

    def _on_visible(self, _event: Any) -> None:
        self.draw()
