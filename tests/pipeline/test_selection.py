"""Which cells are selected."""

from __future__ import annotations

import numpy as np
import pytest
from traitlets import TraitError

from velowidget import VelocityPipeline
from velowidget.pipeline.selection import checked_cells


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([5, 2, 2, 9], [2, 5, 9]),
        ([-1, 0], [0, 9]),
        (np.arange(10) % 4 == 0, [0, 4, 8]),
        ([True] + [False] * 9, [0]),
        (range(3), [0, 1, 2]),
        (np.array([3], dtype=np.uint8), [3]),
        ([], []),
        (None, []),
    ],
)
def test_indices_and_masks(given, expected):
    found = checked_cells(given, 10)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == np.int32
    assert not found.flags.writeable


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([10], "no cell 10"),
        ([-11], "no cell -11"),
        ([0.5], "whole numbers"),
        (["AAAC-1"], "whole numbers"),
        ([[1, 2]], "flat list"),
        ([True, False], "one flag for each of 10 cells"),
        (3, "flat list"),
    ],
)
def test_what_selects_no_cell(given, says):
    with pytest.raises((TypeError, ValueError), match=says):
        checked_cells(given, 10)


def test_observers_hear_of_it_and_nothing_is_computed(adata):
    pipeline, heard = VelocityPipeline(adata), []
    pipeline.wait()
    generation = pipeline.jobs.generation
    pipeline.observe(lambda change: heard.append(change.new), "selection")
    pipeline.selection = [7, 3]
    np.testing.assert_array_equal(heard, [[3, 7]])
    assert pipeline.jobs.generation == generation
    with pytest.raises(TraitError, match="no cell"):
        pipeline.selection = [10_000]
    np.testing.assert_array_equal(pipeline.selection, [3, 7])
