"""The stochastic and Monte Carlo modes: beside CellRank's, and Monte Carlo beside drawing every gene."""

from __future__ import annotations

import tempfile
from statistics import median

import anndata
import numpy as np
from made import arrays, kept, manifold, saved, simulated
from measure import PANCREAS, in_turn, show, title, verdict
from peers import both_sides

from velowidget.core.graph import Graph
from velowidget.core.monte_carlo import monte_carlo
from velowidget.core.similarity import SCHEMES, similarity
from velowidget.core.stochastic import stochastic

# What CellRank can finish: its stochastic mode makes a genes x genes matrix for each neighbour of each cell.
STOCHASTIC_SIZE, MONTE_CARLO_SIZE = (100, 40), (3000, 1000)
OURS = 5
N_SAMPLES, BATCH, N_CHECKED = 40_000, 2000, 30


def beside_cellrank():
    """Both modes, constructor included."""
    cases = (
        ("stochastic", STOCHASTIC_SIZE, {"mode": "stochastic", "softmax_scale": 4.0}, 300),
        (
            "Monte Carlo",
            MONTE_CARLO_SIZE,
            {"mode": "monte_carlo", "softmax_scale": 4.0, "n_samples": 1000, "seed": 0},
            40,
        ),
    )
    with tempfile.TemporaryDirectory() as folder, both_sides() as sides:
        warm = saved(manifold(60, 10, 2), folder, "warm")
        for label, (n_cells, n_genes), options, least in cases:
            path = saved(simulated(n_cells, n_genes), folder, label)
            times = {}
            for side in sides:
                side.run(warm, **options | ({"n_samples": 2} if "n_samples" in options else {}))
                answers = [side.run(path, **options) for _ in range(OURS if side.name == "velowidget" else 1)]
                times[side.name] = [answer["constructor"] + answer["compute"] for answer in answers]
                show(f"{side.name}, {label}, {n_cells:,} cells x {n_genes:,} genes", times[side.name])
            if "cellrank" in times:
                ratio = median(times["cellrank"]) / median(times["velowidget"])
                verdict(f"4. {label}, CellRank's time over ours", ratio, least, least=True)


def beside_deterministic():
    """The stochastic pass over our own deterministic one."""
    graph, x, v = arrays(manifold(10_000, 2000, 2))
    runs = {
        "similarity(), 10,000 cells x 2,000 genes": lambda: similarity(graph, x, v),
        "stochastic(), the same": lambda: stochastic(graph, x, v, "correlation", 4.0),
    }
    times = in_turn(runs, 5)
    for name, of_run in times.items():
        show(name, of_run)
    plain, uncertain = (median(of_run) for of_run in times.values())
    verdict("4. stochastic over deterministic pass", uncertain / plain, 6, least=False)


def softmax(scaled):
    """Along the last axis."""
    weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def brute_force(around, cell, x, v, scales, rng):
    """Mean and standard deviation of a cell's probabilities over velocities with every gene drawn, for each case."""
    members = v[[*around, cell]]
    mean, spread = members.mean(axis=0), members.std(axis=0)
    ways = x[around] - x[cell]
    centred = ways - ways.mean(axis=1, keepdims=True)
    lengths, centred_lengths = np.linalg.norm(ways, axis=1), np.linalg.norm(centred, axis=1)
    sums = {case: np.zeros((2, len(around))) for case in scales}
    for _ in range(N_SAMPLES // BATCH):
        drawn = mean + spread * rng.standard_normal((BATCH, len(mean)))
        products = drawn @ ways.T
        rest = drawn - drawn.mean(axis=1, keepdims=True)
        similar = {
            "dot_product": products,
            "cosine": products / lengths / np.linalg.norm(drawn, axis=1, keepdims=True),
            "correlation": rest @ centred.T / centred_lengths / np.linalg.norm(rest, axis=1, keepdims=True),
        }
        for (scheme, kind), scale in scales.items():
            p = softmax(scale * similar[scheme])
            sums[scheme, kind] += p.sum(axis=0), (p * p).sum(axis=0)
    moments = {case: total / N_SAMPLES for case, total in sums.items()}
    # A variance that is zero may come out below, by rounding.
    return {case: (mean, np.sqrt(np.maximum(square - mean**2, 0))) for case, (mean, square) in moments.items()}


def beside_brute_force():
    """Largest difference of mean probabilities: all velocity genes, every scheme, scale 4 and automatic."""
    if not PANCREAS.exists():
        print("The pancreas file is not here: no comparison with drawing every gene.")
        return
    adata = anndata.read_h5ad(PANCREAS)
    graph, x, v = arrays(kept(adata, adata.var["velocity_genes"].to_numpy(dtype=bool)))
    cells = np.linspace(0, graph.n_cells - 1, N_CHECKED).astype(int)
    degree = np.zeros(graph.n_cells, dtype=np.int64)
    degree[cells] = graph.degree[cells]
    # The others need no samples, and so no edges.
    edges = np.isin(graph.sources, cells)
    few = Graph(np.concatenate([[0], np.cumsum(degree)]), graph.indices[edges])
    scales = {}
    for scheme in SCHEMES:
        scales[scheme, "scale 4"] = 4.0
        scales[scheme, "automatic scale"] = similarity(graph, x, v, scheme).automatic_scale
    found = {}
    for (scheme, kind), scale in scales.items():
        _, found[scheme, kind] = monte_carlo(few, x, v, scheme, scale, N_SAMPLES, 1)
    rng = np.random.default_rng(0)
    exact_x, exact_v = x.astype(np.float64), v.astype(np.float64)
    differences = {case: [] for case in scales}
    for cell in cells:
        around = slice(few.indptr[cell], few.indptr[cell + 1])
        expected = brute_force(few.indices[around], cell, exact_x, exact_v, scales, rng)
        for case, (mean, deviation) in expected.items():
            difference = np.abs(found[case][around] - mean)
            differences[case] += zip(difference, 5 * deviation * np.sqrt(2 / N_SAMPLES) + 1e-4, strict=True)
    print(
        f"\nMonte Carlo beside drawing all {x.shape[1]} genes, pancreas, {N_CHECKED} cells, {N_SAMPLES:,} samples each"
    )
    for (scheme, kind), pairs in differences.items():
        difference, allowed = np.array(pairs).T
        print(f"{scheme}, {kind}: largest difference {difference.max():.1e}")
        verdict("4. largest difference over 5 standard errors + 1e-4", (difference / allowed).max(), 1, least=False)


def main():
    """Measure and print."""
    title("Uncertain velocities, compiled code warm")
    beside_deterministic()
    beside_cellrank()
    beside_brute_force()


if __name__ == "__main__":
    main()
