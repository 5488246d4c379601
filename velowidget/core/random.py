"""Random numbers that depend on nothing but what they are for.

Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a counter of four 32-bit
words and a key of two into four random words. The key is the seed, the counter is ``(stream, cell, step, draw)``: any
number can be had without those before it, so that results do not depend on threads, blocks or order.
"""

from __future__ import annotations

import numba as nb
import numpy as np

# Streams: users of the same seed that must not share numbers.
SAMPLING, MONTE_CARLO, WALKS, FLOW, GENE_SHUFFLE = 1, 2, 3, 4, 5

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
_WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
_ROUNDS = 10


def key_of(seed: int) -> tuple[np.uint64, np.uint64]:
    """The key of a seed: its low and its high 32 bits.

    Raises
    ------
    TypeError, ValueError
        If the seed is no integer from 0 to 2^64 - 1.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"seed must be an integer, not {seed!r}.")
    if not 0 <= seed < 2**64:
        raise ValueError(f"seed must be from 0 to 2**64 - 1, not {seed!r}.")
    return np.uint64(int(seed) & 0xFFFFFFFF), np.uint64(int(seed) >> 32)


@nb.njit(nogil=True, inline="always")
def philox(key, stream, cell, step, draw):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Philox4x32-10: four 32-bit words, as uint64, of a key of two words and a counter of four."""
    k0, k1 = key
    c0, c1, c2, c3 = np.uint64(stream) & _LOW, np.uint64(cell) & _LOW, np.uint64(step) & _LOW, np.uint64(draw) & _LOW
    for _ in range(_ROUNDS):
        first = _MULTIPLIERS[0] * c0
        second = _MULTIPLIERS[1] * c2
        c0, c1, c2, c3 = (second >> _HALF) ^ c1 ^ k0, second & _LOW, (first >> _HALF) ^ c3 ^ k1, first & _LOW
        k0 = (k0 + _WEYL[0]) & _LOW
        k1 = (k1 + _WEYL[1]) & _LOW
    return c0, c1, c2, c3


@nb.njit(nogil=True, inline="always")
def uniform(key, stream, cell, step, draw):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """One number of [0, 1), a multiple of 2^-53: the upper 27 and 26 bits of a block's first two words."""
    w0, w1, _, _ = philox(key, stream, cell, step, draw)
    return (np.float64(w0 >> np.uint64(5)) * 67108864.0 + np.float64(w1 >> np.uint64(6))) * 2.0**-53


@nb.njit(nogil=True, inline="always")
def normals(key, stream, cell, step, draw):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Four standard normal numbers, one for each word of a block.

    Box and Muller (1958): ``sqrt(-2 log u) (cos, sin)(2 pi u')`` for words 0, 1 and 2, 3, with ``u = (word + 1/2) /
    2^32``, so that none lies beyond 6.8.
    """
    w0, w1, w2, w3 = philox(key, stream, cell, step, draw)
    first = np.sqrt(-2.0 * np.log((np.float64(w0) + 0.5) * 2.0**-32))
    second = np.sqrt(-2.0 * np.log((np.float64(w2) + 0.5) * 2.0**-32))
    turn = 2.0 * np.pi * (np.float64(w1) + 0.5) * 2.0**-32
    other = 2.0 * np.pi * (np.float64(w3) + 0.5) * 2.0**-32
    return first * np.cos(turn), first * np.sin(turn), second * np.cos(other), second * np.sin(other)
