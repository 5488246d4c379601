"""Kernels in an AnnData, under CellRank's keys, and kernels for CellRank."""

from __future__ import annotations

from typing import Any, TypeVar

import scipy.sparse as sp
from anndata import AnnData

from velowidget.kernels.base import Kernel, plain
from velowidget.kernels.data import checked_adata, recorded
from velowidget.kernels.entries import entries
from velowidget.kernels.matrices import stochastic_matrix
from velowidget.kernels.messages import MissingKeyError, nearest

K = TypeVar("K", bound=Kernel)


def write_to_adata(kernel: Kernel, key: str | None, *, copy: bool) -> None:
    """Write a kernel's matrix, parameters and settings; see `Kernel.write_to_adata`."""
    kernel._check_size()
    adata, key, matrix = kernel.adata, kernel._key(key), kernel.transition_matrix
    record = {**recorded(adata, key), "kernel": type(kernel).__name__}
    record |= {"params": kernel.params, "init": kernel._settings()}
    adata.obsp[key] = matrix.copy() if copy else matrix
    adata.uns[f"{key}_params"] = record


def from_adata(kind: type[K], adata: AnnData, key: str, *, copy: bool) -> K:
    """Read a kernel of a class that `write_to_adata`, or CellRank's, wrote; see `Kernel.from_adata`."""
    stored = entries(checked_adata(adata), "obsp")
    if key not in stored:
        raise MissingKeyError(
            f"No transition matrix: adata.obsp has no {key!r}{nearest(key, stored)} "
            "Write one with `kernel.write_to_adata()`."
        )
    record = recorded(adata, key)
    if not {"params", "init"} & set(record):
        raise MissingKeyError(
            f"No kernel: adata.uns has no parameters under {f'{key}_params'!r}. Write them with "
            f"`kernel.write_to_adata({key!r})`, or use `PrecomputedKernel({key!r}, adata)`, which needs none."
        )
    written_by = record.get("kernel", kind.__name__)  # CellRank does not say
    if kind.__name__ not in (written_by, "PrecomputedKernel"):
        raise ValueError(
            f"adata.obsp[{key!r}] is of a {written_by}, which is no {kind.__name__}. Read it with that class, or take "
            f"the matrix alone with `PrecomputedKernel({key!r}, adata)`."
        )
    params, settings = (plain(record.get(name, {})) for name in ("params", "init"))
    if "bwd_mode" in params:  # CellRank writes the direction that the kernel was made with, not inverted to
        settings["backward"] = True
    matrix = stochastic_matrix(stored[key], adata.n_obs, f"adata.obsp[{key!r}]")
    return kind._rebuilt(adata.copy() if copy else adata, settings, {"_transition_matrix": matrix}, params)


def to_cellrank(kernel: Kernel) -> Any:
    """Make CellRank's PrecomputedKernel of a kernel's transition matrix, for its estimators and plots.

    Parameters
    ----------
    kernel
        Any kernel; its matrix is computed with the defaults if it is not yet.

    Returns
    -------
    ``cellrank.kernels.PrecomputedKernel`` with a copy of the matrix, the same AnnData, direction and `params`.

    Raises
    ------
    ImportError
        If CellRank is not installed.
    """
    try:
        from cellrank.kernels import PrecomputedKernel as CellRankKernel
    except ImportError as error:
        raise ImportError(
            "to_cellrank() needs CellRank, which cannot be imported here: install it with "
            "`pip install 'velowidget[cellrank]'`."
        ) from error
    matrix = sp.csr_matrix(kernel.transition_matrix, copy=True)
    made = CellRankKernel(matrix, adata=kernel.adata, backward=kernel.backward)
    made.params.update(kernel.params)
    return made
