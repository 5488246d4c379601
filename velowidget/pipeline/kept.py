"""Values that are kept while they do not take too much memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """Values by key; those used longest ago are dropped where all together would take more than `limit` bytes.

    Parameters
    ----------
    limit
        Bytes. The value that was used last is kept however large it is.
    size
        Bytes that a value takes.
    entries
        What is kept to begin with, the one used longest ago first.
    """

    def __init__(self, limit: int, size: Callable[[Value], int], entries: Iterable[tuple[Key, Value]] = ()) -> None:
        self.limit = limit
        self._size = size
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict((k, (v, size(v))) for k, v in entries)
        self._lock = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """The value of a key, if it is kept."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def make(self, key: Key, expected: int, read: Callable[[], Value]) -> Value:
        """The value of a key; where it is not kept, it is read, with room made before for `expected` bytes."""
        found = self.get(key)
        if found is not None:
            return found
        self._drop(self.limit - expected)
        value = read()
        with self._lock:
            self._values[key] = (value, self._size(value))
        self._drop(self.limit, but=1)
        return value

    def items(self) -> list[tuple[Key, Value]]:
        """What is kept, the one used longest ago first."""
        with self._lock:
            return [(key, value) for key, (value, _) in self._values.items()]

    @property
    def n_bytes(self) -> int:
        """Bytes that all of them take."""
        with self._lock:
            return sum(size for _, size in self._values.values())

    def _drop(self, limit: int, but: int = 0) -> None:
        with self._lock:
            total = sum(size for _, size in self._values.values())
            while total > limit and len(self._values) > but:
                _, (_, size) = self._values.popitem(last=False)
                total -= size
