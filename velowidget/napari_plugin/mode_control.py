"""The kernel's mode, and the numbers that it depends on."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from velowidget.napari_plugin.controls import ChoiceBox, control_of, title_of
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.offers import modes

_WHY = "Backward (transpose) is always deterministic; backward (negate) has every mode."


class ModeControl(QWidget):
    """Emits `changed` with parameters by name."""

    changed = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self._offers = {offer.key: offer for offer in modes(None)}
        self.mode = ChoiceBox()
        self.mode.offer(list(self._offers.values()))
        self.mode.chosen.connect(partial(self._give, "mode"))
        self.note = QLabel("deterministic by transpose", toolTip=_WHY)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.mode)
        layout.addWidget(self.note)
        self._form = QFormLayout()
        names = dict.fromkeys(name for offer in self._offers.values() for name in offer.numbers)
        self.numbers = {name: control_of(name) for name in sorted(names)}
        for name, number in self.numbers.items():
            number.chosen.connect(partial(self._give, name))
            self._form.addRow(title_of(name), number)
        layout.addLayout(self._form)

    def show_mode(self, pipeline: VelocityPipeline) -> None:
        """Show the present parameters; the numbers where the mode depends on them."""
        mode = pipeline.in_use("mode")
        self.mode.show_value(pipeline.mode)
        self.mode.setToolTip(self._offers[pipeline.mode].help)
        self.note.setVisible(mode != pipeline.mode)
        for name, number in self.numbers.items():
            number.show_value(getattr(pipeline, name))
            for part in (number, self._form.labelForField(number)):
                part.setVisible(name in self._offers[mode].numbers)

    def _give(self, name: str, value: object) -> None:
        self.changed.emit({name: value})
