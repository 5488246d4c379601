"""Colours of categories that are stored with the data, whichever way they were written."""

from __future__ import annotations

import numbers
import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.data.messages import count

_HEX = re.compile(r"(?:#|0x)?([0-9a-f]{6})", re.IGNORECASE)
# As CSS and plotly write them.
_RGB = re.compile(r"rgba?\(([^()]{5,60})\)", re.IGNORECASE)
# Of what should be 0 to 1, from rounding.
_SLACK = 1e-6


def read_colors(
    adata: AnnData, key: str, categories: Sequence[str], used: NDArray[np.bool_]
) -> tuple[tuple[str | None, ...] | None, str]:
    """The stored colours of a column's categories, ``adata.uns[f'{key}_colors']``.

    Parameters
    ----------
    adata
        Annotated data.
    key
        The column of ``adata.obs``.
    categories
        Its categories, as text.
    used
        bool, shape (n_categories,): those that have cells. Only these are worth a word if they have no colour.

    Returns
    -------
    One ``'#rrggbb'`` for each category, None where there is no usable one; None if nothing is stored. And what a user
    should know about how they were read, ``''`` for nothing.

    Stored may be a list, an array, a pandas Series or Index, or a mapping by category. Each colour may be hexadecimal,
    a name of matplotlib, X11 or R, ``'rgb(r, g, b)'``, or three or four numbers from 0 to 1 or from 0 to 255. Their
    opacity is left out.
    """
    stored = adata.uns.get(f"{key}_colors")
    if stored is None:
        return None, ""
    entries, n_stored = _by_category(stored, categories)
    scale = _scale([row for row in map(_row, entries) if row is not None])
    read = [_rgba(entry, scale) for entry in entries]
    hexes = tuple("#" + "".join(f"{round(255 * c):02x}" for c in rgba[:3]) if rgba else None for rgba in read)
    has, n = [], len(categories)
    if n_stored != n:
        too_many = f", of which the first {n:,} are used" if n_stored > n else ""
        has.append(f"{count(n_stored, 'colour')} for {n:,} categories{too_many}")
    without = [i for i in np.flatnonzero(used).tolist() if hexes[i] is None]
    if without:
        example = next((i for i in without if entries[i] is not None), without[0])
        written = "none is stored" if entries[example] is None else reprlib.repr(entries[example])
        has.append(
            f"no usable colour for {len(without):,} of {int(used.sum()):,} categories "
            f"({reprlib.repr(categories[example])}: {written}), which get colours of the palette"
        )
    faint = sum(rgba is not None and rgba[3] < 1 for rgba in read)
    if faint:
        has.append(f"an opacity for {faint:,}, which is not used")
    return hexes, f"adata.uns[{f'{key}_colors'!r}] has {'; '.join(has)}." if has else ""


def _by_category(stored: Any, categories: Sequence[str]) -> tuple[list[Any], int]:
    """What is stored for each category, None for nothing; and how many colours are stored, if not by name."""
    if isinstance(stored, pd.DataFrame):
        stored = pd.Series(list(stored.to_numpy()), index=stored.index)
    if isinstance(stored, pd.Series) and not isinstance(stored.index, pd.RangeIndex):
        stored = stored.to_dict()
    if isinstance(stored, Mapping):
        named = {_text(name): color for name, color in stored.items()}
        return [_known(named.get(name)) for name in categories], len(categories)
    if isinstance(stored, np.ma.MaskedArray):
        masked, stored = np.ma.getmaskarray(stored), stored.data.astype(object)
        stored[masked] = None
    if isinstance(stored, str | bytes) or not isinstance(stored, Iterable) or getattr(stored, "ndim", 1) == 0:
        stored = [stored]
    listed = [_known(color) for color in stored]
    return [*listed[: len(categories)], *[None] * (len(categories) - len(listed))], len(listed)


def _known(entry: Any) -> Any:
    """An entry as plain Python has it; None where there is none, or something that stands for none."""
    if isinstance(entry, np.ndarray | np.generic):
        entry = entry.tolist()
    if isinstance(entry, bytes | str):
        return _text(entry).strip() or None
    return None if entry is None or (pd.api.types.is_scalar(entry) and pd.isna(entry)) else entry


def _text(entry: Any) -> str:
    return entry.decode("utf-8", errors="replace") if isinstance(entry, bytes) else str(entry)


def _row(entry: Any) -> list[float] | None:
    """Three or four numbers; None if it is anything else."""
    if isinstance(entry, str):
        found = _RGB.fullmatch(entry)
        parts: list[Any] = re.split(r"[\s,/]+", found[1].strip()) if found else []
    else:
        parts = list(entry) if isinstance(entry, Sequence) else []
        if any(isinstance(part, bool) or not isinstance(part, numbers.Real) for part in parts):
            return None
    if len(parts) not in (3, 4):
        return None
    try:
        row = [float(part) for part in parts]
    except (ValueError, OverflowError):
        return None
    return row if all(0 <= part <= 255 for part in row) else None


def _scale(rows: list[list[float]]) -> float:
    """What the numbers of all rows count to, 1 or 255: as most of those say that are not of zeros and ones only."""
    above = sum(max(row[:3]) > 1 + _SLACK for row in rows)
    fractions = sum(any(0 < part < 1 for part in row[:3]) and max(row[:3]) <= 1 + _SLACK for row in rows)
    return 255.0 if above > fractions else 1.0


def _rgba(entry: Any, scale: float) -> tuple[float, ...] | None:
    """Red, green, blue and opacity, from 0 to 1; None if it is no colour, or one that cannot be seen."""
    row = _row(entry)
    rgba: tuple[float, ...] | None = None
    if row is not None:
        *rgb, opacity = row if len(row) == 4 else [*row, 1.0]
        if isinstance(entry, str):
            scale = 255.0  # as CSS has it
        if max(rgb) > scale * (1 + _SLACK):
            return None
        rgba = (*(min(part / scale, 1.0) for part in rgb), opacity if opacity <= 1 else opacity / 255)
    elif isinstance(entry, str):
        rgba = _named(entry)
    elif isinstance(entry, tuple | list) and [type(part) for part in entry] in ([str, float], [str, int]):
        rgba = _named(entry[0])  # as matplotlib writes a colour and its opacity
        rgba = (*rgba[:3], float(entry[1])) if rgba and 0 <= entry[1] <= 1 else None
    return rgba if rgba and rgba[3] > 0 else None


def _named(text: str) -> tuple[float, ...] | None:
    written = _HEX.fullmatch(text)
    if written:
        return (*(part / 255 for part in bytes.fromhex(written[1])), 1.0)
    from velowidget.data.color_names import named_color  # matplotlib is loaded where a colour has a name

    return named_color(text)
