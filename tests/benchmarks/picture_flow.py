"""The README's picture of a single flow: CellRank's and ours, by the same call, of one chain on the pancreas data."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import matplotlib as mpl
from measure import PANCREAS, ROOT
from peers import cellrank_python

CALL = {"cluster": "Pre-endocrine", "cluster_key": "clusters", "time_key": "day"}

THEIRS = """
import sys
import anndata, matplotlib
matplotlib.use("agg")
import scipy.sparse as sp
from cellrank.kernels import PrecomputedKernel
kernel = PrecomputedKernel(sp.load_npz(sys.argv[2]), adata=anndata.read_h5ad(sys.argv[1]))
ax = kernel.plot_single_flow(*sys.argv[4:], figsize=(6.4, 4.6), dpi=100, show=False)
ax.figure.savefig(sys.argv[3], bbox_inches="tight")
"""


def main() -> None:
    python = cellrank_python()
    if python is None or not PANCREAS.exists():
        sys.exit("Needs CellRank and the pancreas data.")
    mpl.use("agg")
    import anndata
    import scipy.sparse as sp
    from matplotlib import pyplot as plt

    from velowidget import VelocityKernel

    adata = anndata.read_h5ad(PANCREAS)
    kernel = VelocityKernel(adata).compute_transition_matrix()
    adata.uns["clusters_colors"] = [mpl.colors.to_hex(color) for color in plt.get_cmap("tab10").colors[:8]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sp.save_npz(folder / "chain.npz", kernel.transition_matrix)
        adata.write_h5ad(folder / "data.h5ad")
        paths = [folder / "data.h5ad", folder / "chain.npz", folder / "cellrank.png"]
        subprocess.run([python, "-W", "ignore", "-c", THEIRS, *paths, *CALL.values()], check=True)
        kernel.plot_single_flow(**CALL, figsize=(6.4, 4.6), dpi=100, save=folder / "ours.png")
        figure, axes = plt.subplots(1, 2, figsize=(14, 4.8), layout="constrained")
        for ax, title in zip(axes, ("CellRank 2.0.7", "velowidget"), strict=True):
            file = folder / {"CellRank 2.0.7": "cellrank.png", "velowidget": "ours.png"}[title]
            ax.imshow(plt.imread(file), interpolation="lanczos")
            ax.set_axis_off()
            ax.set_anchor("N")
            ax.set_title(title)
        figure.savefig(ROOT / "examples" / "flow.png", dpi=100, facecolor="white")


if __name__ == "__main__":
    main()
