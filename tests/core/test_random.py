"""Random numbers against the published vectors, plain integers, and what normal numbers are."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numba as nb
import numpy as np
import pytest
from scipy import stats

from velowidget.core.random import key_of, normals, philox, uniform

FIXTURES = json.loads((Path(__file__).resolve().parents[1] / "fixtures" / "philox.json").read_text())


@nb.njit
def many(key, steps, draws):
    out = np.empty((steps, draws, 4))
    for step in range(steps):
        for draw in range(draws):
            out[step, draw] = normals(key, 1, 7, step, draw)
    return out


def words(seed, stream, cell, step, draw):
    """Philox4x32-10 with Python's integers."""
    counter, key = [stream, cell, step, draw], [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        first, second = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [
            (second >> 32) ^ counter[1] ^ key[0],
            second & 0xFFFFFFFF,
            (first >> 32) ^ counter[3] ^ key[1],
            first & 0xFFFFFFFF,
        ]
        key = [(key[0] + 0x9E3779B9) % 2**32, (key[1] + 0xBB67AE85) % 2**32]
    return counter


@pytest.mark.parametrize("case", FIXTURES["philox4x32_10"])
def test_published_vectors(case):
    counter, key, output = ([int(word, 16) for word in case[part]] for part in ("counter", "key", "output"))
    assert [int(word) for word in philox((np.uint64(key[0]), np.uint64(key[1])), *counter)] == output
    assert words(key[0] + key[1] * 2**32, *counter) == output


def test_equals_plain_integers():
    counters = np.random.default_rng(0).integers(0, 2**32, (200, 4)).tolist()
    for n, counter in enumerate(counters):
        seed = n * 92_233_720_368_547_758
        assert [int(word) for word in philox(key_of(seed), *counter)] == words(seed, *counter)


@pytest.mark.parametrize("case", FIXTURES["numbers"])
def test_shared_numbers(case):
    """What other languages are tested against."""
    seed, counter = int(case["seed"]), case["counter"]
    w = words(seed, *counter)
    assert case["uniform"] == ((w[0] >> 5) * 2**26 + (w[1] >> 6)) / 2**53
    assert uniform(key_of(seed), *counter) == case["uniform"]
    expected = []
    for radius, angle in ((w[0], w[1]), (w[2], w[3])):
        length, turn = math.sqrt(-2 * math.log((radius + 0.5) / 2**32)), 2 * math.pi * (angle + 0.5) / 2**32
        expected += [length * math.cos(turn), length * math.sin(turn)]
    assert case["normals"] == pytest.approx(expected, rel=1e-12)
    assert normals(key_of(seed), *counter) == pytest.approx(case["normals"], rel=1e-12)


def test_each_number_depends_on_every_part_of_its_name():
    base = (1, 2, 3, 4)
    numbers = {uniform(key_of(5), *base), uniform(key_of(5 + 2**40), *base), uniform(key_of(6), *base)}
    for part in range(4):
        numbers.add(uniform(key_of(5), *(value + (place == part) for place, value in enumerate(base))))
    assert len(numbers) == 7


def test_normals_are_normal_and_independent():
    numbers = many(key_of(3), 2000, 5).reshape(2000, 20)
    assert stats.kstest(numbers.ravel(), "norm").pvalue > 1e-3
    # Correlations of 20 columns, and of squares: the two of a pair share their radius, words of a block a key.
    for values in (numbers, numbers**2):
        off = np.corrcoef(values.T)[~np.eye(20, dtype=bool)]
        assert np.abs(off).max() < 5 / math.sqrt(2000)
    assert np.abs(np.mean(numbers**4) - 3) < 5 * math.sqrt(96 / numbers.size)


@pytest.mark.parametrize("seed", [0, 2**32, 2**64 - 1, np.int64(3), np.uint64(2**63)])
def test_seeds(seed):
    low, high = key_of(seed)
    assert int(low) + (int(high) << 32) == int(seed)


@pytest.mark.parametrize(
    ("seed", "error"), [(-1, ValueError), (2**64, ValueError), (1.0, TypeError), (True, TypeError)]
)
def test_refused_seeds(seed, error):
    with pytest.raises(error, match="seed must be"):
        key_of(seed)
