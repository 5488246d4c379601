"""Run by `test_cellrank.py` in an environment with CellRank: kernels go back and forth in a folder with `ours.h5ad`."""

from __future__ import annotations

import sys
from pathlib import Path

import anndata as ad
import cellrank as cr
import numpy as np

import velowidget


def same(a, b):
    assert np.abs((a - b).toarray()).max() < 1e-12


def main(folder):
    # What we wrote in another environment.
    adata = ad.read_h5ad(folder / "ours.h5ad")
    for key, backward in (("T_fwd", False), ("T_bwd", True)):
        read = cr.kernels.PrecomputedKernel(key, adata=adata)
        same(read.transition_matrix, adata.obsp[key])
        assert read.backward is backward
        read = cr.kernels.VelocityKernel.from_adata(adata, key)
        same(read.transition_matrix, adata.obsp[key])
        assert read.backward is backward
        assert dict(read.params) == dict(adata.uns[f"{key}_params"]["params"])
    # What CellRank writes, here and for the other environment; negate is right with an explicit scale.
    theirs = adata.copy()
    for backward, key in ((False, "cr_fwd"), (True, "cr_bwd")):
        kernel = cr.kernels.VelocityKernel(theirs, backward=backward)
        kernel.compute_transition_matrix(
            softmax_scale=3.0, backward_mode="negate", show_progress_bar=False, n_jobs=None, similarity="cosine"
        )
        kernel.write_to_adata(key)
        read = velowidget.VelocityKernel.from_adata(theirs, key)
        same(read.transition_matrix, kernel.transition_matrix)
        assert read.backward is backward
        again = read.copy().compute_transition_matrix(softmax_scale=3.0, backward_mode="negate", scheme="cosine")
        same(again.transition_matrix, kernel.transition_matrix)
    theirs.write_h5ad(folder / "theirs.h5ad")
    # Alive: with kernels and estimators of theirs.
    for kernel in (
        velowidget.VelocityKernel(adata),
        velowidget.VelocityKernel(adata, backward=True),
        0.5 * velowidget.VelocityKernel(adata) + 0.5 * velowidget.ConnectivityKernel(adata),
        velowidget.ConnectivityKernel(adata),
    ):
        alive = kernel.to_cellrank()
        assert isinstance(alive, cr.kernels.PrecomputedKernel)
        same(alive.transition_matrix, kernel.transition_matrix)
        assert alive.backward is kernel.backward
        assert alive.adata is adata
        same((0.8 * alive + 0.2 * alive).compute_transition_matrix().transition_matrix, kernel.transition_matrix)
        assert len(cr.estimators.CFLARE(alive).compute_eigendecomposition(k=5).eigendecomposition["D"]) == 5
        alive.transition_matrix.data[:] = 0
        assert np.allclose(kernel.transition_matrix.sum(axis=1), 1), "it has a copy"
    # Their schemes are schemes of ours.
    for name, scheme in (("cosine", cr.kernels.utils.Cosine()), ("correlation", cr.kernels.utils.Correlation())):
        for backward_mode in ("transpose", "negate"):
            options = {"backward_mode": backward_mode, "softmax_scale": 2.0}
            with_theirs, ours = (
                velowidget.VelocityKernel(adata, backward=True).compute_transition_matrix(scheme=s, **options)
                for s in (scheme, name)
            )
            same(with_theirs.transition_matrix, ours.transition_matrix)
        with_theirs, ours = (
            velowidget.VelocityKernel(adata).compute_transition_matrix(mode="stochastic", softmax_scale=2.0, scheme=s)
            for s in (scheme, name)
        )
        # JAX computes in float32.
        assert np.abs((with_theirs.transition_matrix - ours.transition_matrix).toarray()).max() < 1e-5


if __name__ == "__main__":
    main(Path(sys.argv[1]))
