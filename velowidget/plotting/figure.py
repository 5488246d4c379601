"""What the pictures share: axes, where a legend goes, and what becomes of the figure."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, cast
from unicodedata import category

import matplotlib
from matplotlib.axes import Axes

from velowidget.data.atomic import replacing
from velowidget.plugins.names import shown

_ROWS = {"upper": 1.0, "top": 1.0, "center": 0.5, "lower": 0.0, "bottom": 0.0}
_COLUMNS = {"left": 0.0, "center": 0.5, "right": 1.0}
# Distance of a legend from the axes, as a share of their size.
_GAP = 0.02
# Characters of a name; longer ones would leave no room for the picture.
_LONGEST_NAME = 40
# Texts are texts in files, which programs find and edit.
_TEXTS = {"svg.fonttype": "none", "pdf.fonttype": 42}


def axes_for(ax: Axes | None, figsize: tuple[float, float] | None = None, dpi: float | None = None) -> Axes:
    """The given axes, else those of a new figure."""
    if ax is not None:
        return ax
    from matplotlib import pyplot as plt

    return plt.subplots(figsize=figsize, dpi=dpi, layout="constrained")[1]


def finish(
    ax: Axes,
    save: str | os.PathLike[str] | None,
    dpi: float | None = None,
    *,
    show: bool,
    title: str,
    about: Mapping[str, Any],
) -> Axes:
    """Write the figure to a file (PNG where its name says nothing else) and show it, if asked to; returns the axes.

    The file is replaced only when the new one is complete. Its metadata are `title`, and `about` as JSON.
    """
    if save is not None:
        path, figure = Path(save), cast("Any", ax.figure)
        path = path if path.suffix else path.with_suffix(".png")
        # Into memory first: of a full disk, some of the formats' writers say nothing, or something else.
        picture, kind = BytesIO(), path.suffix.removeprefix(".")
        metadata = _metadata(path, title, about)
        with matplotlib.rc_context(_TEXTS), replacing(path) as temporary:  # type: ignore[arg-type]
            figure.figure.savefig(picture, format=kind, bbox_inches="tight", dpi=dpi or 300, metadata=metadata)
            temporary.write_bytes(picture.getvalue())
    if show:
        from matplotlib import pyplot as plt

        plt.show()
    return ax


def _metadata(path: Path, title: str, about: Mapping[str, Any]) -> dict[str, str] | None:
    """What a file says of itself, by the names that its format has; None where it has none."""
    describes = {".png": "Description", ".svg": "Description", ".svgz": "Description", ".pdf": "Subject"}
    name = describes.get(path.suffix.lower())
    if name is None:
        return None
    return {"Title": title, name: json.dumps(about, default=str)}


def legend_place(location: str) -> dict[str, Any]:
    """Keywords of matplotlib's legend for a place in CellRank's words.

    Parameters
    ----------
    location
        ``'best'``; or upper (top), center or lower (bottom), then left, center or right, then in (or nothing) or out:
        such as ``'upper right out'``.

    Raises
    ------
    ValueError
        If it is none of these.
    """
    if location == "best":
        return {"loc": "best"}
    words = location.split() if isinstance(location, str) else []
    row, column, where = [*words, "in"][:3] if len(words) in (2, 3) else ("", "", "")
    if row not in _ROWS or column not in _COLUMNS or where not in ("in", "out"):
        raise ValueError(
            f"A legend cannot be at {shown(location)}; say for instance 'upper right', 'upper right out', 'best'."
        )
    x, y = _COLUMNS[column], _ROWS[row]
    row, opposite = {0.0: "lower", 0.5: "center", 1.0: "upper"}[y], {0.0: "right", 0.5: "center", 1.0: "left"}[x]
    if where == "in":
        return {"loc": "center" if row == column == "center" else f"{row} {column}"}
    if column == "center":  # above or below
        row = {"upper": "lower", "lower": "upper"}.get(row, "center")
        return {"loc": "center" if row == "center" else f"{row} center", "bbox_to_anchor": (x, y + _GAP * (2 * y - 1))}
    return {"loc": f"{row} {opposite}", "bbox_to_anchor": (x + _GAP * (2 * x - 1), y)}


def plain(text: str) -> str:
    """Text as it is, on one line: matplotlib takes what stands between dollars for mathematics."""
    # Files cannot hold control characters and halves of characters.
    printed = "".join(" " if category(character) in ("Cc", "Cs") else character for character in text)
    return " ".join(printed.split()).replace("$", r"\$")


def short(name: str) -> str:
    """A name as `plain` has it, without its middle where it is long: many names differ at their ends only."""
    if len(name) <= _LONGEST_NAME:
        return plain(name)
    head = _LONGEST_NAME // 2
    return plain(f"{name[:head].rstrip()}…{name[head + 1 - _LONGEST_NAME :].lstrip()}")
