"""Where the colours of numbers begin and end."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from velowidget.data.annotations import ContinuousAnnotation

_PERCENTILE = re.compile(r"p([0-9]{1,3}(?:\.[0-9]{1,9})?)")
# Of the cells, one in so many may lie beyond an automatic limit; of fewer, one.
_ONE_IN = 100

Limit = float | str | None
"""A number, a percentile such as ``'p99'``, or None for the automatic limit."""


@dataclass(frozen=True)
class Limits:
    """The values that have the first and the last colour, and how many cells lie beyond.

    Attributes
    ----------
    low, high
        ``low <= high``.
    n_below, n_above
        Numbers of cells; they have the first and the last colour, too.
    """

    low: float
    high: float
    n_below: int
    n_above: int

    def shares(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where values are between the limits, from 0 to 1; NaN stays NaN. If the limits are one, 0 up to it, and 1."""
        if self.low == self.high:
            return np.where(np.isnan(values), np.nan, (values > self.high).astype(np.float64))
        half_low, half_span = self.low / 2, self.high / 2 - self.low / 2  # halves never overflow
        return np.clip((values / 2 - half_low) / half_span, 0, 1)


def checked_limit(name: str, value: object) -> Limit:
    """A limit of colours: a finite number, a percentile as ``'p99'``, or None for the automatic one.

    Raises
    ------
    TypeError, ValueError
        If it is anything else.
    """
    if value is None:
        return None
    if isinstance(value, str):
        found = _PERCENTILE.fullmatch(value.strip())
        if found is None or float(found[1]) > 100:
            raise ValueError(
                f"{name}={value[:40]!r} is not a limit of colours: give a number, a percentile from 'p0' to 'p100', "
                "such as 'p99', or None for the automatic limit."
            )
        return value.strip()
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(
            f"{name} must be a number, a percentile such as 'p99', or None for the automatic limit, "
            f"not {type(value).__name__}."
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError(f"{name} must be finite; None takes the automatic limit.")
    return number


def checked_limits(vmin: object, vmax: object) -> tuple[Limit, Limit]:
    """Both limits as `checked_limit` has them; a ValueError if two numbers or percentiles are the wrong way round."""
    low, high = checked_limit("vmin", vmin), checked_limit("vmax", vmax)
    if isinstance(low, str) and isinstance(high, str):
        swapped = float(low[1:]) > float(high[1:])
    else:
        swapped = isinstance(low, float) and isinstance(high, float) and low > high
    if swapped:
        raise ValueError(f"vmin={low!r} is above vmax={high!r}; swap them.")
    return low, high


def automatic_limits(annotation: ContinuousAnnotation) -> tuple[float, float]:
    """The lowest and the highest value, or less where few cells would take most of the colours.

    An end leaves out 1 % of the cells (one, of fewer than 100) where these would have more than half of the colours:
    what lies beyond is wider than what lies between both ends without them. Where most cells have one value, as for a
    gene that few express, it is 1 % of the others. Diagnostics are shares, and go from 0 to 1: pictures of them can be
    compared.
    """
    if annotation.source == "diagnostics":
        return 0.0, 1.0
    known = np.sort(annotation.values[~np.isnan(annotation.values)])
    if not known.size:
        return 0.0, 0.0
    low, high = _percentiles(known)
    if low == high and known[0] < known[-1]:
        others = _percentiles(known[known != low])
        low, high = min(low, others[0]), max(high, others[1])
    span = high - low
    lowest, highest = float(known[0]), float(known[-1])
    return (low if low - lowest > span else lowest), (high if highest - high > span else highest)


def read_limits(annotation: ContinuousAnnotation, vmin: Limit, vmax: Limit) -> Limits:
    """The limits in use; an automatic one gives way to one that is given, and a lower one to an upper one below it.

    Parameters
    ----------
    annotation
        What is coloured.
    vmin, vmax
        As `checked_limit` returns them.
    """
    known = annotation.values[~np.isnan(annotation.values)]
    low, high = (
        own if end is None else (_percentile(known, end) if isinstance(end, str) else end)
        for end, own in zip((vmin, vmax), automatic_limits(annotation), strict=True)
    )
    if low > high:
        low = high = low if vmax is None else high
    return Limits(low, high, int((known < low).sum()), int((known > high).sum()))


def _percentiles(ordered: NDArray[np.float64]) -> tuple[float, float]:
    """The lowest and highest value without 1 % at each end: each is the value of a cell."""
    beyond = max(1, len(ordered) // _ONE_IN) if len(ordered) > 2 else 0
    return float(ordered[beyond]), float(ordered[-1 - beyond])


def _percentile(known: NDArray[np.float64], text: str) -> float:
    return float(np.percentile(known, float(text[1:]))) if known.size else 0.0
