"""Which labels are times. What is read must be what was meant: anything but a plain decimal number is refused."""

from __future__ import annotations

import decimal
import fractions

import numpy as np
import pandas as pd
import pytest

from tests.deprecations import no_warnings
from tests.kernels.conftest import N_CELLS
from velowidget.data.groups import read_times, time_columns
from velowidget.kernels import VelocityKernel
from velowidget.pipeline import VelocityPipeline

pytestmark = no_warnings


def with_times(adata, *labels, as_=list):
    """Each label for every so many cells."""
    values = np.empty(N_CELLS, dtype=object)
    for i, label in enumerate(labels):
        values[i :: len(labels)] = [label] * len(values[i :: len(labels)])
    adata.obs["t"] = as_(list(values))
    return adata


AS_STORED = {
    "text": list,
    "categories": pd.Categorical,
    "string dtype": lambda values: pd.array(values, dtype="string"),
    "objects": lambda values: np.array(values, dtype=object),
}


@pytest.mark.parametrize("stored", AS_STORED)
@pytest.mark.parametrize(
    ("labels", "times"),
    [
        (("0", "5", "10"), [0, 5, 10]),
        (("7.5", "8.5", "12"), [7.5, 8.5, 12]),
        (("-1", "+1", ".5"), [-1, 0.5, 1]),
        (("05", " 6 ", "7."), [5, 6, 7]),
    ],
)
def test_plain_decimal_numbers(adata, stored, labels, times):
    found, codes = read_times(with_times(adata, *labels, as_=AS_STORED[stored]), "t")
    assert found.tolist() == times
    assert [found[code] for code in codes[: len(labels)]] == [float(label) for label in labels]
    assert "t" in time_columns(adata)


@pytest.mark.parametrize("stored", AS_STORED)
@pytest.mark.parametrize(
    "labels",
    [
        ("1_1", "2_1"),
        ("1E2", "1E3"),
        ("1e5", "2"),
        ("nan", "1"),
        ("NaN", "1"),
        ("inf", "1"),
        ("-Infinity", "1"),
        ("１２", "１３"),
        ("٣", "1"),
        ("²", "1"),
        ("0x10", "0x11"),
        ("5d", "6d"),
        ("day 5", "day 6"),
        ("E7.5", "E8.5"),
        ("1,5", "2,5"),
        ("1 000", "2"),
        ("5\n", "6"),
        ("", "1"),
        (".", "1"),
        ("1.2.3", "1"),
        ("−5", "5"),
    ],
    ids=repr,
)
def test_other_text_is_no_time(adata, stored, labels):
    with_times(adata, *labels, as_=AS_STORED[stored])
    refused = next(label for label in labels if label not in ("1", "2", "5", "6"))
    with pytest.raises(TypeError, match=r"adata\.obs\['t'\] holds no numbers as times: ") as caught:
        VelocityKernel(adata).flow(time_key="t")
    assert repr(refused) in str(caught.value)
    assert f"`adata.obs['day'] = adata.obs['t'].map({{{refused!r}: 0.0, ...}}).astype(float)`" in str(caught.value)
    assert "t" not in time_columns(adata)
    pipeline = VelocityPipeline(adata)
    with pytest.raises(Exception, match="holds no numbers as times"):
        pipeline.time_key = "t"
    pipeline.cancel()


@pytest.mark.parametrize("labels", [(b"5", b"6"), (np.True_, np.False_), (None, 1j)], ids=repr)
def test_other_objects_are_no_times(adata, labels):
    with_times(adata, *labels, as_=AS_STORED["objects"])
    with pytest.raises((TypeError, ValueError), match=r"adata\.obs\['t'\]"):
        read_times(adata, "t")


@pytest.mark.parametrize(
    "labels", [(1, 2.5), (np.int8(1), np.float32(2.5)), (decimal.Decimal(1), fractions.Fraction(5, 2)), ("1", 2.5)]
)
def test_numbers_of_every_kind(adata, labels):
    assert read_times(with_times(adata, *labels, as_=AS_STORED["objects"]), "t")[0].tolist() == [1, 2.5]


@pytest.mark.parametrize("label", ["9" * 400, fractions.Fraction(10**400)], ids=["text", "fraction"])
def test_too_large_to_be_a_float(adata, label):
    with pytest.raises(ValueError, match="infinite times"):
        read_times(with_times(adata, label, 1, as_=AS_STORED["objects"]), "t")


def test_an_order_can_be_made_times(adata):
    with_times(adata, "E1", "E2", as_=lambda values: pd.Categorical(values, ["E2", "E1"], ordered=True))
    with pytest.raises(TypeError, match="If its order is that of the times: ") as caught:
        read_times(adata, "t")
    code = str(caught.value).split("`")[1]
    exec(code, {"adata": adata})  # what the message says works
    assert read_times(adata, "day")[0].tolist() == [0, 1]
    assert adata.obs["day"].iloc[0] == 1


def test_many_labels_are_not_all_listed(adata):
    with pytest.raises(TypeError, match=r"'a0', 'a1', 'a2', 'a3', 'a4', \.\.\. cannot be read") as caught:
        read_times(with_times(adata, *(f"a{i}" for i in range(30))), "t")
    assert "'a5'" not in str(caught.value)


@pytest.mark.parametrize("point", ["1_0", "1e1", "１０", b"10", True, "nan"])
def test_points_are_read_likewise(adata, point):
    with_times(adata, "1", "10", "5")
    with pytest.raises(ValueError, match=r"adata\.obs\['t'\] has no time .*; it has 1, 5, 10\."):
        read_times(adata, "t", time_points=["1", point])
    assert read_times(adata, "t", time_points=["1", "10.0", 5])[0].tolist() == [1, 5, 10]


def test_unused_labels_do_not_count(adata):
    """Nor are they too many."""
    with_times(adata, "1", "2", as_=lambda v: pd.Categorical(v, ["1", "2", "never", *map(str, range(3, 400))]))
    assert read_times(adata, "t")[0].tolist() == [1, 2]
    assert "t" in time_columns(adata)
