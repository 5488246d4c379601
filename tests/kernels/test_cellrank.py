"""Kernels to and from CellRank, for real, in an environment that has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import anndata as ad
import numpy as np
import pytest

from velowidget.kernels import PrecomputedKernel, VelocityKernel

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("CELLRANK_PYTHON", ROOT / ".venv-peers" / "cellrank" / "bin" / "python"))


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason=f"needs a Python with CellRank: none at {PYTHON} ($CELLRANK_PYTHON)")
def test_there_and_back_again(adata, tmp_path):
    adata.obsp["distances"] = adata.obsp["connectivities"].copy()
    adata.uns["neighbors"] = {
        "connectivities_key": "connectivities",
        "distances_key": "distances",
        "params": {"n_neighbors": 6, "method": "umap"},
    }
    for backward, key in ((False, "T_fwd"), (True, "T_bwd")):
        VelocityKernel(adata, backward=backward).compute_transition_matrix().write_to_adata(key)
    adata.write_h5ad(tmp_path / "ours.h5ad")
    run = subprocess.run(
        [PYTHON, Path(__file__).with_name("in_cellrank.py"), tmp_path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    theirs = ad.read_h5ad(tmp_path / "theirs.h5ad")
    for key, backward in (("cr_fwd", False), ("cr_bwd", True)):
        read = VelocityKernel.from_adata(theirs, key)
        assert read.backward is backward
        assert read.params["similarity"] == "cosine"
        np.testing.assert_array_equal(read.transition_matrix.toarray(), theirs.obsp[key].toarray())
        assert PrecomputedKernel(key, theirs).backward is backward
        ours = VelocityKernel(theirs, backward=backward)
        ours.compute_transition_matrix(scheme="cosine", softmax_scale=3.0, backward_mode="negate")
        assert np.abs((ours.transition_matrix - read.transition_matrix).toarray()).max() < 1e-12


def test_without_cellrank(adata, monkeypatch):
    monkeypatch.setitem(sys.modules, "cellrank", None)
    monkeypatch.setitem(sys.modules, "cellrank.kernels", None)
    with pytest.raises(ImportError, match=r"to_cellrank\(\) needs CellRank.*pip install 'velowidget\[cellrank\]'"):
        VelocityKernel(adata).to_cellrank()
