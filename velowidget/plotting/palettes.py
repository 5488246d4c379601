"""Colours of categories: the user's own where they are stored, else a palette that is safe for colour-blind readers."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

# Okabe & Ito 2008 without black, which is the ink of the arrows.
OKABE_ITO = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#999999")
# Of what has no value.
MISSING = "#c8c8c8"


def category_colors(n_categories: int, stored: Sequence[str] | None = None) -> list[str]:
    """One colour for each category.

    Parameters
    ----------
    n_categories
        How many.
    stored
        Colours as matplotlib understands them, used if there is a valid one for each category.

    Returns
    -------
    ``'#rrggbb'`` strings. By default Okabe and Ito's eight; beyond eight, hues a golden angle apart at three
    lightnesses, so that neighbours in the list differ in both.
    """
    if stored is not None and len(stored) >= n_categories:
        from matplotlib.colors import is_color_like, to_hex

        if all(is_color_like(color) for color in stored[:n_categories]):
            return [to_hex(color) for color in stored[:n_categories]]
    if n_categories <= len(OKABE_ITO):
        return list(OKABE_ITO[:n_categories])
    colors = []
    for i in range(n_categories):
        red, green, blue = colorsys.hls_to_rgb((0.1 + 0.381966 * i) % 1.0, (0.45, 0.62, 0.33)[i % 3], 0.65)
        colors.append(f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}")
    return colors
