"""Colours of categories: the user's own where they are stored, else those of a palette, ours or a plugin's."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence

from velowidget.plugins.registry import registry

# The data's own colours where they are stored, else a palette that colour-blind people can tell apart.
AUTOMATIC = "auto"
_DEFAULT = "okabe_ito"
# Of what has no value.
MISSING = "#c8c8c8"


def category_colors(n_categories: int, stored: Sequence[str] | None = None, palette: str = AUTOMATIC) -> list[str]:
    """One colour for each category.

    Parameters
    ----------
    n_categories
        How many.
    stored
        Colours as matplotlib understands them, used for ``'auto'`` if there is a valid one for each category.
    palette
        ``'auto'``, or a key of ``velowidget.plugins.contributions('palettes')``; one that is gone, with the plugin that
        it was of, is as ``'auto'``.

    Returns
    -------
    ``'#rrggbb'`` strings: the palette's, by default Okabe and Ito's, with brown for their black: cells should look
    neither like arrows nor, in grey, like cells without a value. For more categories than it has colours, hues a golden
    angle apart at three lightnesses, so that neighbours in the list differ in both.
    """
    palettes = registry.contributions("palettes")
    if palette not in palettes and stored is not None and len(stored) >= n_categories:
        from matplotlib.colors import is_color_like, to_hex

        if all(is_color_like(color) for color in stored[:n_categories]):
            return [to_hex(color) for color in stored[:n_categories]]
    known = palettes.get(palette, palettes[_DEFAULT]).colors
    if n_categories <= len(known):
        return list(known[:n_categories])
    colors = []
    for i in range(n_categories):
        red, green, blue = colorsys.hls_to_rgb((0.1 + 0.381966 * i) % 1.0, (0.45, 0.62, 0.33)[i % 3], 0.65)
        colors.append(f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}")
    return colors
