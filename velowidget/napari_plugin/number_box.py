"""A whole number to be typed or stepped."""

from __future__ import annotations

from qtpy.QtWidgets import QSpinBox

LARGEST = 2**31 - 1
"""The largest number that Qt can show."""


class NumberBox(QSpinBox):
    """Tells of numbers when they are finished.

    Parameters
    ----------
    tip
        What it is.
    least, most
        What can be chosen; a larger number that was set elsewhere is shown as well.
    """

    def __init__(self, tip: str, least: int, most: int) -> None:
        super().__init__(toolTip=tip, keyboardTracking=False)
        self._most = most
        self.setRange(least, most)

    def show_number(self, value: int) -> None:
        """Show a number, without telling of it."""
        shown = min(value, LARGEST)
        self.blockSignals(True)
        self.setMaximum(max(self._most, shown))
        self.setValue(shown)
        self.blockSignals(False)
