"""The kernel's mode, and the numbers that it depends on."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QFormLayout, QLabel, QVBoxLayout, QWidget

from velowidget.kernels.modes import NUMBERS, mode_in_use
from velowidget.napari_plugin.number_box import LARGEST, NumberBox
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.modes import WORDS

_WHY = "Backward (transpose) is always deterministic; backward (negate) has every mode."


class ModeControl(QWidget):
    """Emits `changed` with parameters by name."""

    changed = Signal(dict)

    def __init__(self) -> None:
        super().__init__()
        self.mode = QComboBox()
        for i, (mode, (title, tip)) in enumerate(WORDS.items()):
            self.mode.addItem(title, mode)
            self.mode.setItemData(i, tip, Qt.ItemDataRole.ToolTipRole)
        self.mode.activated.connect(lambda _: self.changed.emit({"mode": self.mode.currentData()}))
        self.numbers = {
            "n_samples": NumberBox("How many velocities of each cell are drawn.", 1, 1_000_000),
            "seed": NumberBox("Chooses the random velocities, and the random walks.", 0, LARGEST),
        }
        self.note = QLabel("deterministic by transpose", toolTip=_WHY)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.mode)
        layout.addWidget(self.note)
        self._form = QFormLayout()
        for (name, number), label in zip(self.numbers.items(), ("samples", "seed"), strict=True):
            number.valueChanged.connect(partial(self._give, name))
            self._form.addRow(label, number)
        layout.addLayout(self._form)

    def show_mode(self, pipeline: VelocityPipeline) -> None:
        """Show the present parameters; the numbers where the mode depends on them."""
        mode = mode_in_use(pipeline.mode, pipeline.backward, pipeline.backward_mode)
        self.mode.setCurrentIndex(self.mode.findData(pipeline.mode))
        self.mode.setToolTip(WORDS[pipeline.mode][1])
        self.note.setVisible(mode != pipeline.mode)
        for name, number in self.numbers.items():
            number.show_number(getattr(pipeline, name))
            for part in (number, self._form.labelForField(number)):
                part.setVisible(name in NUMBERS[mode])

    def _give(self, name: str, value: int) -> None:
        self.changed.emit({name: value})
