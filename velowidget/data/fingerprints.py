"""Whether arrays and tables still hold what they did, told in milliseconds, whatever their size."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

_SAMPLED = 1000
_GOLDEN = 0.6180339887498949  # multiples of it are spread evenly, and no column of a table is met too often


def alike(before: Any, now: Any, sampled: Any, known: dict[str, Any], place: str) -> bool:
    """Whether an array holds what another did.

    Parameters
    ----------
    before, now
        The arrays; None where there is none, and text where it cannot be read.
    sampled
        The `sample` of `before` at that time.
    known, place
        Where other arrays that hold the same are remembered, so that no two are compared in full twice.
    """
    if before is None or now is None or isinstance(before, str) or isinstance(now, str):
        return type(before) is type(now) and (before is None or before == now)
    if sample(now) != sampled:
        return False
    seen = known.get(place)
    if _is_same(before, now) or (seen is not None and seen() is now):
        return True
    if not _is_equal(before, now):
        return False
    with contextlib.suppress(TypeError):  # of some types there are no weak references
        known[place] = weakref.ref(now)
    return True


def _is_same(before: Any, now: Any) -> bool:
    if before is now:
        return True
    before, now = getattr(before, "group", before), getattr(now, "group", now)
    in_memory = isinstance(before, np.ndarray | pd.DataFrame | pd.Series) or sp.issparse(before)
    if in_memory or type(before) is not type(now):
        return False
    if hasattr(before, "dask"):
        return bool(before.name == now.name)
    return bool(np.all(before == now))  # parts of files: the same one


def _is_equal(before: Any, now: Any) -> bool:
    """Whether all values are equal, of two arrays in memory."""
    if _kind(before) != _kind(now):
        return False
    if sp.issparse(before):
        if before.format not in ("csr", "csc"):
            return False
        parts = ("indptr", "indices", "data")
        return all(_is_equal(np.asarray(getattr(before, p)), np.asarray(getattr(now, p))) for p in parts)
    if isinstance(before, pd.DataFrame):
        return not changed_columns(before, now)
    if isinstance(before, np.ndarray):
        return before.shape == now.shape and before.dtype == now.dtype and _has_equal_values(before, now)
    return False


def _has_equal_values(before: NDArray[Any], now: NDArray[Any]) -> bool:
    rows = max(1, 2_000_000 // max(1, int(np.prod(before.shape[1:]))))  # a change is mostly found in the first block
    numbers = before.dtype.kind in "fc"
    return all(
        np.array_equal(np.asarray(before[i : i + rows]), np.asarray(now[i : i + rows]), equal_nan=numbers)
        for i in range(0, len(before), rows)
    )


def sample(stored: Any) -> Any:
    """Type, size and some values of an array; of one in a file or of Dask's, which take long to read, no values."""
    kind = (_kind(stored), getattr(stored, "shape", None), str(getattr(stored, "dtype", "")))
    if sp.issparse(stored) and stored.format in ("csr", "csc"):
        return (*kind, *(_values(getattr(stored, part)) for part in ("indptr", "indices", "data")))
    if isinstance(stored, pd.DataFrame):
        columns = [_values(stored.iloc[:, i].to_numpy()) for i in range(min(stored.shape[1], 100))]
        return (*kind, tuple(stored.columns), *columns)
    if isinstance(stored, np.ma.MaskedArray):
        return (*kind, _values(np.ma.getmaskarray(stored)), _values(np.ma.getdata(stored)))
    return (*kind, _values(stored)) if isinstance(stored, np.ndarray) else kind


def _kind(stored: Any) -> str:
    """What an array is, whether or not it is of a view."""
    if sp.issparse(stored):
        return str(stored.format)
    known = (np.ma.MaskedArray, np.ndarray, pd.DataFrame)
    return next((kind.__name__ for kind in known if isinstance(stored, kind)), type(stored).__name__)


def _values(array: NDArray[Any]) -> tuple[int, Any]:
    """How many values an array has, and up to a thousand of them."""
    if array.size <= _SAMPLED:
        chosen = np.asarray(array).ravel()
    else:
        flat = (np.arange(1, _SAMPLED + 1) * _GOLDEN % 1 * array.size).astype(np.int64)
        chosen = np.asarray(array[np.unravel_index(flat, array.shape)])
    return array.size, tuple(map(str, chosen)) if chosen.dtype.hasobject else chosen.tobytes()


def changed_columns(before: pd.DataFrame, now: pd.DataFrame) -> set[str]:
    """Names of columns that are new, gone, of another type, or hold other values; row names do not count."""
    if not before.columns.is_unique or not now.columns.is_unique:
        same = before.columns.equals(now.columns) and all(
            _same_column(before.iloc[:, i], now.iloc[:, i]) for i in range(before.shape[1])
        )
        return set() if same else {str(column) for column in (*before.columns, *now.columns)}
    changed = {str(column) for column in before.columns.symmetric_difference(now.columns, sort=False)}
    shared = [column for column in before.columns if column in now.columns]
    changed |= {str(column) for column in shared if not _same_column(before[column], now[column])}
    if not changed and not before.columns.equals(now.columns):
        changed.add("")  # in another order
    return changed


def _same_column(before: pd.Series, now: pd.Series) -> bool:
    if before.dtype != now.dtype or len(before) != len(now):
        return False
    if isinstance(before.dtype, pd.CategoricalDtype):
        first, second = before.cat, now.cat
        same = first.categories.equals(second.categories) and first.ordered == second.ordered
        return bool(same and np.array_equal(first.codes.to_numpy(), second.codes.to_numpy()))
    return (
        bool(pd.Index(before).equals(pd.Index(now))) if before.dtype == object else bool(before.array.equals(now.array))
    )


def as_text(value: Any) -> Any:
    """Colours as text, which no change in place reaches."""
    if isinstance(value, Mapping):
        return tuple((str(key), str(color)) for key, color in value.items())
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        return str(value)
    return tuple(map(str, value))
