"""Drawing cells, side by side in one run with jupyter-scatter's renderer; particles; and fields on 50,000 cells.

Software WebGL, as on machines without a graphics card: a figure of the renderers, not of anybody's screen.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np

from tests.benchmarks.measure import ROOT, seconds, show, title, verdict
from tests.browser.lab import chromium
from velowidget.core.grid import average, lattice
from velowidget.core.streamlines import streamlines

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 3


def build(folder: Path) -> Path:
    """The page's script, built as the widget is."""
    out = folder / "page.js"
    subprocess.run(
        [
            *("node_modules/.bin/esbuild", "../tests/js/rendering/page.ts", f"--outfile={out}"),
            *("--bundle", "--minify", "--format=iife", "--target=es2022", "--conditions=visgl:webgl-only,module"),
            *("--jsx=automatic", "--jsx-import-source=preact", '--define:process.env.NODE_ENV="production"'),
            "--log-level=error",
        ],
        cwd=ROOT / "js",
        env={"NODE_PATH": str(ROOT / "js" / "node_modules"), "PATH": "/usr/bin:/bin:/usr/local/bin"},
        check=True,
    )
    return out


def rendering() -> None:
    title("Cells in 800 x 600 pixels, software WebGL")
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        assert browser is not None, "needs a Chromium"
        script = build(Path(folder)).read_text()
        for n in SIZES:
            times: dict[str, dict[str, list[float]]] = {who: {"first": [], "frame": []} for who in ("ours", "theirs")}
            for _ in range(ROUNDS):
                page = browser.new_page(viewport={"width": 900, "height": 700})
                page.set_default_timeout(600_000)
                page.set_content("<!doctype html><body></body>")
                page.add_script_tag(content=script)
                ours = page.evaluate("n => ours(n)", n)
                theirs = page.evaluate("([n, radius]) => theirs(n, radius)", [n, ours["radius"]])
                for who, timing in (("ours", ours), ("theirs", theirs)):
                    for kind in ("first", "frame"):
                        times[who][kind].append(timing[kind] / 1000)
                page.close()
            for kind, what in (("first", "first picture"), ("frame", "frame while panning")):
                for who, name in (("ours", "ours"), ("theirs", "regl-scatterplot")):
                    show(f"{n:,} cells, {what}, {name}", times[who][kind])
                ratio = statistics.median(times["ours"][kind]) / statistics.median(times["theirs"][kind])
                verdict(f"{n:,} cells, {what}: ours over theirs", ratio, 1.2, least=False)


def fields() -> None:
    title("Fields of 50,000 cells: what a change of smoothing or density computes")
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 50_000)
    radius = rng.normal(1, 0.15, 50_000)
    positions = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    arrows = np.stack([-np.sin(angle), np.cos(angle)], axis=-1) * 0.4 + rng.normal(size=(50_000, 2)) * 0.2
    on = lattice(positions)
    field = average(on, arrows)
    show("grid points", seconds(lambda: lattice(positions), 7))
    show("averages", seconds(lambda: average(on, arrows), 7))
    show("streamlines", seconds(lambda: streamlines(on, field), 7))


if __name__ == "__main__":
    fields()
    rendering()
