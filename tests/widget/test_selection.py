"""Selected cells cross the wire as a buffer, both ways."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from anndata import AnnData
from traitlets import TraitError, link

from velowidget.pipeline.selection import checked_cells
from velowidget.widget import VelocityWidget


def select(widget, cells, message_id="page-1"):
    buffer = memoryview(np.asarray(cells, dtype="<i4").tobytes())
    widget._on_message(
        widget, {"v": 1, "kind": "select", "id": message_id, "reading": widget.pipeline.inputs.number}, [buffer]
    )


def cells_of(message):
    return np.frombuffer(message[1][0], dtype="<i4")


def test_from_the_browser(widget, recorder):
    heard = []
    widget.observe(lambda change: heard.append(change.new), "selection")
    select(widget, [2, 5, 7])
    np.testing.assert_array_equal(widget.selection, [2, 5, 7])
    np.testing.assert_array_equal(widget.pipeline.selection, [2, 5, 7])
    assert len(heard) == 1
    select(widget, [2, 5, 7])
    assert len(heard) == 1, "nothing new"
    assert recorder.last("selection")[0]["id"] == "page-1"


def test_from_python(widget, recorder):
    widget.selection = [9, 1]
    np.testing.assert_array_equal(widget.selection, [1, 9])
    message = recorder.last("selection")
    np.testing.assert_array_equal(cells_of(message), [1, 9])
    assert message[0]["id"] is None
    with pytest.raises(TraitError, match="no cell 999999"):
        widget.selection = [999_999]
    np.testing.assert_array_equal(widget.selection, [1, 9])


def test_two_widgets_can_be_linked(widget, adata):
    other = VelocityWidget(adata)
    link((widget, "selection"), (other, "selection"))
    widget.selection = [3, 8]
    np.testing.assert_array_equal(other.selection, [3, 8])
    other.selection = [2]
    np.testing.assert_array_equal(widget.selection, [2])
    assert widget.selection == other.selection
    assert (widget.selection != other.selection) is False
    np.testing.assert_array_equal(widget.selection == np.array([2]), [True])
    np.testing.assert_array_equal(widget.selection != np.array([2]), [False])


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint64])
def test_by_whole_numbers_of_any_size(dtype):
    assert list(checked_cells(np.array([5, 3, 100], dtype=dtype), 40_000)) == [3, 5, 100]


def test_a_page_that_opens_is_told(widget, recorder):
    widget.selection = [4]
    recorder.sent.clear()
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    np.testing.assert_array_equal(cells_of(recorder.last("selection")), [4])


@pytest.mark.parametrize("buffers", [[], [memoryview(b"abc")], [memoryview(np.array([9_999_999], "<i4").tobytes())]])
def test_nonsense_is_refused(widget, recorder, buffers):
    number = widget.pipeline.inputs.number
    widget._on_message(widget, {"v": 1, "kind": "select", "id": "page-1", "reading": number}, buffers)
    assert recorder.last("error")[0]["trait"] == "selection"
    assert widget.selection.size == 0


def test_a_hundred_thousand_cells_cross(recorder):
    n = 100_000
    adata = AnnData(sp.csr_matrix((n, 1), dtype=np.float32), obsm={"X_umap": np.zeros((n, 2), dtype=np.float32)})
    widget = VelocityWidget(adata)  # without a graph, which it says; cells can be selected all the same
    select(widget, np.arange(n))
    np.testing.assert_array_equal(widget.selection, np.arange(n))
    with pytest.raises(KeyError, match="No neighbour graph"):
        widget.wait()
    np.testing.assert_array_equal(cells_of(recorder.last("selection")), np.arange(n))
