"""Run by `test_scvelo.py` in an environment with scVelo: its moments and velocities of the same counts."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import anndata as ad
import numpy as np
import scipy.sparse as sp
import scvelo as scv


def main(folder):
    warnings.simplefilter("ignore")
    scv.settings.verbosity = 0
    given, out = np.load(folder / "ours.npz"), {}

    def matrix(name):
        return sp.csr_matrix((given[f"{name}/data"], given[f"{name}/indices"], given[f"{name}/indptr"]))

    counts = {layer: matrix(layer) for layer in ("spliced", "unspliced")}
    graph = matrix("connectivities")
    neighbors = {"connectivities_key": "connectivities", "distances_key": "distances"}
    neighbors["params"] = {"n_neighbors": int(given["n_neighbors"]), "method": "umap"}
    adata = ad.AnnData(
        counts["spliced"].copy(),
        layers=counts,
        obsp={"connectivities": graph, "distances": graph.copy()},
        uns={"neighbors": neighbors},
    )
    if given["min_shared_counts"] > 0:
        scv.pp.filter_genes(adata, min_shared_counts=int(given["min_shared_counts"]))
    out["kept"] = adata.var_names.astype(int).to_numpy()
    scv.pp.moments(adata)
    out |= {key: adata.layers[key] for key in ("Ms", "Mu")}
    for mode in ("deterministic", "stochastic"):
        found = scv.tl.velocity(adata, mode=mode, copy=True)
        out |= {f"{mode}/{name}": found.var[f"velocity_{name}"] for name in ("gamma", "qreg_ratio", "r2", "genes")}
        out |= {f"{mode}/{key}": found.layers[key] for key in ("velocity", "variance_velocity") if key in found.layers}
    offset = scv.tl.velocity(adata, mode="deterministic", fit_offset=True, copy=True)
    out |= {"offset/velocity": offset.layers["velocity"], "offset/offset": offset.var["velocity_offset"]}
    np.savez(folder / "theirs.npz", **{key: np.asarray(value) for key, value in out.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
