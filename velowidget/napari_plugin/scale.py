"""The softmax scale: a logarithmic slider, a number, and a box for the automatic one."""

from __future__ import annotations

import math

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QSlider, QVBoxLayout, QWidget

from velowidget.napari_plugin.controls import title_of
from velowidget.pipeline.traits import TABLE

DECADES = 2
"""The slider goes so far to either side of the value in its middle."""
STEPS = 100
"""Positions of the slider to a factor of ten."""

_HELP = TABLE["softmax_scale"].help


class ScaleControl(QWidget):
    """Emits `changed` with a number, and `automatic` with whether the data are to choose it."""

    changed = Signal(float)
    automatic = Signal(bool)

    def __init__(self) -> None:
        super().__init__(toolTip=_HELP)
        self._middle = 1.0
        self._scale: float | None = None
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(-DECADES * STEPS, DECADES * STEPS)
        self.slider.setPageStep(STEPS // 10)
        self.slider.valueChanged.connect(lambda position: self.changed.emit(self._at(position)))
        self.number = QLineEdit(toolTip="The softmax scale in use; any positive number can be typed.")
        self.number.setFixedWidth(70)
        self.number.editingFinished.connect(self._typed)
        self.auto = QCheckBox(title_of("auto_scale"), toolTip=TABLE["auto_scale"].help)
        self.auto.clicked.connect(self.automatic.emit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider)
        below = QHBoxLayout()
        below.addWidget(self.number)
        below.addWidget(self.auto)
        below.addStretch()
        layout.addLayout(below)

    def show_scale(
        self, scale: float | None, automatic_scale: float | None, *, automatic: bool, fixed: str | None = None
    ) -> None:
        """Show the number in use, and whether the data chose it; the automatic one is in the slider's middle.

        Without a number, which is not known yet, only a typed one can be chosen; with a reason (`fixed`) none can.
        """
        self._scale = scale
        self._middle = automatic_scale or self._middle
        self.slider.setEnabled(scale is not None)
        self.setEnabled(fixed is None)
        self.setToolTip(fixed or _HELP)
        if not self.slider.isSliderDown():  # while it is dragged it is the pointer's
            position = 0 if scale is None else STEPS * math.log10(scale / self._middle)
            self.slider.blockSignals(True)
            self.slider.setValue(round(min(max(position, self.slider.minimum()), self.slider.maximum())))
            self.slider.blockSignals(False)
        self.number.setText(self._text())
        self.auto.setChecked(automatic)

    def _at(self, position: int) -> float:
        """The value under the thumb, in four digits; exactly the middle in the middle."""
        return self._middle if position == 0 else float(f"{self._middle * 10 ** (position / STEPS):.4g}")

    def _text(self) -> str:
        return "auto" if self._scale is None else f"{self._scale:.6g}"

    def _typed(self) -> None:
        """Take a typed number, if it is another one; the pipeline has the last word."""
        text = self.number.text().strip().replace(",", ".")
        if text == self._text():
            return
        try:
            self.changed.emit(float(text))
        except ValueError:
            self.number.setText(self._text())
