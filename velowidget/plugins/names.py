"""Names and values that people give, as messages repeat them, and the known names that are nearest to them."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Collection

# Characters of a given value that a message repeats, and up to which a name is worth a search for the nearest.
_LONGEST = 100


class _Shown(reprlib.Repr):
    """As `repr`, but of what is long only its beginning and its end."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = _LONGEST
        self.maxlevel = 2

    def repr_int(self, value: int, level: int) -> str:
        """As of any other value; of a number that Python refuses to spell out, how large it is."""
        try:
            return super().repr_int(value, level)
        except ValueError:
            return f"<int of {value.bit_length():,} bits>"

    def repr_bytes(self, value: bytes, _level: int) -> str:
        """As of text: what is long is cut before it is spelled out."""
        return repr(value) if len(value) <= _LONGEST else f"{value[: _LONGEST // 2]!r}... ({len(value):,} bytes)"


_shown = _Shown()


def shown(value: object) -> str:
    """A value that a user gave, as messages repeat it: its `repr`; a long one is cut to about 100 characters."""
    return _shown.repr(value)


def closest(name: object, known: Collection[str]) -> str | None:
    """The known name that is most like another; None if none is, or it is longer than any that people type."""
    text = name if isinstance(name, str) else shown(name)
    if len(text) > _LONGEST:
        return None
    return next(iter(difflib.get_close_matches(text, known, n=1)), None)
