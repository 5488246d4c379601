"""The container of kernel files: any tree that anndata writes comes back, and no index is trusted."""

from __future__ import annotations

import hashlib
import json
import tracemalloc

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata.io import read_elem, write_elem

from tests.files.damage import HEAD, forged
from velowidget.kernels import container
from velowidget.kernels.container import dump, in_memory, load, size

FEW_NODES = 1000  # instead of the limit: a file with as many takes seconds


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file"


def through_a_file(element, path):
    with in_memory() as tree:
        write_elem(tree, "it", element)
        assert size(tree) <= 10**9
        dump(tree, path)
    with load(path) as tree:
        return read_elem(tree["it"])


NUMBERS = [f"{order}{kind}" for order in "<>" for kind in ("i2", "i8", "u4", "f2", "f4", "f8", "c8", "c16")]


@pytest.mark.parametrize("dtype", [*NUMBERS, "i1", "u1", "?", "S5"])
@pytest.mark.parametrize("shape", [(), (0,), (7,), (3, 0, 2), (2, 3, 4)])
def test_arrays(path, dtype, shape):
    array = np.random.default_rng(0).integers(0, 2, (1, *shape)).astype(dtype)[0, ...]
    with in_memory() as tree:
        tree.create_dataset("it", data=array)
        tree.attrs["also"] = array
        dump(tree, path)
    with load(path) as tree:
        assert tree["it"].dtype == tree.attrs.get_id("also").dtype == array.dtype
        for found in (tree["it"][()], tree.attrs["also"]):
            np.testing.assert_array_equal(found, array)
    assert path.stat().st_size >= array.nbytes


@pytest.mark.parametrize(
    "element",
    [
        "text",
        "",
        "ä 細胞 🧬",
        5,
        2.5,
        True,
        None,
        np.array(["a", "", "ä"], dtype=object),
        np.array([], dtype=str),
        np.array([["a", "b"], ["c", "d"]]),
        np.array([("a", 1.5), ("ä", np.inf)], dtype=[("name", "O"), ("value", "<f8")]),
        np.array([(1, (2.0, 3.0))], dtype=[("one", "i4"), ("two", "f4", (2,))]),
        {"a": {"b": {"c": np.arange(3)}}, "empty": {}},
        {str(i): i for i in range(300)},
        {"x" * 70_000: 1},
    ],
    ids=lambda element: str(element)[:30],
)
def test_elements(path, element):
    found = through_a_file(element, path)
    assert type(found) is type(element) or np.ndim(found) == 0
    np.testing.assert_equal(found, element)


def test_tables_with_thousands_of_columns(path):
    table = pd.DataFrame({f"a column with a long name {i}": [i, i + 1] for i in range(3000)}, index=["a", "b"])
    table["category"] = pd.Categorical(["x", None])
    table["missing"] = pd.array([1, None], dtype="Int64")
    pd.testing.assert_frame_equal(through_a_file(table, path), table, check_index_type=False, check_column_type=False)


@pytest.mark.parametrize("layout", [sp.csr_matrix, sp.csc_matrix])
def test_sparse_matrices(path, layout):
    matrix = layout(sp.random(20, 30, 0.1, random_state=0))
    found = through_a_file(matrix, path)
    assert found.format == matrix.format
    assert (found != matrix).nnz == 0


def test_what_is_no_array_is_refused(path):
    with in_memory() as tree:
        group = tree.create_group("group")
        tree["reference"] = np.array([group.ref], dtype=h5py.ref_dtype)
        with pytest.raises(TypeError, match="are not stored"):
            dump(tree, path)
    with in_memory() as tree:
        tree.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype("i4"))
        with pytest.raises(TypeError, match="are not stored"):
            dump(tree, path.with_name("other"))


def test_bounds_of_what_is_written(path):
    with in_memory() as tree:
        tree.create_group("/".join("x" * 65))
        with pytest.raises(ValueError, match="64 levels deep"):
            dump(tree, path)


def write_forged(path, index, arrays=b""):
    written = index if isinstance(index, bytes) else json.dumps(index).encode()
    path.write_bytes(forged(arrays + written, len(written)))


def group(**nodes):
    return {"attrs": {}, "nodes": nodes}


def data(shape, dtype, **more):
    return {"attrs": {}, "data": {"shape": shape, "dtype": dtype, **more}}


EIGHT = bytes(8)


@pytest.mark.parametrize(
    ("index", "arrays"),
    [
        pytest.param(group(a=data([2**40], "<f8")), EIGHT, id="larger than the file"),
        pytest.param(group(a=data([2**40, 0], "<f8"), b=data([2], "<f8")), EIGHT, id="the second is larger"),
        pytest.param(group(a=data([2**62, 2**62], "<f8")), EIGHT, id="larger than a number"),
        pytest.param(group(a=data([-1], "<f8")), EIGHT, id="negative"),
        pytest.param(group(a=data([True], "<f8")), EIGHT, id="no number"),
        pytest.param(group(a=data([1] * 33, "<f8")), EIGHT, id="many dimensions"),
        pytest.param(group(a=data([1], "|O")), EIGHT, id="Python objects"),
        pytest.param(group(a=data([1], "<M8[s]")), EIGHT, id="dates"),
        pytest.param(group(a=data([1], "<f8,<f8")), EIGHT * 2, id="a type of two"),
        pytest.param(group(a=data([1], "(99999999,)<f8")), EIGHT, id="a type of many"),
        pytest.param(group(a=data([0], "|V99999999")), b"", id="no type"),
        pytest.param(group(a=data([1], "text")), (2**40).to_bytes(8, "little"), id="a long text"),
        pytest.param(group(a=data([1], "text")), (-8).to_bytes(8, "little", signed=True), id="a negative text"),
        pytest.param(group(a=data([4], "text")), (2**62).to_bytes(8, "little") * 4, id="a sum that overflows"),
        pytest.param(group(a=data([1], "<f8")), EIGHT * 2, id="bytes of nothing"),
        pytest.param(group(**{"a/b": group()}), b"", id="a path"),
        pytest.param(group(**{"..": group(), ".": group()}), b"", id="the group itself"),
        pytest.param(group(**{"": group()}), b"", id="no name"),
        pytest.param(group(**{"a\0b": group()}), b"", id="a name with a zero"),
        pytest.param(group(**{str(i): group() for i in range(FEW_NODES)}), b"", id="many nodes"),
        pytest.param(b"[" * 100_000, b"", id="a deep index"),
        pytest.param(b"9" * 10_000, b"", id="a long number"),
        pytest.param(b"null", b"", id="nothing"),
        pytest.param(group(a={"attrs": {}, "data": {"shape": [0], "fields": {}}}), b"", id="a table without columns"),
        pytest.param(
            group(a={"attrs": {}, "data": {"shape": [0], "fields": {"x": {"shape": [0, 2**50], "dtype": "<f8"}}}}),
            b"",
            id="a table with wide columns",
        ),
    ],
)
def test_forged_indices(path, index, arrays, monkeypatch):
    """Refused, and for none of them is more memory asked than some times its size."""
    monkeypatch.setattr(container, "MAX_NODES", FEW_NODES)
    write_forged(path, index, arrays)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="file is damaged: "):
            load(path)
        assert tracemalloc.get_traced_memory()[1] < 50 * path.stat().st_size + 2**22
    finally:
        tracemalloc.stop()


def test_deep_groups_are_refused(path):
    index = group()
    for _ in range(65):
        index = group(x=index)
    write_forged(path, index)
    with pytest.raises(ValueError, match="too many elements"):
        load(path)


def test_no_file_of_the_machine_is_touched(path, tmp_path, monkeypatch):
    """Names of trees in memory are those of no file."""
    monkeypatch.chdir(tmp_path)
    through_a_file(np.arange(3), path)
    assert [left.name for left in tmp_path.iterdir()] == ["file"]


def test_the_checksum_is_that_of_all_that_follows(path):
    through_a_file(np.arange(3), path)
    content = path.read_bytes()
    _, _, length, checksum, _ = HEAD.unpack_from(content)
    assert length == len(content) - HEAD.size
    assert checksum == hashlib.sha256(content[HEAD.size :]).digest()
    for at in range(len(content)):
        path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        with pytest.raises(ValueError, match=r"not a kernel file|is damaged|has format"):
            load(path)
