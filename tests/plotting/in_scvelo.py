"""Run by `test_scvelo.py` in an environment with scVelo: its grids and streams of the same arrows."""

from __future__ import annotations

import sys
from pathlib import Path

import anndata as ad
import numpy as np
import scipy.sparse as sp
import scvelo as scv
from scvelo.plotting.velocity_embedding_grid import compute_velocity_on_grid


def main(folder):
    given = np.load(folder / "ours.npz")
    positions, out = given["positions"], {}
    adata = ad.AnnData(np.zeros((len(positions), 1), dtype=np.float32), obsm={"X_umap": positions})
    matrix = sp.csr_matrix((given["data"], given["indices"], given["indptr"]))
    adata.layers["velocity"] = adata.X.copy()
    scv.tl.velocity_embedding(adata, basis="umap", T=matrix.copy(), autoscale=False)
    arrows = {"cellrank": given["arrows"], "scvelo": adata.obsm["velocity_umap"]}
    for name, v in arrows.items():
        out[f"{name}/points"], out[f"{name}/grid"] = compute_velocity_on_grid(positions, v, autoscale=False)
        axes, field = compute_velocity_on_grid(positions, v, adjust_for_stream=True)
        out[f"{name}/axes"], out[f"{name}/stream"] = axes, field
    np.savez(folder / "theirs.npz", **out)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
