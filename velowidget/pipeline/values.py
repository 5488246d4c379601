"""Types of parameters: what kind of value each takes, with an error in plain words for any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets as t

from velowidget.plugins.names import shown


class Real(t.TraitType[Any, Any]):
    """A number, as an int or a float, whichever it is."""

    wanted = "a number"

    def validate(self, _obj: Any, value: Any) -> Any:
        """The number; raises a TypeError or ValueError if it is none, or an int beyond any use."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{self.name} must be {self.wanted}, not {shown(value)}.")
        if isinstance(value, int) and abs(value) >= 2**64:
            raise ValueError(f"{self.name} must be {self.wanted} of less than 2^64, not {shown(value)}.")
        return value


class Number(Real):
    """A number, kept as a float."""

    def validate(self, obj: Any, value: Any) -> Any:
        """The number as a float; raises a TypeError or ValueError if it is none."""
        return float(super().validate(obj, value))


class Whole(Real):
    """A whole number, kept as an int; 4.0 is one, too."""

    wanted = "a whole number"

    def validate(self, obj: Any, value: Any) -> int:
        """The number as an int; raises a TypeError or ValueError if it is no whole number."""
        if super().validate(obj, value) != value // 1:  # as NaN and infinity
            raise TypeError(f"{self.name} must be {self.wanted}, not {shown(value)}.")
        return int(value)


class WholeOrNone(Whole):
    """A whole number, or None."""

    wanted = "a whole number, or None"

    def validate(self, obj: Any, value: Any) -> Any:
        """The number as an int, or None; raises a TypeError if it is neither."""
        return None if value is None else super().validate(obj, value)


class Automatic(Number):
    """A number, or None for one that the data choose; 'auto' is None, too."""

    wanted = "a number larger than 0, or None for the automatic one"

    def validate(self, obj: Any, value: Any) -> Any:
        """The number as a float, or None; raises a TypeError or ValueError if it is neither."""
        return None if value is None or (isinstance(value, str) and value == "auto") else super().validate(obj, value)


class Flag(t.TraitType[bool, bool]):
    """True or False."""

    def validate(self, _obj: Any, value: Any) -> bool:
        """The value; raises a TypeError if it is neither."""
        if not isinstance(value, bool):
            raise TypeError(f"{self.name} must be True or False, not {shown(value)}.")
        return value


class Text(t.TraitType[str, str]):
    """A text."""

    def validate(self, _obj: Any, value: Any) -> str:
        """The text; raises a TypeError if it is none."""
        if not isinstance(value, str):
            raise TypeError(f"{self.name} must be text, not {shown(value)}.")
        return str(value)


class Layer(Text):
    """The key of a layer; None is ``'X'``."""

    def validate(self, obj: Any, value: Any) -> str:
        """The key; raises a TypeError if it is none."""
        return super().validate(obj, "X" if value is None else value)


class Plain(t.TraitType[Any, Any]):
    """None, or a list or mapping as JSON has them; whoever reads it gets a copy, which can be changed without harm."""

    def get(self, obj: t.HasTraits, cls: type[Any] | None = None) -> Any:
        """A copy of the value."""
        value = super().get(obj, cls)
        if isinstance(value, dict):
            return {key: list(listed) if isinstance(listed, list) else listed for key, listed in value.items()}
        return list(value) if isinstance(value, list) else value


class Columns(Plain):
    """A list of column numbers."""


class Genes(Plain):
    """Genes, as `gene_subset` of a velocity kernel."""


class Rule(Plain):
    """Cells, as `choose_cells` takes them; None for all or none."""


class TextOrNone(t.TraitType[Any, Any]):
    """A text, or None; the check is the parameter's own."""


class Bound(t.TraitType[Any, Any]):
    """A number, a percentile as text, or None; the check is the parameter's own."""


def plain_number(value: Any) -> Any:
    """A scalar of NumPy's as the one of Python's; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value
