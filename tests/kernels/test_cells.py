"""Rules that choose cells: each form, and what each wrong one says."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from velowidget.data.cells import choices, choose_cells, plain_rule


@pytest.fixture
def adata(adata):
    adata.obs["late"] = adata.obs["time"] > 2
    adata.obs["word"] = ["a", "b", "c"] * 10
    adata.obs["day"] = pd.Categorical([12.5, 13.5, 15.5] * 10)
    adata.obs["partly"] = np.where(np.arange(30) < 10, np.nan, np.arange(30))
    adata.obs["nothing"] = np.nan
    adata.obs["gaps"] = pd.Categorical(["x", None, "y"] * 10, categories=["x", "y", "unused"])
    adata.obs["lists"] = [[1]] * 30
    return adata


early = np.arange(0, 30, 3)
late_half = np.arange(15, 30)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"clusters": "early"}, early),
        ({"clusters": ["late", "early", "early"]}, np.setdiff1d(np.arange(30), early + 1)),
        ({"clusters": ("early",)}, early),
        ({"clusters": {"early"}}, early),
        ({"clusters": np.array(["early"])}, early),
        ({"word": "a"}, early),
        ({"day": 12.5}, early),
        ({"day": "12.5"}, early),
        ({"gaps": "x"}, early),
        ({"partly": [15, 29]}, late_half),
        ({"partly": (29, 15)}, late_half),
        ({"partly": np.array([15.0, np.inf])}, late_half),
        ({"partly": [12, 12]}, [12]),
        ("cell3", [3]),
        (["cell3", "cell1", "cell3"], [1, 3]),
        (pd.Index(["cell3"]), [3]),
        (np.array(["cell3", "cell1"]), [1, 3]),
        (pd.Series(["cell3"], dtype="category"), [3]),
        (4, [4]),
        (-1, [29]),
        (np.int64(4), [4]),
        ([5, -30, 5], [0, 5]),
        (np.array([5, 0], dtype=np.uint8), [0, 5]),
        ((np.int32(5), 0), [0, 5]),
        (range(15, 30), late_half),
        (slice(15, None), late_half),
        (slice(-2, None), [28, 29]),
        (slice(None, None, -10), [9, 19, 29]),
        ([i >= 15 for i in range(30)], late_half),
        (np.arange(30) >= 15, late_half),
        (pd.Series(np.arange(30) >= 15), late_half),
        ([np.bool_(i >= 15) for i in range(30)], late_half),
    ],
)
def test_forms(adata, rule, expected):
    chosen = choose_cells(adata, rule, "start_ixs")
    assert chosen.dtype == np.int32
    assert chosen.tolist() == list(expected)


def test_truth_values(adata):
    where = np.flatnonzero(adata.obs["late"]).tolist()
    assert choose_cells(adata, {"late": True}, "start_ixs").tolist() == where
    assert choose_cells(adata, adata.obs["late"], "start_ixs").tolist() == where


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        ({}, ValueError, "one column"),
        ({"clusters": "early", "time": [0, 1]}, ValueError, "one column.*mask"),
        ({"cluster": "early"}, KeyError, "did you mean 'clusters'"),
        ({"clusters": "earli"}, KeyError, "no category 'earli'; did you mean 'early'"),
        ({"clusters": []}, ValueError, "no category of .*clusters.* is listed"),
        ({"clusters": [["early"]]}, KeyError, "no category"),
        ({"clusters": None}, KeyError, "no category None"),
        ({"gaps": "unused"}, ValueError, "no cell has 'unused'"),
        ({"time": 1.0}, TypeError, r"needs a range \[low, high\]"),
        ({"time": "early"}, TypeError, "needs a range"),
        ({"time": [1, 2, 3]}, TypeError, "needs a range"),
        ({"time": ["a", "b"]}, TypeError, "needs a range"),
        ({"time": [0, np.nan]}, ValueError, "NaN for a bound"),
        ({"time": [8, 9]}, ValueError, "from 8 to 9; its values are from 0 to 3"),
        ({"nothing": [0, 1]}, ValueError, "holds NaN only"),
        ({"lists": [1]}, TypeError, "neither numbers nor categories"),
        ("cell99", KeyError, "no cell is called 'cell99'; did you mean"),
        ("clusters", KeyError, "column of adata.obs"),
        (["cell1", "nobody"], KeyError, "'nobody'"),
        (30, IndexError, "no cell number 30"),
        ([-31], IndexError, "no cell number -31"),
        ([2**70], IndexError, "no cell number"),
        ([], ValueError, "lists no cell"),
        (np.array([], dtype=int), ValueError, "lists no cell"),
        (slice(5, 5), ValueError, "none of the 30 cells"),
        (slice("a", "b"), TypeError, "whole numbers"),
        (slice(0, 5, 0), TypeError, "step other than 0"),
        ([True, False], ValueError, "one entry for each of 30 cells, and has 2"),
        (True, ValueError, "one entry for each of 30 cells"),
        (np.zeros(30, dtype=bool), ValueError, "False for each cell"),
        (pd.Series([True, None] * 15, dtype="boolean"), ValueError, "the mask is missing for some cells"),
        (1.5, TypeError, "floating values, 1.5"),
        ([1.0, 2.0], TypeError, "floating"),
        (["cell1", 2], TypeError, "mixed"),
        ([None], TypeError, "None"),
        (np.zeros((3, 3), dtype=int), TypeError, "cannot be"),
        (object(), TypeError, "cannot be"),
    ],
)
def test_refused(adata, rule, error, message):
    with pytest.raises(error, match=f"stop_ixs.*{message}|{message}.*stop_ixs"):
        choose_cells(adata, rule, "stop_ixs")


def test_columns_of_one_name(adata):
    adata.obs = pd.concat([adata.obs, adata.obs[["word"]]], axis=1)
    with pytest.raises(ValueError, match="several columns called 'word'"):
        choose_cells(adata, {"word": "a"}, "start_ixs")


def test_choices_are_columns_that_cells_can_be_chosen_by(adata):
    assert choices(adata) == {
        "clusters": ["early", "late", "middle"],
        "time": (0.0, 3.0),
        "late": ["False", "True"],
        "word": ["a", "b", "c"],
        "day": ["12.5", "13.5", "15.5"],
        "partly": (10.0, 29.0),
        "gaps": ["x", "y"],  # no cell has the third
    }
    for key, values in choices(adata).items():
        rule = {key: list(values[:1] if isinstance(values, list) else values)}
        assert plain_rule(adata, rule, "start_ixs") == rule


@pytest.mark.parametrize(
    ("rule", "stored"),
    [
        ({"late": 1}, {"late": ["True"]}),
        ({"late": [np.True_, "True"]}, {"late": ["True"]}),
        ({"day": np.float32(12.5)}, {"day": ["12.5"]}),
        ({"whole": 1.0}, {"whole": ["1"]}),
        ({"whole": iter([0, 1])}, {"whole": ["0", "1"]}),
        ({"endless": [20, np.inf]}, list(range(20, 30))),
        ({"endless": [20, 28]}, {"endless": [20.0, 28.0]}),
    ],
)
def test_plain_rules_mean_the_same_cells(adata, rule, stored):
    adata.obs["whole"] = pd.Categorical([0, 1, 2] * 10)
    adata.obs["endless"] = [*map(float, range(29)), np.inf]
    plain = plain_rule(adata, rule, "start_ixs")
    assert plain == stored
    assert plain_rule(adata, plain, "start_ixs") == stored
    json.dumps(plain, allow_nan=False)
