"""Where legends go."""

from __future__ import annotations

import itertools

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from velowidget.plotting.figure import axes_for, finish, legend_place

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


def saved(ax, path):
    return finish(ax, path, show=False, title="a picture", about={})


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "jpg", "PNG", "eps", "tif"])
def test_a_picture_replaces_another_when_it_is_complete(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"figure.{suffix}"
    path.write_text("old")
    ax = axes_for(None)
    with monkeypatch.context() as patched:
        patched.setattr("matplotlib.backend_bases.FigureCanvasBase.print_figure", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            saved(ax, path)
    assert path.read_text() == "old"
    saved(ax, path)
    starts = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF", "jpg": b"\xff\xd8", "eps": b"%!PS", "tif": b"II*"}
    assert path.read_bytes().startswith(starts[suffix.lower()])
    assert list(tmp_path.iterdir()) == [path]


def test_a_picture_of_no_format_leaves_the_old_file(tmp_path):
    path = tmp_path / "figure.xyz"
    path.write_text("old")
    with pytest.raises(ValueError, match="xyz"):
        saved(axes_for(None), path)
    assert path.read_text() == "old"


def test_pictures_are_named_as_they_are_asked_for(tmp_path):
    (tmp_path / "link.svg").symlink_to("stored.bin")
    saved(axes_for(None), tmp_path / "link.svg")
    assert (tmp_path / "stored.bin").read_bytes().startswith(b"<?xml")
    saved(axes_for(None), tmp_path / "without")
    assert (tmp_path / "without.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        saved(axes_for(None), tmp_path / "nowhere" / "a.png")
