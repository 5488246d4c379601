"""What users give as arguments: checked, with errors that say what would do."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection

import numpy as np

from velowidget.plugins.names import closest, shown


def reject_unknown(function: str, given: Collection[str], known: Collection[str]) -> None:
    """Raise a TypeError that names the nearest known keyword, if any keyword was given that is not known."""
    for name in given:
        close = closest(name, known)
        hint = f"did you mean {close!r}?" if close else f"it takes {', '.join(known)}."
        raise TypeError(f"{function}() has no argument {shown(name)}; {hint}")


def one_of(name: str, value: object, allowed: Collection[str]) -> str:
    """Return `value` if it is one of the allowed words, else raise a ValueError that names the nearest."""
    if isinstance(value, str) and value in allowed:
        return value
    close = closest(value, allowed)
    hint = f"did you mean {close!r}?" if close else f"choose one of {', '.join(map(repr, allowed))}."
    raise ValueError(f"{name}={shown(value)} is not known; {hint}")


def checked_text(name: str, value: object) -> str:
    """Return `value` if it is text, else raise a TypeError."""
    if isinstance(value, str):
        return value
    raise TypeError(f"{name} must be text, not {shown(value)}.")


def checked_flag(name: str, value: object) -> bool:
    """True or False as a bool, of Python or NumPy; anything else raises a TypeError."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    raise TypeError(f"{name} must be True or False, not {shown(value)}.")


def checked_scale(value: object) -> float:
    """A softmax scale as a float.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or not finite and larger than 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(
            f"softmax_scale must be a number larger than 0, or None for the automatic one, not {shown(value)}."
        )
    with contextlib.suppress(OverflowError):  # an int too large for a float
        if 0 < float(value) < math.inf:
            return float(value)
    raise ValueError(
        f"softmax_scale must be finite and larger than 0, not {shown(value)}; None takes the automatic one."
    )


def checked_count(name: str, value: object) -> int:
    """A number from 1 to 2^32 - 1, as an int: random numbers are counted with 32 bits.

    Raises
    ------
    TypeError, ValueError
        If it is no whole number, less than 1 or too large.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be a whole number of at least 1, not {shown(value)}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {shown(value)}.")
    if value >= 2**32:
        raise ValueError(f"{name} must be less than 2^32, not {shown(value)}.")
    return int(value)


def checked_seed(value: object) -> int:
    """A seed as an int.

    Raises
    ------
    TypeError, ValueError
        If it is no whole number, or not from 0 to 2^64 - 1.
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"seed must be a whole number from 0 to 2^64 - 1, or None, not {shown(value)}.")
    if not 0 <= int(value) < 2**64:
        raise ValueError(f"seed must be from 0 to 2^64 - 1, not {shown(value)}.")
    return int(value)


def checked_threshold(value: object) -> float:
    """A threshold on probabilities as a float.

    Raises
    ------
    TypeError, ValueError
        If it is no number, or not from 0 up to, but not, 1.
    """
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"threshold must be a number from 0 up to, but not, 1, not {shown(value)}.")
    if not 0 <= value < 1:
        raise ValueError(f"threshold must be from 0 up to, but not, 1, not {shown(value)}.")
    return float(value)
