"""The kernel's parameters in a dock of napari's: what is set there is set on the pipeline, for every face."""

from __future__ import annotations

from functools import partial
from typing import Any

import traitlets as t
from qtpy.QtCore import QSize, Qt, QTimer
from qtpy.QtWidgets import (
    QComboBox,
    QCompleter,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from velowidget.data.annotations import columns
from velowidget.napari_plugin.controls import Box, ChoiceBox, GenesBox, control_of, title_of
from velowidget.napari_plugin.legend import legend
from velowidget.napari_plugin.mode_control import ModeControl
from velowidget.napari_plugin.relay import Relay
from velowidget.napari_plugin.scale import ScaleControl
from velowidget.napari_plugin.scene import DRAWN, Scene, adata_of, scene_of
from velowidget.napari_plugin.tracks import STAGE
from velowidget.napari_plugin.walk_controls import WalkControls
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.events import Changed, Computed, Failed, Read, Status
from velowidget.pipeline.stages import with_ancestors
from velowidget.pipeline.table import CHAIN, entry_of, named
from velowidget.pipeline.traits import DIAGNOSTICS, TABLE
from velowidget.plugins.registry import PluginError

TITLE = "RNA velocity"
_GROUPS = (*CHAIN, "embedding", "view", "drawing")
_NO_CELLS = "Open an AnnData file (.h5ad or .zarr), or File > Open Sample > velowidget."
# Errors that tell a user about the input; any other is a bug of ours.
_EXPECTED = (KeyError, ValueError, TypeError, t.TraitError, PluginError)


def open_dock(viewer: Any, scene: Scene) -> VelocityDock:
    """The dock of a viewer, opened if it is not there, on a scene."""
    docks = [dock for dock in viewer.window.dock_widgets.values() if isinstance(dock, VelocityDock)]
    dock = docks[0] if docks else VelocityDock(viewer)
    if not docks:
        viewer.window.add_dock_widget(dock, name=TITLE, area="right")
        QTimer.singleShot(0, viewer.reset_view)  # when the dock has taken its place
    dock.choose(scene.cells)
    return dock


class _Scrolled(QScrollArea):
    """As wide as what it holds, and as high as there is room: napari's window need not grow for it."""

    def __init__(self, held: QWidget) -> None:
        super().__init__(widgetResizable=True, frameShape=QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(held)

    def minimumSizeHint(self) -> QSize:  # Qt's name
        """Wide enough for everything, with a bar beside it."""
        width = self.widget().minimumSizeHint().width() + self.verticalScrollBar().sizeHint().width()
        return QSize(width, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:  # Qt's name
        """As high as what it holds."""
        return QSize(self.minimumSizeHint().width(), self.widget().sizeHint().height())


class VelocityDock(QWidget):
    """Controls of the pipeline of a layer of cells, and what it is busy with.

    Parameters
    ----------
    napari_viewer
        The viewer, as napari gives it to a plugin.
    """

    def __init__(self, napari_viewer: Any) -> None:
        super().__init__()
        # Without its guard against private names, which makes a new object for each look at a layer.
        self._viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        self.scene: Scene | None = None
        self._stop: Any = None
        self._failures: dict[str, str] = {}
        self._relay = Relay(self._react)
        self._make_controls()
        self._lay_out()
        self._viewer.layers.events.inserted.connect(self._on_layers)
        self._viewer.layers.events.removed.connect(self._on_layers)
        self._on_layers()

    @property
    def pipeline(self) -> VelocityPipeline | None:
        """Whose parameters are shown; None without cells."""
        return None if self.scene is None else self.scene.pipeline

    def choose(self, cells: Any) -> None:
        """Show the parameters of the pipeline of a layer of cells; None for none."""
        scene = None if cells is None else scene_of(self._viewer, cells)
        if scene is self.scene and scene is not None:
            return
        if self._stop is not None:
            self._stop()
        self.scene, self._stop, self._failures = scene, None, {}
        self._controls.setEnabled(scene is not None)
        self.message.setText("" if scene is not None else _NO_CELLS)
        self.progress.hide()
        self.cancel.hide()
        self.legend.clear()
        if scene is not None:
            self.cells.setCurrentIndex(self.cells.findData(scene.cells))
            self._fill(scene.pipeline)
            self._stop = self._relay.follow(scene.pipeline)
            self._show()

    # -- making ------------------------------------------------------------------------------------

    def _make_controls(self) -> None:
        self.cells = ChoiceBox()
        self.cells.setToolTip("Layer of cells whose velocities are shown.")
        self.cells.chosen.connect(self.choose)
        self.mode = ModeControl()
        self.mode.changed.connect(lambda values: self._set(**values))
        self.direction = ChoiceBox()
        self.direction.chosen.connect(self._set_direction)
        self.scale = ScaleControl()
        self.scale.changed.connect(lambda value: self._set(softmax_scale=value))
        self.scale.automatic.connect(lambda on: self._set(auto_scale=on))
        self.color = ChoiceBox()
        self.color.setEditable(True)
        self.color.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.color.chosen.connect(lambda _: self._set_color())
        self.color.lineEdit().editingFinished.connect(self._set_color)
        own = {"softmax_scale": self.scale, "mode": self.mode, "backward": self.direction, "color": self.color}
        self.controls: dict[str, QWidget] = {}
        """By the parameters' names, in the order of the table."""
        self._generic: dict[str, Box] = {}
        for name, trait in TABLE.items():
            entry = entry_of(trait)
            if entry.group not in _GROUPS or entry.within or not entry.in_napari:
                continue
            if name not in own:
                self._generic[name] = control_of(name)
                self._generic[name].chosen.connect(partial(self._give, name))
            self.controls[name] = own[name] if name in own else self._generic[name]
            self.controls[name].setToolTip(trait.help)
        self.walks = WalkControls()
        self.walks.wanted.connect(self._want_walks)
        self.walks.changed.connect(lambda values: self._set(**values))
        self.legend = QLabel(wordWrap=True, textFormat=Qt.TextFormat.RichText)
        self.progress = QProgressBar()
        self.cancel = QPushButton("Cancel", clicked=self._cancel_or_resume)
        self.refresh = QPushButton("Read the data again", clicked=self._refresh, visible=False)
        self.message = QLabel(wordWrap=True, textFormat=Qt.TextFormat.PlainText)
        self.message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def _lay_out(self) -> None:
        self._controls = QWidget()
        self._form = form = QFormLayout(self._controls)
        form.setContentsMargins(0, 0, 0, 0)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow("cells", self.cells)
        for name, control in self.controls.items():
            form.addRow(title_of(name), control)
            if name == "color":
                form.addRow("", self.legend)
        form.addRow("walks", self.walks)
        below = QHBoxLayout()
        below.addWidget(self.progress)
        below.addWidget(self.cancel)
        layout = QVBoxLayout(self)
        layout.addWidget(_Scrolled(self._controls), stretch=1)
        layout.addLayout(below)
        layout.addWidget(self.message)
        layout.addWidget(self.refresh)

    def _fill(self, pipeline: VelocityPipeline) -> None:
        """Offer what the data have."""
        adata = pipeline.inputs.adata
        for name, control in self._generic.items():
            if isinstance(control, ChoiceBox | GenesBox):
                offers = entry_of(TABLE[name]).control.offers(pipeline)
                control.offer([offer for offer in offers if name != "field" or offer.key in DRAWN])
        self.direction.offer([*named(["forward"]), *entry_of(TABLE["backward_mode"]).control.offers(pipeline)])
        self.color.offer(named([*columns(adata), *pipeline.diagnostics]))
        self.walks.fill(pipeline.inputs.clusters)
        completer = QCompleter([*columns(adata), *map(str, adata.var_names)], self.color)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.color.setCompleter(completer)

    # -- from the user -----------------------------------------------------------------------------

    def _set(self, **values: Any) -> None:
        """Change parameters; what the pipeline refuses is put back, and explained."""
        assert self.pipeline is not None  # or the controls are disabled
        self._failures.pop("refused", None)
        try:
            with self.pipeline.hold_trait_notifications():
                for name, value in values.items():
                    setattr(self.pipeline, name, value)
        except t.TraitError as error:
            self._failures["refused"] = _explained(error)
        self._show()

    def _give(self, name: str, value: object) -> None:
        self._set(**{name: value})

    def _set_direction(self, direction: str) -> None:
        self._set(**({"backward": False} if direction == "forward" else {"backward": True, "backward_mode": direction}))

    def _set_color(self) -> None:
        color = self.color.currentText().strip()
        if self.pipeline is not None and color != self.pipeline.color:
            self._set(color=color)

    def _want_walks(self, wanted: bool) -> None:
        assert self.scene is not None
        self.scene.walks.wanted = wanted
        self._show()

    def _cancel_or_resume(self) -> None:
        assert self.pipeline is not None
        if self.cancel.text() == "Cancel":
            self.pipeline.cancel()
        else:
            self.pipeline.compute()

    def _refresh(self) -> None:
        assert self.pipeline is not None
        self.pipeline.refresh()

    # -- from the pipeline -------------------------------------------------------------------------

    def _react(self, event: Any) -> None:
        match event:
            case Status():
                self._show_status(event)
            case Failed() if event.stage in self._needed():
                self._failures[event.stage] = _explained(event.error)
                self._show()
            case Computed(stage="similarity" | "diagnostics") | {"name": _}:
                self._show()
            case Changed(name="data"):
                self._show_message()
            case "plugins" | Read() if self.scene is not None:
                self._fill(self.scene.pipeline)
                self._show()

    def _show(self) -> None:
        """Show the present parameters."""
        if self.scene is None:
            return
        pipeline = self.scene.pipeline
        for name, control in self._generic.items():
            control.show_value(self._in_use(name) if name == "field" else getattr(pipeline, name))
        self.direction.show_value(pipeline.backward_mode if pipeline.backward else "forward")
        if not self.color.lineEdit().hasFocus() or "refused" not in self._failures:
            self.color.setEditText(pipeline.color)
        self.mode.show_mode(pipeline)
        kernel = pipeline.inputs.kernel
        for name, shown in self.controls.items():
            self._show_usable(name, shown)
        fixed = "No effect: the similarities could not be computed." if "similarity" in self._failures else None
        fixed = kernel.reason if kernel is not None else fixed
        scale, automatic = pipeline.softmax_scale, pipeline.automatic_scale
        self.scale.show_scale(scale, automatic, automatic=pipeline.auto_scale, fixed=fixed)
        self.walks.show_walks(pipeline, wanted=self.scene.walks.wanted)
        self.legend.setText(legend(pipeline.annotation, pipeline.palette, pipeline.vmin, pipeline.vmax))
        self._show_message()

    def _show_usable(self, name: str, control: QWidget) -> None:
        """Show a control where its parameter has an effect; off, with the reason, where it cannot be used."""
        assert self.pipeline is not None
        entry, reason = entry_of(TABLE[name]), self.pipeline.reason_against(name)
        label = self._form.labelForField(control)
        label.setText(entry.title_now(self._in_use))
        for part in (control, label):
            part.setVisible(entry.matters(self._in_use))
        control.setEnabled(reason is None)
        control.setToolTip(reason or TABLE[name].help)

    def _in_use(self, name: str) -> Any:
        assert self.scene is not None
        return self.scene.field if name == "field" else self.scene.pipeline.in_use(name)

    def _show_status(self, status: Status) -> None:
        before = self._failures
        self._failures = {stage: text for stage, text in before.items() if stage in (*status.failed, "refused")}
        if self._failures.keys() != before.keys():
            self._show()
        working = status.state == "working"
        self.progress.setVisible(working)
        self.progress.setRange(0, 0 if status.progress is None else 100)
        self.progress.setValue(round(100 * (status.progress or 0)))
        self.progress.setFormat(status.label.replace("%", "%%"))
        failed = not self._needed().isdisjoint(status.failed)
        self.cancel.setVisible(failed or status.state in ("working", "cancelled"))
        self.cancel.setText({"working": "Cancel", "cancelled": "Go on"}.get(status.state, "Try again"))
        self._show_message()

    def _needed(self) -> set[str]:
        """Stages whose failure shows here; others are shown where they are asked for."""
        assert self.scene is not None
        asked = [self.scene.stage]
        asked += [STAGE] if self.scene.walks.wanted else []
        asked += ["diagnostics"] if self.scene.pipeline.color in DIAGNOSTICS else []
        return {"parameters", *(stage.name for name in asked for stage in with_ancestors(name))}

    def _show_message(self) -> None:
        notices: tuple[str, ...] = ()
        if self.pipeline is not None:
            changed = self.pipeline.changed
            self.refresh.setVisible(bool(changed))
            notices = (*([changed] if changed else []), *self.pipeline.notices)
        self.message.setText("\n\n".join(dict.fromkeys([*self._failures.values(), *notices])))

    # -- coming and going --------------------------------------------------------------------------

    def _on_layers(self, _event: Any = None) -> None:
        """Offer the layers of cells that there are."""
        known = [layer for layer in self._viewer.layers if adata_of(layer) is not None]
        self.cells.clear()
        for layer in known:
            self.cells.addItem(layer.name, layer)
        if self.scene is not None and self.scene.cells in known:
            self.cells.setCurrentIndex(known.index(self.scene.cells))
        else:
            self.choose(known[-1] if known else None)


def _explained(error: Exception) -> str:
    """What is wrong and what to do next, as the error says; a bug of ours is called one."""
    if isinstance(error, _EXPECTED):
        return str(error)
    return f"{type(error).__name__}: {error} This is not about your data; please report it, with the steps to it."
