"""Limits of colours: automatic ones that an outlier does not stretch, and given ones."""

from __future__ import annotations

import numpy as np
import pytest

from velowidget.data.annotations import ContinuousAnnotation
from velowidget.data.limits import Limits, automatic_limits, checked_limit, checked_limits, read_limits


def of(*parts, source="gene"):
    return ContinuousAnnotation("g", source, np.concatenate([np.atleast_1d(np.float64(part)) for part in parts]))


EVEN = np.linspace(0, 1, 1000)


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (of(EVEN), 0, 1),
        (of(EVEN, 1.9), 0, 1.9),  # takes less than half of the colours
        (of(EVEN, 1000), 0, EVEN[990]),
        (of(-1000, EVEN), EVEN[9], 1),
        (of(-1e6, EVEN, 1e6), EVEN[10], EVEN[990]),
        (of(EVEN, [1e5] * 9), 0, EVEN[998]),
        (of(EVEN, [1e5] * 11), 0, 1e5),  # more than 1 % are no outliers
        (of(EVEN, np.nan, 1000), 0, EVEN[990]),
        (of(np.zeros(999), 3), 0, 3),
        (of(np.zeros(997), 1, 2, 3), 0, 3),
        (of(np.zeros(997), 1, 2, 500), 0, 2),
        (of(0, 1, 2, 9999), 0, 2),
        (of(np.zeros(100_000), np.linspace(1, 2, 500), 1e6), 0, np.linspace(1, 2, 500)[495]),
        (of(np.full(999, -2.0), 3), -2, 3),
        (of(np.ones(5)), 1, 1),
        (of(0, 1), 0, 1),
        (of([np.nan, np.nan]), 0, 0),
        (of(-1.7e308, EVEN, 1.7e308), EVEN[10], EVEN[990]),
        (of(0.2, 0.4, source="diagnostics"), 0, 1),
    ],
)
def test_automatic_limits(values, low, high):
    assert automatic_limits(values) == pytest.approx((low, high), abs=2e-3)


def test_ordinary_distributions_keep_every_cell():
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=50_000), rng.uniform(size=50), rng.poisson(3, 5000), rng.exponential(size=300)):
        found = read_limits(of(values), None, None)
        assert (found.low, found.high) == (values.min(), values.max())
        assert (found.n_below, found.n_above) == (0, 0)


def test_given_limits_and_how_many_cells_are_beyond():
    values = of(np.arange(101.0), np.nan)
    assert read_limits(values, 10, 90.5) == Limits(10, 90.5, 10, 10)
    assert read_limits(values, "p5", "p99") == Limits(5, 99, 5, 1)
    assert read_limits(values, None, "p50") == Limits(0, 50, 0, 50)
    assert read_limits(values, 200.0, None) == Limits(200, 200, 101, 0)
    assert read_limits(values, None, -5.0) == Limits(-5, -5, 0, 101)
    assert read_limits(values, "p90", 20.0) == Limits(20, 20, 20, 80)
    assert read_limits(of([np.nan]), "p1", "p99") == Limits(0, 0, 0, 0)


def test_percentiles_are_numpys():
    values = np.random.default_rng(1).exponential(size=333)
    assert read_limits(of(values), "p2.5", "p97.5").high == np.percentile(values, 97.5)


def test_shares():
    values = np.array([-1.0, 0.0, 1.0, 2.0, 5.0, np.nan])
    np.testing.assert_array_equal(Limits(0, 2, 1, 1).shares(values), [0, 0, 0.5, 1, 1, np.nan])
    np.testing.assert_array_equal(Limits(0, 0, 1, 3).shares(values), [0, 0, 1, 1, 1, np.nan])
    np.testing.assert_allclose(Limits(-1.5e308, 1.5e308, 0, 0).shares(np.array([-1.5e308, 0, 1.5e308])), [0, 0.5, 1])


def test_few_expressing_cells_are_seen_also_with_a_percentile_of_zero():
    values = np.r_[np.zeros(999), 2.0]
    assert list(read_limits(of(values), None, "p99").shares(values)) == [*np.zeros(999), 1]


@pytest.mark.parametrize("value", [3, 3.5, np.float32(3.5), np.int64(3), "p0", "p100", "p99.5", " p5 ", None])
def test_what_may_be_a_limit(value):
    expected = value.strip() if isinstance(value, str) else value
    assert checked_limit("vmin", value) == expected
    assert type(checked_limit("vmin", value)) in (float, str, type(None))


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("p101", ValueError),
        ("99", ValueError),
        ("p", ValueError),
        ("p-1", ValueError),
        ("p9\u0663", ValueError),
        ("auto" * 10**6, ValueError),
        (np.nan, ValueError),
        (np.inf, ValueError),
        (10**400, ValueError),
        (True, TypeError),
        ([1], TypeError),
        (np.array([1.0, 2.0]), TypeError),
        (1j, TypeError),
        ({}, TypeError),
    ],
)
def test_what_may_not(value, error):
    with pytest.raises(error, match=r"vmax.*None") as raised:
        checked_limit("vmax", value)
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(("vmin", "vmax"), [(3, 2), ("p99", "p1")])
def test_limits_the_wrong_way_round(vmin, vmax):
    with pytest.raises(ValueError, match="above vmax"):
        checked_limits(vmin, vmax)
    assert checked_limits(vmax, vmin)
    assert checked_limits(vmin, None)
