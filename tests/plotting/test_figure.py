"""Where legends go."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from velowidget.plotting.figure import legend_place

mpl.use("Agg")

ROWS, COLUMNS = ("upper", "top", "center", "lower", "bottom"), ("left", "center", "right")


@pytest.mark.parametrize("location", [" ".join(words) for words in itertools.product(ROWS, COLUMNS, ("in", "out"))])
def test_legends_are_where_they_are_asked_for(location):
    row, column, where = location.split()
    figure, ax = plt.subplots()
    ax.plot([0, 1], label="a line")
    legend = ax.legend(**legend_place(location))
    figure.canvas.draw()
    box, frame = legend.get_window_extent(), ax.get_window_extent()
    plt.close(figure)
    x, y = (box.x0 + box.x1) / 2 - (frame.x0 + frame.x1) / 2, (box.y0 + box.y1) / 2 - (frame.y0 + frame.y1) / 2
    assert int(x > 1) - int(x < -1) == {"left": -1, "center": 0, "right": 1}[column]
    assert int(y > 1) - int(y < -1) == {"upper": 1, "top": 1, "center": 0, "lower": -1, "bottom": -1}[row]
    outside = not box.overlaps(frame)
    assert outside == (where == "out" and (row, column) != ("center", "center"))


def test_without_in():
    assert legend_place("upper left") == legend_place("upper left in")
    assert legend_place("best") == {"loc": "best"}


@pytest.mark.parametrize("location", ["", "right upper", "upper", "upper right outside", "upper right out out"])
def test_refused(location):
    with pytest.raises(ValueError, match="cannot be at"):
        legend_place(location)
