"""Qt's controls of parameters, by the kind that the table of parameters gives each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLabel, QSlider, QSpinBox, QWidget

from velowidget.pipeline.table import Control, Count, Genes, LogSlider, Offer, Slider, Toggle, entry_of
from velowidget.pipeline.traits import TABLE

STEPS = 100
"""Positions of a slider."""
FIRST_GENES = 500
"""Genes that are taken from a column of numbers at first."""
_TOP = "top:"
LARGEST = 2**31 - 1
"""The largest number that Qt can show."""


class ChoiceBox(QComboBox):
    """One of several values; emits `chosen` with the key of another one."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        # A long name must not widen the dock.
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(14)
        self.activated.connect(lambda _: self.chosen.emit(self.currentData()))

    def offer(self, offers: Sequence[Offer]) -> None:
        """Offer other values; those that the data cannot support are off, and say why."""
        self.clear()
        for i, one in enumerate(offers):
            self.addItem(one.title, one.key)
            self.setItemData(i, one.reason or one.help, Qt.ItemDataRole.ToolTipRole)
            self.model().item(i).setEnabled(one.reason is None)

    def show_value(self, value: Any) -> None:
        """Show a value; none, if it is not offered."""
        self.setCurrentIndex(self.findData(value))


class SliderBox(QWidget):
    """A number between two ends, with the number beside the slider; emits `chosen` while it is dragged.

    Parameters
    ----------
    control
        The kind of slider, and its ends.
    """

    chosen = Signal(object)

    def __init__(self, control: LogSlider | Slider) -> None:
        super().__init__()
        assert control.low is not None
        assert control.high is not None
        self._is_log = isinstance(control, LogSlider)
        self._low, self._high = control.low, control.high
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, STEPS)
        self.slider.valueChanged.connect(lambda position: self.chosen.emit(self._at(position)))
        self.number = QLabel()
        self.number.setFixedWidth(40)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.slider)
        layout.addWidget(self.number)

    def show_value(self, value: float) -> None:
        """Show a number; beyond the ends, the slider is at the end."""
        low, high, at = (math.log(x) if self._is_log else x for x in (self._low, self._high, value))
        self.slider.blockSignals(True)
        self.slider.setValue(round(min(max((at - low) / (high - low), 0), 1) * STEPS))
        self.slider.blockSignals(False)
        self.number.setText(f"{value:.3g}")

    def _at(self, position: int) -> float:
        share = position / STEPS
        if self._is_log:
            value = self._low * (self._high / self._low) ** share
        else:
            value = self._low + (self._high - self._low) * share
        return min(max(float(f"{value:.3g}"), self._low), self._high)


class ToggleBox(QCheckBox):
    """On or off; emits `chosen`."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.clicked.connect(self.chosen.emit)

    def show_value(self, value: bool) -> None:
        """Show whether it is on."""
        self.setChecked(value)


class CountBox(QSpinBox):
    """A whole number to be typed or stepped; emits `chosen` when it is finished."""

    chosen = Signal(object)

    def __init__(self, control: Count) -> None:
        super().__init__(keyboardTracking=False)
        least = int(control.low or 0)
        self._none = None if control.none is None else least - 1  # a place below the numbers
        self.setRange(least if self._none is None else self._none, LARGEST)
        self.setSpecialValueText(control.none or "")
        self.valueChanged.connect(lambda number: self.chosen.emit(None if number == self._none else number))

    def show_value(self, value: int | None) -> None:
        """Show a number, or none, without telling of it."""
        self.blockSignals(True)
        self.setValue(self.minimum() if value is None else min(value, LARGEST))
        self.blockSignals(False)


class GenesBox(QWidget):
    """Genes: a choice, and a number where it takes one; emits `chosen`."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.choice = ChoiceBox()
        self.number = QSpinBox(keyboardTracking=False)
        self.number.setRange(1, LARGEST)
        self.number.setValue(FIRST_GENES)
        self.choice.chosen.connect(self._give)
        self.number.valueChanged.connect(lambda _: self._give(self.choice.currentData()))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.choice)
        layout.addWidget(self.number)

    def offer(self, offers: Sequence[Offer]) -> None:
        """Offer other values."""
        self.choice.offer(offers)

    def show_value(self, value: Any) -> None:
        """Show a value, without telling of it; none of the choices, if it is a list."""
        ranked = next(iter(value.items())) if isinstance(value, dict) else None
        self.number.setVisible(ranked is not None)
        self.number.blockSignals(True)
        self.number.setValue(FIRST_GENES if ranked is None else ranked[1])
        self.number.blockSignals(False)
        key = value if isinstance(value, str) else "" if value is None else None
        self.choice.show_value(key if ranked is None else f"{_TOP}{ranked[0]}")

    def _give(self, key: str | None) -> None:
        if key is not None:
            column = key.removeprefix(_TOP)
            self.chosen.emit({column: self.number.value()} if column != key else key or None)


Box: TypeAlias = GenesBox | ChoiceBox | SliderBox | ToggleBox | CountBox


def control_of(name: str) -> Box:
    """The control of a parameter; each has `show_value` and the signal `chosen`."""
    box = _of_kind(entry_of(TABLE[name]).control)
    box.setToolTip(TABLE[name].help)
    return box


def title_of(name: str) -> str:
    """What a parameter's control is called."""
    return entry_of(TABLE[name]).title


def _of_kind(control: Control) -> Box:
    match control:
        case LogSlider() | Slider():
            return SliderBox(control)
        case Count():
            return CountBox(control)
        case Toggle():
            return ToggleBox()
        case Genes():
            return GenesBox()
    return ChoiceBox()
