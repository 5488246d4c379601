"""Grids and streams beside scVelo's, for real, in an environment that has it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import anndata as ad
import numpy as np
import pytest

from velowidget import VelocityKernel, datasets
from velowidget.core.grid import Lattice, average, sums

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("CELLRANK_PYTHON", ROOT / ".venv-peers" / "cellrank" / "bin" / "python"))
PANCREAS = ROOT.parent / "shared" / "data" / "pancreas.h5ad"

SETS = {
    "bifurcation": datasets.bifurcation,
    "cycle": datasets.cycle,
    "pancreas": lambda: ad.read_h5ad(PANCREAS) if PANCREAS.exists() else pytest.skip(f"needs {PANCREAS.name}"),
}


@pytest.mark.slow
@pytest.mark.skipif(not PYTHON.exists(), reason=f"needs a Python with scVelo: none at {PYTHON} ($CELLRANK_PYTHON)")
@pytest.mark.parametrize("name", SETS)
def test_same_fields(name, tmp_path):
    kernel = VelocityKernel(SETS[name]()).compute_transition_matrix()
    positions = np.asarray(kernel.adata.obsm["X_umap"], dtype=np.float64)
    positions = (positions - positions.min(axis=0)) / np.ptp(positions, axis=0)  # whose grid is of squares
    arrows, matrix = kernel.arrows_on(positions), kernel.transition_matrix
    np.savez(
        tmp_path / "ours.npz",
        positions=positions, arrows=arrows, data=matrix.data, indices=matrix.indices, indptr=matrix.indptr,
    )  # fmt: skip
    run = subprocess.run(
        [PYTHON, Path(__file__).with_name("in_scvelo.py"), tmp_path], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr[-3000:]
    theirs = np.load(tmp_path / "theirs.npz")

    for drawn_by in ("cellrank", "scvelo"):  # CellRank's projection, which is ours, and scVelo's own
        axes = theirs[f"{drawn_by}/axes"]
        spacing = float(np.diff(axes[0]).mean())
        bare = Lattice(positions, axes[:, 0], spacing, (50, 50), 0.5 * spacing, np.zeros((50, 50)), 0.1)
        mass = sums(bare, np.empty((len(positions), 0)))[..., 0]
        ours = average(bare, arrows).reshape(-1, 2)
        both = mass.ravel() > 0.1 * np.percentile(mass[mass > 0], 95)

        points, grid = theirs[f"{drawn_by}/points"], theirs[f"{drawn_by}/grid"]
        at = np.round((points - axes[:, 0]) / spacing).astype(int) @ [50, 1]
        gridded = cosines(ours[at], grid)[both[at]]
        stream = np.moveaxis(theirs[f"{drawn_by}/stream"], 0, -1).transpose(1, 0, 2).reshape(-1, 2)
        streamed = cosines(ours, stream)[both & np.isfinite(stream).all(axis=1)]
        print(f"{name}, {drawn_by}: grid {gridded.mean():.4f}, stream {streamed.mean():.4f}, {len(gridded)} points")
        assert len(gridded) > 100
        assert len(streamed) > 100
        assert gridded.mean() >= 0.99
        assert streamed.mean() >= 0.99


def cosines(a, b):
    return (a * b).sum(axis=1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-300)
