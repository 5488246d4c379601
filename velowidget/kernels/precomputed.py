"""A kernel around a transition matrix that exists already."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.graph import Graph
from velowidget.data.arguments import checked_flag, reject_unknown
from velowidget.data.entries import entries
from velowidget.data.matrices import stochastic_matrix
from velowidget.data.messages import MissingKeyError, nearest, shown
from velowidget.data.velocity import checked_adata, numbered, recorded
from velowidget.kernels.base import Kernel
from velowidget.kernels.reports import report_matrix


class PrecomputedKernel(Kernel, in_files=True):
    """A transition matrix from elsewhere, as a kernel.

    Parameters
    ----------
    object
        A square matrix, dense or sparse; another kernel; a key in ``adata.obsp``; True or False for the keys
        ``'T_bwd'`` and ``'T_fwd'``; or an AnnData that has one of these two. Rows that do not sum to 1 are divided by
        their sums.
    adata
        Annotated data of the cells. Where there are none, a table of numbered cells with one gene is made.
    backward
        Direction of the process; None takes the direction of the kernel or the key, and otherwise means none.
    obsp_key
        Key in ``obsp``, where `object` is an AnnData.
    compute_cond_num
        Compute `condition_number` of each matrix, and warn if that of the first is above 1e12.

    Raises
    ------
    TypeError
        If `object` is nothing of the kind, or the matrix holds no numbers.
    KeyError
        If there is no such key.
    ValueError
        If the matrix is not square or of another size than `adata`, an entry is negative, NaN or infinite, a row is
        empty, or the direction is known to be another.
    """

    _may_lack_direction = True

    def __init__(
        self,
        object: sp.spmatrix | NDArray[np.floating] | Kernel | AnnData | str | bool,  # noqa: A002  # CellRank's name
        adata: AnnData | None = None,
        backward: bool | None = None,
        *,
        obsp_key: str | None = None,
        compute_cond_num: bool = False,
        **unknown: Any,
    ) -> None:
        known = ("object", "adata", "backward", "obsp_key", "compute_cond_num")
        reject_unknown("PrecomputedKernel", unknown, known)
        if isinstance(object, AnnData):
            if adata is not None and adata is not object:
                raise TypeError("PrecomputedKernel() takes one AnnData, and was given two.")
            adata, object = object, obsp_key or _only_key(object)  # noqa: A001
        elif obsp_key is not None:
            raise TypeError("PrecomputedKernel() takes obsp_key only with an AnnData as its first argument.")
        if isinstance(object, bool | np.bool_):
            object = "T_bwd" if object else "T_fwd"  # noqa: A001
        n_cells = None if adata is None else checked_adata(adata).n_obs
        if isinstance(object, Kernel):
            origin, direction = str(object), object.backward
            matrix = stochastic_matrix(object.transition_matrix, n_cells)
            self._nameless = object.cell_names is None and adata is None
            adata = object.adata if adata is None else adata
        elif isinstance(object, str):
            if adata is None:
                raise TypeError(f"PrecomputedKernel({shown(object)}) needs the AnnData that has this key: give adata.")
            origin, direction = f"adata.obsp[{object!r}]", _direction(adata, object)
            matrix = stochastic_matrix(_stored(adata, object), n_cells, f"adata.obsp[{object!r}]")
        elif isinstance(object, np.ndarray | pd.DataFrame | list) or sp.issparse(object):
            origin, direction = "array", None
            matrix = stochastic_matrix(object, n_cells)
        else:
            raise TypeError(
                "PrecomputedKernel() takes a matrix, a key in adata.obsp, a kernel or an AnnData, "
                f"not {type(object).__name__}."
            )
        if adata is None:
            adata, self._nameless = numbered(matrix.shape[0]), True
        super().__init__(adata, direction if backward is None else backward, None)
        if direction is not None and self.backward != direction:
            raise ValueError(
                f"{origin} is {'backward' if direction else 'forward'}, and backward={backward} says otherwise."
            )
        self._transition_matrix, self._params = matrix, {"origin": origin}
        self._compute_cond_num = checked_flag("compute_cond_num", compute_cond_num)
        report_matrix(self, irreducibility=False)

    def compute_transition_matrix(self, *_: Any, **__: Any) -> PrecomputedKernel:
        """Do nothing: the matrix is there."""
        return self

    def _inverted(self, done: dict[int, Kernel]) -> Kernel:
        if self.backward is not None:
            raise ValueError(
                f"{self} has a matrix for one direction only. "
                "Make another PrecomputedKernel of the matrix of the other direction."
            )
        return super()._inverted(done)

    def _neighbours(self) -> Graph:
        """Where the matrix leads, but for staying."""
        pattern = self.transition_matrix.copy()
        pattern.data = (pattern.indices != np.repeat(np.arange(self._n_cells), np.diff(pattern.indptr))).astype(float)
        pattern.eliminate_zeros()
        return Graph(pattern.indptr.astype(np.int64), pattern.indices.astype(np.int32))

    def _settings(self) -> dict[str, Any]:
        settings = {} if self.backward is None else {"backward": self.backward}
        return {**settings, "compute_cond_num": True} if self._compute_cond_num else settings

    @classmethod
    def _rebuilt(
        cls, adata: AnnData, settings: Mapping[str, Any], results: Mapping[str, Any], params: dict[str, Any]
    ) -> Self:
        with warnings.catch_warnings():  # what there was to say was said when it was first made
            warnings.simplefilter("ignore", UserWarning)
            kernel = cls(
                results["_transition_matrix"],
                adata,
                settings.get("backward"),
                compute_cond_num=settings.get("compute_cond_num", False),
            )
        kernel._params = params
        return kernel


def _only_key(adata: AnnData) -> str:
    present = [key for key in ("T_fwd", "T_bwd") if key in entries(adata, "obsp")]
    if len(present) == 1:
        return present[0]
    have = "both 'T_fwd' and 'T_bwd'" if present else "neither 'T_fwd' nor 'T_bwd'"
    raise MissingKeyError(f"adata.obsp has {have}; name a key with `obsp_key`.")


def _stored(adata: AnnData, key: str) -> Any:
    obsp = entries(adata, "obsp")
    if key not in obsp:
        raise MissingKeyError(
            f"No transition matrix: adata.obsp has no {shown(key)}{nearest(key, obsp)} "
            "Write one with `kernel.write_to_adata()`."
        )
    return obsp[key]


def _direction(adata: AnnData, key: str) -> bool | None:
    """The direction that was recorded with a matrix; where none was, the one its key says."""
    record = recorded(adata, key)
    if "bwd_mode" in record.get("params", {}):  # CellRank records the direction the kernel was made with
        return True
    if "init" in record:
        backward = record["init"].get("backward")
        return None if backward is None else bool(backward)
    return {"T_bwd": True, "T_fwd": False}.get(key)
