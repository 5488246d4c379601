"""Types of parameters: what kind of value each takes, with an error in plain words for any other."""

from __future__ import annotations

from typing import Any

import numpy as np
import traitlets as t


class Number(t.TraitType[float, Any]):
    """A number, kept as a float."""

    def validate(self, _obj: Any, value: Any) -> float:
        """The number as a float; raises a TypeError or ValueError if it is none."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise TypeError(f"{self.name} must be a number, not {shown(value)}.")
        try:
            return float(value)
        except OverflowError:
            raise ValueError(f"{self.name} must be a smaller number than {shown(value)}.") from None


class Whole(t.TraitType[int, Any]):
    """A whole number, kept as an int; 4.0 is one, too."""

    def validate(self, _obj: Any, value: Any) -> int:
        """The number as an int; raises a TypeError if it is no whole number."""
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            raise TypeError(f"{self.name} must be a whole number, not {shown(value)}.")
        return int(value)


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


class Plain(t.TraitType[Any, Any]):
    """None, or a list or mapping as JSON has them; whoever reads it gets a copy, which can be changed without harm."""

    def get(self, obj: t.HasTraits, cls: type[Any] | None = None) -> Any:
        """A copy of the value."""
        value = super().get(obj, cls)
        if isinstance(value, dict):
            return {key: list(listed) for key, listed in value.items()}
        return list(value) if isinstance(value, list) else value


def plain_number(value: Any) -> Any:
    """A scalar of NumPy's as the one of Python's; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def shown(value: Any) -> str:
    """A value in an error, shortened."""
    try:
        text = repr(value)
    except Exception:  # of somebody else's class, or a number of too many digits
        text = f"a value of type {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:60]}... ({type(value).__name__})"
