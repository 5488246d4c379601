"""What the colours of the cells mean, as a line of rich text."""

from __future__ import annotations

from html import escape

from matplotlib import colormaps
from matplotlib.colors import to_hex

from velowidget.kernels.annotations import Annotation, CategoricalAnnotation
from velowidget.napari_plugin.layers import value_range
from velowidget.plotting.palettes import AUTOMATIC, category_colors

_MOST_NAMES = 30
_UNBROKEN = str.maketrans({" ": "&nbsp;", "-": "&#8209;"})


def legend(annotation: Annotation | None, palette: str = AUTOMATIC) -> str:
    """Names and colours of the categories, or the range of the numbers; what came from the data is escaped."""
    if annotation is None:
        return ""
    if not isinstance(annotation, CategoricalAnnotation):
        low, high = value_range(annotation.values)
        ramp = "".join(f'<span style="color: {to_hex(colormaps["viridis"](i / 11))}">&#9608;</span>' for i in range(12))
        return f"{low:.3g}&nbsp;{ramp}&nbsp;{high:.3g}"
    colors = category_colors(len(annotation.categories), annotation.stored_colors, palette)
    named = [
        f'<span style="color: {color}">&#9679;</span>&nbsp;{escape(name).translate(_UNBROKEN)}'
        for name, color in zip(annotation.categories[:_MOST_NAMES], colors, strict=False)
    ]
    more = len(annotation.categories) - len(named)
    return "&ensp; ".join([*named, f"and {more} more"] if more else named)
