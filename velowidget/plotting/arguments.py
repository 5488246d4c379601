"""What users give to figures: checked, with errors that say what would do."""

from __future__ import annotations

import math
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, is_color_like

from velowidget.plugins.names import closest, shown


def checked_length(name: str, value: object, most: float = math.inf) -> float:
    """A number from 0 to `most`, finite, as a float; anything else raises a TypeError or a ValueError."""
    upto = "at least 0 and finite" if most == math.inf else f"from 0 to {most:g}"
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{name} must be a number, {upto}, not {shown(value)}.")
    try:
        number = float(value)
    except OverflowError:  # an int too large for a float
        number = math.inf
    if not (0 <= number <= most and number < math.inf):
        raise ValueError(f"{name} must be {upto}, not {shown(value)}.")
    return number


def checked_size(name: str, value: object) -> float:
    """A finite number larger than 0, as a float; anything else raises a TypeError or a ValueError."""
    words = f"{name} must be larger than 0, not {shown(value)}."
    try:
        number = checked_length(name, value)
    except (TypeError, ValueError) as error:
        raise type(error)(words) from error
    if number == 0:
        raise ValueError(words)
    return number


def checked_figure(figsize: object, dpi: object, ax: object) -> None:
    """Raise a TypeError or a ValueError if a figure cannot be of that size, or these are no axes."""
    if ax is not None and not isinstance(ax, Axes):
        raise TypeError(f"ax must be matplotlib axes, such as `plt.subplots()[1]`, not {shown(ax)}.")
    if figsize is not None:
        if not isinstance(figsize, Sequence | np.ndarray) or isinstance(figsize, str) or len(figsize) != 2:
            raise TypeError(f"figsize must be width and height in inches, such as (6, 4), not {shown(figsize)}.")
        if 0 in [checked_length("Each number of figsize", side) for side in figsize]:
            raise ValueError(f"figsize must be larger than 0 both ways, not {shown(figsize)}.")
    if dpi is not None and checked_length("dpi", dpi) == 0:
        raise ValueError("dpi must be larger than 0.")


def checked_color_map(value: object) -> Colormap:
    """A colour map of matplotlib, given as it is or by name; an unknown name raises a ValueError with the nearest."""
    if isinstance(value, Colormap):
        return value
    if not isinstance(value, str):
        raise TypeError(f"cmap must be a colour map of matplotlib or its name, such as 'viridis', not {shown(value)}.")
    if value not in matplotlib.colormaps:
        close = closest(value, list(matplotlib.colormaps)) or "viridis"
        raise ValueError(f"cmap={shown(value)} is not known to matplotlib; say for instance {close!r}.")
    return matplotlib.colormaps[value]


def checked_color(name: str, value: object) -> None:
    """Raise a ValueError if matplotlib knows no such colour."""
    if not is_color_like(value):
        raise ValueError(f"{name}={shown(value)} is no colour; say for instance 'black' or '#336699'.")
