"""The messages between Python and the browser, version 1: ``{v, kind, id, generation, ...}`` and binary buffers.

Browser to Python: ``hello`` (tell me everything), ``ping`` (are you there), ``want`` (a stage from now on), ``release``
(no longer), ``cancel``, ``resume`` (go on), ``search`` (genes by name), ``select`` (cells, as a buffer of int32),
``panel`` (the JavaScript of one), ``request`` (what a panel asks of its Python side), ``refresh`` (read the data anew),
``shown`` (how often this page shows it now). Python to browser: ``reading`` (which one the following is of, and what
has changed since), ``options``, ``choices`` (columns to choose cells by), ``automatic``, ``cells``, ``clusters``,
``embedding``, ``color``, ``selection``, ``result``, ``status``, ``error``, ``problem`` (why a message of some kind
cannot be sent), ``notices``, ``matches``, ``groups``, ``answer`` (to ``panel`` and ``request``),
``pong`` (to ``ping``).
The TypeScript side is ``js/src/protocol.ts``; ``tests/fixtures/protocol`` holds an example of each kind, checked from
both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

VERSION = 1

_DTYPES = {np.dtype("<f4"): "float32", np.dtype("<i4"): "int32", np.dtype("u1"): "uint8"}

_SENT_AS = {"f": "<f4", "i": "<i4", "u": "<i4", "b": "u1"}

Message = tuple[dict[str, Any], list[memoryview]]


def encode(
    kind: str,
    *,
    id: str | None = None,
    generation: int | None = None,
    arrays: Mapping[str, NDArray[Any]] | None = None,
    **fields: Any,
) -> Message:
    """Make a message.

    Parameters
    ----------
    kind, id, generation
        The envelope.
    arrays
        float32, int32 or uint8 arrays, sent as little-endian buffers in this order.
    **fields
        JSON values.

    Returns
    -------
    The JSON part and the buffers.
    """
    content = {"v": VERSION, "kind": kind, "id": id, "generation": generation, **fields}
    buffers = []
    if arrays is not None:
        content["arrays"] = [
            {"name": name, "dtype": _DTYPES[array.dtype], "shape": list(array.shape)} for name, array in arrays.items()
        ]
        buffers = [memoryview(array.tobytes()) for array in arrays.values()]
    return content, buffers


def sendable(name: str, value: Any) -> NDArray[Any]:
    """An array as JavaScript can have it: float32, int32 or uint8.

    Raises
    ------
    TypeError, ValueError
        If it is not of numbers, or has whole numbers that do not fit.
    """
    array = np.asarray(value)
    if array.dtype.kind not in _SENT_AS:
        raise TypeError(f"The array {name!r} is of {array.dtype}, not of numbers.")
    sent_as = np.dtype("u1" if array.dtype == np.uint8 else _SENT_AS[array.dtype.kind])
    may_be_larger = array.dtype.kind in "iu" and not np.can_cast(array.dtype, sent_as) and array.size > 0
    if may_be_larger and not -(2**31) <= array.min() <= array.max() < 2**31:
        raise ValueError(f"The array {name!r} has numbers that do not fit into 32 bits.")
    return np.ascontiguousarray(array, dtype=sent_as)


# What each message from the browser carries besides the envelope.
_REQUESTS: Mapping[str, Mapping[str, type]] = {
    "hello": {},
    "ping": {},
    "want": {"stage": str},
    "release": {"stage": str},
    "resume": {},
    "cancel": {},
    "search": {"query": str, "limit": int},
    "panel": {"panel": str},
    "request": {"panel": str, "name": str, "payload": object},
    "select": {"reading": int},
    "refresh": {},
    "shown": {"displays": int},
}


@dataclass(frozen=True)
class Request:
    """A message from the browser."""

    kind: str
    id: str | None
    fields: Mapping[str, Any]


def decode(content: object) -> Request:
    """Read a message from the browser.

    Raises
    ------
    ValueError
        If it is none of ours, of another version, or without what its kind carries.
    """
    if not isinstance(content, dict) or not isinstance(content.get("kind"), str):
        raise ValueError(f"Not a message of ours: {content!r:.200}")
    if content.get("v") != VERSION:
        raise ValueError(f"The browser speaks version {content.get('v')!r} of the protocol, this is version {VERSION}.")
    kind, asked = content["kind"], content.get("id")
    if kind not in _REQUESTS:
        raise ValueError(f"Unknown message kind {kind!r:.200}.")
    fields = {name: content.get(name) for name in _REQUESTS[kind]}
    if not isinstance(asked, str | None) or not all(isinstance(fields[n], t) for n, t in _REQUESTS[kind].items()):
        raise ValueError(f"A {kind!r} message with wrong or missing fields: {content!r:.200}")
    return Request(kind, asked, fields)
