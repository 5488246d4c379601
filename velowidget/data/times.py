"""Experimental times of the cells: which labels can be read as times, and as which."""

from __future__ import annotations

import decimal
import numbers
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from velowidget.data.messages import shown

MAX_TIMES = 100
# As people write a decimal number. What else `float` understands are names of something: 1_1 of donor and replicate,
# 1E2 of a well of a plate, nan and inf of what is not known.
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
# Labels that an error lists.
_MOST_LISTED = 5


def read_labels(column: pd.Series, where: str) -> tuple[NDArray[np.intp], pd.Index, NDArray[np.float64]]:
    """The times of a column: which of the labels each cell has, the labels that cells have, and the time of each label.

    Parameters
    ----------
    column
        Numbers, text that is a plain decimal number, or intervals as `pandas.cut` makes them, which count as their
        middles; also as categories.
    where
        Names the column, and is how it is written in code.

    Returns
    -------
    intp of shape (n_cells,), the labels, and float64 of shape (n_labels,).

    Raises
    ------
    TypeError
        If a label is no such number.
    ValueError
        If cells have no time, there are more than `MAX_TIMES`, or one is infinite.
    """
    codes, labels = pd.factorize(column)
    if (codes < 0).any():
        raise ValueError(
            f"{where} has no time for {int((codes < 0).sum()):,} of {len(column):,} cells. Leave them out: "
            f"`adata = adata[{where}.notna()].copy()`, and make the kernel of that."
        )
    if len(labels) > MAX_TIMES:
        raise ValueError(
            f"{where} has {len(labels):,} different values; a flow goes between at most {MAX_TIMES} times. Bin them: "
            f"`adata.obs['time_bin'] = pandas.cut({where}, 5)`."
        )
    labels = pd.Index(labels)
    if isinstance(labels, pd.CategoricalIndex):
        labels = pd.Index(labels.categories[labels.codes])
    middles = labels.mid if isinstance(labels, pd.IntervalIndex) else labels
    read = [as_time(label) for label in middles]
    refused = [label for label, time in zip(labels, read, strict=True) if time is None]
    if refused:
        raise TypeError(_refusal(where, column, refused))
    times = np.array(read, dtype=np.float64)
    if not np.isfinite(times).all():
        raise ValueError(f"{where} holds infinite times.")
    return codes, labels, times


def as_time(label: Any) -> float | None:
    """A number, or text that is a plain decimal number, as a float; None for anything else, true and false too."""
    if isinstance(label, str):
        return float(label) if _DECIMAL.fullmatch(label.strip(" ")) else None
    if isinstance(label, bool | np.bool_) or not isinstance(label, numbers.Real | decimal.Decimal):
        return None
    try:
        return float(label)
    except OverflowError:
        return float("inf")


def time_meant(point: Any, times: NDArray[np.float64], labels: Iterable[Any], where: str) -> float:
    """The time that a user means by a number or a text.

    Raises
    ------
    ValueError
        If there is none.
    """
    for time, label in zip(times, labels, strict=True):
        if point is label or str(point) == str(label):
            return float(time)
    asked = as_time(point)
    close = np.zeros(len(times), dtype=bool) if asked is None else np.isclose(times, asked, rtol=1e-9, atol=0)
    if not close.any():
        have = ", ".join(f"{time:g}" for time in np.unique(times))
        raise ValueError(f"{where} has no time {shown(point)}; it has {have}.")
    return float(times[close][0])


def _refusal(where: str, column: pd.Series, refused: list[Any]) -> str:
    listed = ", ".join(map(shown, refused[:_MOST_LISTED])) + (", ..." if len(refused) > _MOST_LISTED else "")
    if isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        make = f"If its order is that of the times: `adata.obs['day'] = {where}.cat.codes.astype(float)`."
    else:
        make = (
            "Give each a number, such as "
            f"`adata.obs['day'] = {where}.map({{{shown(refused[0])}: 0.0, ...}}).astype(float)`."
        )
    return f"{where} holds no numbers as times: {listed} cannot be read as plain decimal numbers. {make}"
