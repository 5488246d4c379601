"""What is kept while there is room for it."""

from __future__ import annotations

import pytest

from velowidget.pipeline.kept import Kept


def made(kept, key, size, expected=None):
    """A value of some size, and whether it had to be read."""
    read = []

    def read_it():
        read.append(key)
        return "x" * size

    value = kept.make(key, size if expected is None else expected, read_it)
    assert len(value) == size
    return bool(read)


def test_values_are_read_once():
    kept = Kept(100, len)
    assert made(kept, "a", 40)
    assert not made(kept, "a", 40)
    assert kept.get("a") == "x" * 40
    assert kept.get("b") is None


def test_those_used_longest_ago_go():
    kept = Kept(100, len)
    for key in "abc":
        made(kept, key, 30)
    kept.get("a")
    made(kept, "d", 30)
    assert [key for key, _ in kept.items()] == ["c", "a", "d"]
    assert kept.n_bytes == 90


def test_room_is_made_before_reading():
    kept = Kept(100, len)
    made(kept, "a", 60)

    def read():
        assert kept.items() == []
        return "x" * 10

    kept.make("b", 80, read)
    assert kept.n_bytes == 10


def test_the_last_is_kept_however_large_it_is():
    kept = Kept(100, len)
    made(kept, "a", 60)
    assert made(kept, "large", 1000, expected=0)
    assert [key for key, _ in kept.items()] == ["large"]
    assert not made(kept, "large", 1000)


def test_what_fails_is_not_kept():
    kept = Kept(100, len)

    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        kept.make("a", 1, fail)
    assert kept.get("a") is None


def test_entries_of_another_are_taken_in_their_order():
    first = Kept(100, len)
    for key in "abc":
        made(first, key, 30)
    second = Kept(100, len, ((key, value) for key, value in first.items() if key != "b"))
    made(second, "d", 60)
    assert [key for key, _ in second.items()] == ["c", "d"]
    assert first.n_bytes == 90
