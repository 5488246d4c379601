"""What the colours of the cells mean, as a line of rich text."""

from __future__ import annotations

from html import escape

from matplotlib import colormaps
from matplotlib.colors import to_hex

from velowidget.data.annotations import Annotation, CategoricalAnnotation
from velowidget.data.limits import Limit, read_limits
from velowidget.plotting.palettes import AUTOMATIC, category_colors

_MOST_NAMES = 30
_UNBROKEN = str.maketrans({" ": "&nbsp;", "-": "&#8209;"})


def legend(annotation: Annotation | None, palette: str = AUTOMATIC, vmin: Limit = None, vmax: Limit = None) -> str:
    """Names and colours of categories that have cells, or the limits of the numbers; text of the data is escaped."""
    if annotation is None:
        return ""
    if not isinstance(annotation, CategoricalAnnotation):
        limits = read_limits(annotation, vmin, vmax)
        ramp = "".join(f'<span style="color: {to_hex(colormaps["viridis"](i / 11))}">&#9608;</span>' for i in range(12))
        low = f"{'&le;' if limits.n_below else ''}{limits.low:.3g}"
        high = f"{'&ge;' if limits.n_above else ''}{limits.high:.3g}"
        layer = f" ({escape(annotation.layer)})" if annotation.layer else ""
        return f"{low}&nbsp;{ramp}&nbsp;{high}{layer}"
    every = zip(annotation.categories, category_colors(annotation, palette), annotation.counts, strict=True)
    used = [(name, color) for name, color, count in every if count]
    named = [
        f'<span style="color: {color}">&#9679;</span>&nbsp;{escape(name).translate(_UNBROKEN)}'
        for name, color in used[:_MOST_NAMES]
    ]
    more = len(used) - len(named)
    return "&ensp; ".join([*named, f"and {more} more"] if more else named)
