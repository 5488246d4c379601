"""Kernels in an AnnData, under CellRank's keys, and kernels for CellRank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import scipy.sparse as sp
from anndata import AnnData

from velowidget.data.entries import entries
from velowidget.data.matrices import stochastic_matrix
from velowidget.data.messages import MissingKeyError, nearest, shown
from velowidget.data.velocity import checked_adata, plain, recorded


def write(adata: AnnData, key: str, matrix: sp.csr_matrix, kind: str, record: Mapping[str, Any]) -> None:
    """Write a kernel's matrix, and a record of its class, parameters and settings; see `Kernel.write_to_adata`."""
    record = {**recorded(adata, key), "kernel": kind, **record}
    adata.obsp[key] = matrix
    adata.uns[f"{key}_params"] = record


def read(adata: AnnData, key: str, kind: str) -> tuple[sp.csr_matrix, dict[str, Any], dict[str, Any]]:
    """Matrix, settings and parameters of a kernel that `write`, or CellRank's, wrote; see `Kernel.from_adata`."""
    stored = entries(checked_adata(adata), "obsp")
    if key not in stored:
        raise MissingKeyError(
            f"No transition matrix: adata.obsp has no {shown(key)}{nearest(key, stored)} "
            "Write one with `kernel.write_to_adata()`."
        )
    record = recorded(adata, key)
    if not {"params", "init"} & set(record):
        raise MissingKeyError(
            f"No kernel: adata.uns has no parameters under {f'{key}_params'!r}. Write them with "
            f"`kernel.write_to_adata({key!r})`, or use `PrecomputedKernel({key!r}, adata)`, which needs none."
        )
    written_by = record.get("kernel", kind)  # CellRank does not say
    if kind not in (written_by, "PrecomputedKernel"):
        raise ValueError(
            f"adata.obsp[{key!r}] is of a {written_by}, which is no {kind}. Read it with that class, or take "
            f"the matrix alone with `PrecomputedKernel({key!r}, adata)`."
        )
    params, settings = (plain(record.get(name, {})) for name in ("params", "init"))
    if "bwd_mode" in params:  # CellRank writes the direction that the kernel was made with, not inverted to
        settings["backward"] = True
    return stochastic_matrix(stored[key], adata.n_obs, f"adata.obsp[{key!r}]"), settings, params


def to_cellrank(matrix: sp.csr_matrix, adata: AnnData, backward: bool | None, params: Mapping[str, Any]) -> Any:
    """CellRank's PrecomputedKernel of a copy of a matrix; see `Kernel.to_cellrank`."""
    try:
        from cellrank.kernels import PrecomputedKernel as CellRankKernel
    except ImportError as error:
        raise ImportError(
            "to_cellrank() needs CellRank, which cannot be imported here: install it with "
            "`pip install 'velowidget[cellrank]'`."
        ) from error
    made = CellRankKernel(sp.csr_matrix(matrix, copy=True), adata=adata, backward=backward)
    made.params.update(params)
    return made
