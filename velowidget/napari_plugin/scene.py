"""The layers that follow one pipeline in one viewer."""

from __future__ import annotations

from typing import Any

import numpy as np
from anndata import AnnData
from napari.layers import Points
from napari.utils.theme import get_theme
from numpy.typing import NDArray

from velowidget.napari_plugin import layers
from velowidget.napari_plugin.relay import Relay
from velowidget.napari_plugin.tracks import WalkTracks
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.events import Computed, Read, Status
from velowidget.pipeline.parameters import Parameters
from velowidget.pipeline.stages import FIELDS
from velowidget.pipeline.stages.grid import Grid
from velowidget.pipeline.stages.projection import Arrows
from velowidget.pipeline.traits import DIAGNOSTICS

DRAWN = ("grid", "arrows", "none")
"""The fields that napari draws; arrows on a grid stand for any other."""

_OLD = 0.3
"""Opacity of arrows that show other parameters than the present ones, as a share of what it was."""

_scenes: dict[Any, Scene] = {}
"""By layer of cells, until it is removed from its viewer."""


def adata_of(layer: Any) -> AnnData | None:
    """The AnnData whose cells a layer shows; None for any other layer."""
    adata = layer.metadata.get("anndata")
    return adata if isinstance(adata, AnnData) else None


def scene_of(viewer: Any, layer: Any) -> Scene:
    """The scene of a layer of cells, made when it is first asked for, with a pipeline of its own."""
    if layer not in _scenes:
        _scenes[layer] = Scene(viewer, layer, VelocityPipeline(adata_of(layer)))
        _scenes[layer].start()
    return _scenes[layer]


def open_scene(viewer: Any, pipeline: VelocityPipeline) -> Scene:
    """The pipeline's scene in a viewer, with a new layer of cells if it has none there."""
    for layer, scene in _scenes.items():
        if scene.pipeline is pipeline and layer in viewer.layers:
            return scene
    positions = pipeline.positions(pipeline.basis)
    points, attributes, _ = layers.cells(pipeline.inputs.adata, positions, pipeline.annotation, name="cells")
    attributes["metadata"] = {"anndata": pipeline.adata}
    layer = Points(points, **attributes)
    _scenes[layer] = Scene(viewer, layer, pipeline)  # before a dock sees the layer
    viewer.add_layer(layer)
    _scenes[layer].start()
    return _scenes[layer]


class Scene:
    """Cells, arrows and walks of a pipeline, as layers that follow it until the layer of cells is removed.

    Parameters
    ----------
    viewer
        napari's.
    cells
        A layer of points with an AnnData in its metadata.
    pipeline
        What it is to follow.
    """

    def __init__(self, viewer: Any, cells: Any, pipeline: VelocityPipeline) -> None:
        self.pipeline = pipeline
        self.viewer = viewer
        self.cells = cells
        self.arrows: Any = None
        self._drawn: Any = None  # the result that the arrows show
        self._asked: str | None = None  # besides what the pipeline's field needs
        self._opacity: float | None = None  # of the arrows before they grew old
        self._placing: tuple[str, tuple[int, ...]] | None = None  # basis and components
        self._refit = False
        self.walks = WalkTracks(viewer, pipeline)
        self._relay = Relay(self._react)

    def start(self) -> None:
        """Follow from now on; the cells must be in the viewer."""
        self.viewer.dims.events.ndisplay.connect(self._on_dimensions)
        self.viewer.events.theme.connect(self._on_theme)
        self.viewer.layers.events.removed.connect(self._on_removed)
        self.cells.opacity = self.pipeline.opacity
        self._place()
        self._stop = self._relay.follow(self.pipeline)

    @property
    def positions(self) -> NDArray[np.float64]:
        """The cells on the components that the pipeline shows, shape (n_cells, 2) or (n_cells, 3)."""
        return self.pipeline.positions(self.pipeline.basis)

    @property
    def stage(self) -> str:
        """The stage whose result is drawn: arrows of cells, else on a grid, also for fields that only browsers draw."""
        return "projection" if self.field == "arrows" else "grid"

    @property
    def field(self) -> str:
        """The field that is drawn: one of `DRAWN`."""
        return self.pipeline.field if self.pipeline.field in DRAWN else "grid"

    # -- following ---------------------------------------------------------------------------------

    def _react(self, event: Any) -> None:
        match event:
            case Computed(stage="diagnostics") if self.pipeline.color in DIAGNOSTICS:
                self._color()
            case Read():
                self._start_anew()
            case Computed() | Status():
                self._draw()
                self.walks.draw()
            case {"name": "basis" | "components"}:
                self._place()
            case {"name": "color" | "layer" | "vmin" | "vmax" | "palette"}:
                self._color()
            case "plugins":
                with self.pipeline.changing():  # its scheme may be another, or gone
                    self._color()
            case {"name": "field"}:
                self._ask()
            case {"name": "step"}:
                self.walks.follow_step()
            case {"name": "arrow_length" | "point_size"}:
                self._resize()
            case {"name": "opacity"}:
                self.cells.opacity = self.pipeline.opacity

    def _on_dimensions(self, _event: Any) -> None:
        """Let napari's button choose the plane or space; an embedding that is a plane stays one."""
        pipeline, shown = self.pipeline, self.positions.shape[1]
        components = list(pipeline.components or pipeline.inputs.default_components(pipeline.basis))
        width = pipeline.inputs.width(pipeline.basis)
        if self.viewer.dims.ndisplay == 2 and shown == 3:
            pipeline.components = components[:2]
        elif self.viewer.dims.ndisplay == 3 and shown == 2 and width > 2:
            pipeline.components = [*components, min({1, 2, 3} - set(components))]

    def _on_theme(self, _event: Any) -> None:
        if self.arrows is not None:
            self.arrows.edge_color = self._ink()

    def _on_visible(self, _event: Any) -> None:
        self._draw()

    def _on_removed(self, event: Any) -> None:
        self.walks.removed(event.value)
        if event.value is self.cells:
            self._close()
        elif event.value is self.arrows:
            self.arrows = self._drawn = None
            self.pipeline.field = "none"

    def _close(self) -> None:
        _scenes.pop(self.cells, None)
        self._stop()
        self._ask_for(None)
        self.walks.close()
        self.viewer.dims.events.ndisplay.disconnect(self._on_dimensions)
        self.viewer.events.theme.disconnect(self._on_theme)
        self.viewer.layers.events.removed.disconnect(self._on_removed)
        self._remove_arrows()

    # -- drawing -----------------------------------------------------------------------------------

    def _place(self) -> None:
        """Move the cells to where they are on the embedding, and ask for arrows there."""
        placing = _placing(self.pipeline)
        if placing != self._placing:
            before, self._placing = self._placing, placing
            self._drawn = None
            positions = self.positions
            if before is not None or positions.shape[1] == 3:
                self.viewer.dims.ndisplay = positions.shape[1]
            self.cells.data = layers.axes(positions[layers.placed(positions)])
            self._resize()
            self._color()
            self._refit = before is not None
        self._ask()
        self.walks.draw()

    def _start_anew(self) -> None:
        """Show the cells of data that were read anew."""
        before, self._placing = np.asarray(self.cells.data), None
        self._place()
        self._refit = not np.array_equal(before, self.cells.data)

    def _resize(self) -> None:
        self.cells.size = layers.size(self.cells.data) * self.pipeline.point_size
        if self.arrows is not None:
            self.arrows.length = self.pipeline.arrow_length

    def _color(self) -> None:
        shown = layers.placed(self.positions)
        pipeline = self.pipeline
        look = pipeline.annotation, shown, pipeline.palette, pipeline.vmin, pipeline.vmax
        for name, value in layers.coloring(pipeline.inputs.adata, *look).items():
            setattr(self.cells, name, value)

    def _ask(self) -> None:
        wanted = None if self.pipeline.field == "none" else self.stage
        self._ask_for(None if wanted == FIELDS[self.pipeline.field] else wanted)
        self._draw()

    def _ask_for(self, stage: str | None) -> None:
        if stage != self._asked:
            before, self._asked = self._asked, stage
            if before is not None:
                self.pipeline.release(before)
            if stage is not None:
                self.pipeline.want(stage)

    def _draw(self) -> None:
        """Draw the newest arrows; those of other parameters are faint until there are new ones."""
        if self.pipeline.field == "none":
            self._remove_arrows()
            self._fit()
            return
        if self.arrows is not None and not self.arrows.visible:  # napari does not bear new data for a hidden layer
            return
        computed = self.pipeline.jobs.latest(self.stage)
        if computed is None or _placing(computed.parameters) != self._placing:  # or a change is on its way
            self._fade()
            return
        if computed is not self._drawn:
            restyle = self._drawn is None or self._drawn.stage != computed.stage
            self._drawn = computed
            self._set_arrows(self._data(computed.value))
            if restyle:
                self.arrows.edge_width = self._width()
                self._fit()
        self._unfade()

    def _fit(self) -> None:
        """Bring everything into view once the cells have moved, and the arrows after them."""
        if self._refit:
            self._refit = False
            self.viewer.reset_view()

    def _data(self, value: Arrows | Grid) -> Any:
        if isinstance(value, Grid):
            lattice = self.pipeline.jobs.latest("lattice")
            assert lattice is not None  # the grid is made of it
            return layers.thinned(layers.arrows(value.points, value.vectors, lattice.value.spacing))
        positions = self.positions
        return layers.thinned(layers.arrows(positions, value.vectors, layers.span(positions) / layers.PER_SIDE))

    def _set_arrows(self, data: Any) -> None:
        if self.arrows is not None:
            color = self.arrows.edge_color[0] if len(self.arrows.data) else self._ink()
            self.arrows.data = data
            self.arrows.edge_color = color  # else further arrows have the layer's first colour
            return
        active = self.viewer.layers.selection.active
        self.arrows = self.viewer.add_vectors(
            data,
            ndim=3,
            name=f"velocity of {self.cells.name}",
            vector_style="arrow",
            edge_color=self._ink(),
            length=self.pipeline.arrow_length,
            opacity=0.9,
        )
        self.arrows.events.visible.connect(self._on_visible)
        self.viewer.layers.selection.active = active

    def _width(self) -> float:
        """Of an arrow: thinner where there are many."""
        share = 450 if self.pipeline.field == "arrows" else 350 if self.positions.shape[1] == 3 else 250
        return layers.span(self.cells.data) / share

    def _remove_arrows(self) -> None:
        gone, self.arrows, self._drawn, self._opacity = self.arrows, None, None, None
        if gone is not None and gone in self.viewer.layers:
            self.viewer.layers.remove(gone)

    def _fade(self) -> None:
        """Make arrows of other parameters faint, and arrows of another embedding invisible."""
        if self.arrows is not None:
            if self._opacity is None:
                self._opacity = self.arrows.opacity
            self.arrows.opacity = self._opacity * (0.0 if self._drawn is None else _OLD)

    def _unfade(self) -> None:
        if self._opacity is not None:
            self.arrows.opacity, self._opacity = self._opacity, None

    def _ink(self) -> str:
        """Of the arrows: what is seen on the viewer's background."""
        red, green, blue = get_theme(self.viewer.theme).canvas.as_rgb_tuple()[:3]
        return "white" if red + green + blue < 3 * 128 else "black"


def _placing(parameters: VelocityPipeline | Parameters) -> tuple[str, tuple[int, ...]]:
    """What the places of cells depend on."""
    return parameters.basis, tuple(parameters.components)
