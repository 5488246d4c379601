"""Parts of messages to users: calls to make, given values, nearest names, cells by name, counted nouns."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.plugins.names import closest, shown

# The calls that make what is missing.
MAKE_VELOCITY, MAKE_MOMENTS = "velowidget.velocity(adata)", "velowidget.moments(adata)"


class MissingKeyError(KeyError):
    """A key that the data do not have; reads as its message, not as a quoted key."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


def nearest(name: object, names: Iterable[object]) -> str:
    """The end of an error's sentence about an unknown name: the nearest known one, or what there is."""
    known = [str(n) for n in names]
    folded = {n.casefold(): n for n in reversed(known)}
    close = closest(name.casefold() if isinstance(name, str) else name, list(folded))
    if close:
        return f"; did you mean {shown(folded[close])}?"
    if not known:
        return "; there are none."
    listed = ", ".join(shown(n) for n in known[:8])
    return f"; there are {listed}{', ...' if len(known) > 8 else '.'}"


def name_cells(adata: AnnData, cells: NDArray[np.integer]) -> str:
    """The names of some cells for a message: a few of them, and how many more."""
    names = ", ".join(repr(str(adata.obs_names[i])) for i in cells[:5])
    return f"{names}{f' and {len(cells) - 5} more' if len(cells) > 5 else ''}"


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural if need be."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
