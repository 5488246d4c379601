"""A whole velocity kernel beside CellRank's, which runs as it does by default, sequentially: time and memory."""

from __future__ import annotations

import tempfile
from statistics import median

from made import manifold, saved, simulated
from measure import show, title, verdict
from peers import both_sides

N_CELLS, N_GENES = 10_000, 2000
ROUNDS, OURS_PER_ROUND = 3, 5
RESCALED = (5.0, 3.0, 6.0)


def compare(path, warm):
    """Answers of both sides to the explicit and the automatic scale, in turn."""
    with both_sides() as sides:
        answers = {side.name: {"explicit": [], "automatic": []} for side in sides}
        for side in sides:
            side.run(warm)
        for _ in range(ROUNDS):
            for side in sides:
                repeats, scales = (OURS_PER_ROUND, RESCALED) if side.name == "velowidget" else (1, RESCALED[:1])
                for _ in range(repeats):
                    answers[side.name]["explicit"].append(side.run(path, softmax_scale=4.0, scales=scales))
                    answers[side.name]["automatic"].append(side.run(path))
    return answers


def main():
    """Measure and print."""
    title(f"Velocity kernel, {N_CELLS:,} simulated cells x {N_GENES:,} genes, compiled code warm")
    with tempfile.TemporaryDirectory() as folder:
        adata = simulated(N_CELLS, N_GENES)
        print(f"{adata.obsp['connectivities'].nnz / N_CELLS:.1f} neighbours each")
        answers = compare(saved(adata, folder, "simulated"), saved(manifold(300, 50, 2), folder, "warm"))
    found = {}
    for name, of_scale in answers.items():
        for scale, runs in of_scale.items():
            first = [run["constructor"] + run["compute"] for run in runs]
            compute = [run["compute"] for run in runs]
            show(f"{name}, {scale} scale: constructor and first matrix", first)
            show(f"{name}, {scale} scale: compute alone", compute)
            found[name, scale] = median(first)
            found[name, scale, "compute"] = median(compute)
        again = [time for run in of_scale["explicit"] for time in run["again"]]
        show(f"{name}, another softmax scale on the same kernel", again)
        found[name, "again"] = median(again)
        found[name, "peak"] = of_scale["explicit"][0]["peak"]
        print(f"{name}, peak memory above the inputs: {found[name, 'peak']:.0f} MB")
    share = 100 * found["velowidget", "again"] / found["velowidget", "explicit", "compute"]
    print(f"another softmax scale takes {share:.1f} % of the full computation")
    if "cellrank" not in answers:
        return
    print("\nCellRank's time over ours")
    for scale, least in (("explicit", 60), ("automatic", 100)):
        first = found["cellrank", scale] / found["velowidget", scale]
        compute = found["cellrank", scale, "compute"] / found["velowidget", scale, "compute"]
        verdict(f"1. constructor and first matrix, {scale} scale", first, least, least=True)
        print(f"     compute alone, {scale} scale: {compute:.0f} x")
    peak = found["velowidget", "peak"] / found["cellrank", "peak"]
    verdict("1. peak memory above the inputs, ours over CellRank's", peak, 0.33, least=False)
    again = found["cellrank", "again"] / found["velowidget", "again"]
    verdict("3. another softmax scale", again, 500, least=True)


if __name__ == "__main__":
    main()
