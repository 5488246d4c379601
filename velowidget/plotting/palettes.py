"""Colours of categories: the user's own where they are stored, else those of a palette, ours or a plugin's."""

from __future__ import annotations

import colorsys
import warnings
from collections.abc import Sequence

import numpy as np
from scipy.spatial import cKDTree

from velowidget.data.annotations import CategoricalAnnotation
from velowidget.plugins.registry import registry

# The data's own colours where they are stored, else a palette that colour-blind people can tell apart.
AUTOMATIC = "auto"
_DEFAULT = "okabe_ito"
# Of what has no value.
MISSING = "#c8c8c8"
# Distance of red, green and blue, of 255 each, from which two colours can be told apart.
_APART = 60.0


def category_colors(annotation: CategoricalAnnotation, palette: str = AUTOMATIC) -> list[str]:
    """One colour for each category.

    Parameters
    ----------
    annotation
        Categories, and the colours that are stored for them, which ``'auto'`` uses where there are any.
    palette
        ``'auto'``, or a key of ``velowidget.plugins.contributions('palettes')``; one that is gone, with the plugin that
        it was of, is as ``'auto'``.

    Returns
    -------
    ``'#rrggbb'`` strings: the palette's, by default Okabe and Ito's, with brown for their black: cells should look
    neither like arrows nor, in grey, like cells without a value. Categories that have cells come first, so that others
    take no colour from them, and none looks like a stored one. For more categories than a palette has colours, hues a
    golden angle apart at three lightnesses, so that neighbours in the list differ in both.
    """
    palettes = registry.contributions("palettes")
    n_categories = len(annotation.categories)
    stored = None if palette in palettes else annotation.stored_colors
    colors: list[str | None] = [*(stored or [None] * n_categories)]
    order = np.argsort(annotation.counts == 0, kind="stable")
    without = [i for i in order if colors[i] is None]
    taken = [color for color in colors if color is not None]
    known = palettes.get(palette, palettes[_DEFAULT]).colors
    free = _unlike(known, taken)
    if sum(annotation.counts[i] > 0 for i in without) > len(free):
        free = []
    n_further = len(without) - len(free)
    hues = [_hue(i) for i in range(2 * n_further + len(taken))]
    free += [*dict.fromkeys(_unlike(hues, [*taken, *free])), *hues]  # of very many, some are alike
    for i, color in zip(without, free, strict=False):
        colors[i] = color
    return [str(color) for color in colors]


def figure_colors(annotation: CategoricalAnnotation) -> list[str]:
    """As `category_colors`, with a UserWarning where stored colours could not be used as they are."""
    if annotation.note:
        warnings.warn(annotation.note, UserWarning, stacklevel=2)
    return category_colors(annotation)


def _hue(i: int) -> str:
    rgb = colorsys.hls_to_rgb((0.1 + 0.381966 * i) % 1.0, (0.45, 0.62, 0.33)[i % 3], 0.65)
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in rgb)


def _unlike(colors: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Those that can be told from the ones that are taken."""
    if not taken or not colors:
        return list(colors)
    apart, _ = cKDTree([_rgb(color) for color in taken]).query([_rgb(color) for color in colors])
    return [color for color, distance in zip(colors, apart, strict=True) if distance >= _APART]


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
