"""How far z can be trusted: true edges, their reversals, and velocities whose genes are shuffled in each cell.

Beside ours stands z as it would be if the neighbours of a cell were independent, as in plain permutations of its row.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from measure import PANCREAS, verdict

SETS, SHUFFLES = 3, 10
LIMIT = 3.0


def z_values(adata, scheme: str):
    """z of each pair of clusters by name, and what it would be with independent neighbours."""
    from velowidget import VelocityKernel
    from velowidget.core.flow import null
    from velowidget.data.groups import read_cells

    kernel = VelocityKernel(adata).compute_transition_matrix(scheme=scheme)
    cells = read_cells(adata)
    found = null(kernel.chain.graph, kernel.chain.probabilities, cells.groups)
    pairs = zip(*np.nonzero(found.expected[0] > 0), strict=True)
    names = list(map(str, cells.names))
    return {(names[a], names[b]): (found.z[0, a, b], found.z[0, a, b] * found.spread[0, a, b]) for a, b in pairs}


def main() -> None:
    import anndata

    from velowidget import datasets

    for scheme in ("correlation", "cosine", "dot_product"):
        forth, back, shuffled = [], [], []
        for seed in range(SETS):
            adata = datasets.bifurcation(n_cells=2000, n_genes=300, seed=seed)
            edges = [tuple(edge) for edge in adata.uns["simulation"]["edges"]]
            found = z_values(adata, scheme)
            forth += [found[edge] for edge in edges]
            back += [found[edge[::-1]] for edge in edges]
            genes, velocity = adata.var["velocity_genes"].to_numpy(), adata.layers["velocity"].copy()
            for shuffle in range(SHUFFLES):
                adata.layers["velocity"] = velocity.copy()
                noise = np.random.default_rng(shuffle).permuted(velocity[:, genes], axis=1)
                adata.layers["velocity"][:, genes] = noise
                shuffled += z_values(adata, scheme).values()
        print(f"\n{scheme}: {SETS} bifurcations of 2,000 cells, {SHUFFLES} shuffles of each")
        ours, plain = np.abs(shuffled).T
        verdict("smallest z of a true edge", min(z for z, _ in forth), LIMIT, least=True, unit="")
        verdict("largest z of a reversal", max(z for z, _ in back), -LIMIT, least=False, unit="")
        verdict(f"shuffled, of {len(ours)} flows beyond |z| = 3", 100 * np.mean(ours > LIMIT), 5, least=False, unit="%")
        print(f"  the same if neighbours were independent: {100 * np.mean(plain > LIMIT):.1f} %")
    if PANCREAS.exists():
        print("\npancreas, correlation: z, and z if neighbours were independent")
        for (source, target), (ours, plain) in z_values(anndata.read_h5ad(PANCREAS), "correlation").items():
            print(f"  {source:>14} -> {target:<14} {ours:7.2f} {plain:8.2f}")


if __name__ == "__main__":
    main()
