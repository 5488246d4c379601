"""Frames a second while 200 walks of 100 steps are played over the pancreas embedding, in JupyterLab with software GL.

Also how long the callbacks of a frame take: that part does not depend on what else the machine is doing, or on how it
puts layers together. Uses ``../shared/data/pancreas.h5ad`` where it is present, the simulated bifurcation otherwise.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import PANCREAS, ROOT, machine, verdict

sys.path.insert(0, str(ROOT))

from tests.browser.lab import Notebook, chromium, jupyterlab

SECONDS = 5
LOAD = (
    f"import anndata, velowidget\nadata = anndata.read_h5ad({str(PANCREAS)!r})"
    if PANCREAS.exists()
    else "import velowidget\nadata = velowidget.datasets.bifurcation(n_cells=739)"
)

# Times between frames, and what they took in JavaScript, in milliseconds and ascending.
FRAMES = """async seconds => {
  const between = [], drawing = [];
  const request = window.requestAnimationFrame;
  window.requestAnimationFrame = callback => request(now => {
    const started = performance.now();
    callback(now);
    drawing.push(performance.now() - started);
  });
  let last = performance.now();
  const end = last + 1000 * seconds;
  while (last < end) {
    await new Promise(request);
    const now = performance.now();
    between.push(now - last);
    last = now;
  }
  window.requestAnimationFrame = request;
  const ascending = (a, b) => a - b;
  return [between.sort(ascending), drawing.sort(ascending)];
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as lab, chromium() as browser:
        if browser is None:
            sys.exit("No Chromium: install one (apt install chromium).")
        page = browser.new_page(viewport={"width": 1200, "height": 1300})
        notebook = Notebook(lab, page)
        column = "adata.obs['clusters'].cat.categories"
        start = f"{{'clusters': 'Ductal' if 'Ductal' in {column} else 'Progenitor'}}"
        notebook.open([LOAD, f"w = velowidget.VelocityWidget(adata, start_ixs={start})\nw"])
        page.locator(".velowidget [data-shows]").first.wait_for(timeout=120_000)
        page.get_by_role("button", name="Random walks").click()
        page.locator(".vw-tally").wait_for(timeout=60_000)
        page.wait_for_timeout(2_000)
        idle, _ = page.evaluate(FRAMES, SECONDS)
        page.get_by_role("button", name="play", exact=True).click()
        page.wait_for_timeout(1_000)
        frames, drawing = page.evaluate(FRAMES, SECONDS)
        shape = notebook.python("w.walks.shape")
        notebook.close()
    print(f"\nPlayback of {shape[0]} walks of {shape[1] - 1} steps\n{machine()}, Chromium with software GL\n")
    for name, times in (("page at rest", idle), ("playing", frames), ("a callback of its frames", drawing)):
        middle, late = times[len(times) // 2], times[int(0.95 * len(times))]
        print(f"{name:40s} {len(times) / SECONDS:5.1f} a second; median {middle:.1f} ms, 95th percentile {late:.1f} ms")
    verdict("frames a second while playing", len(frames) / SECONDS, 30, least=True, unit="/s")


if __name__ == "__main__":
    main()
