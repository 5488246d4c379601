"""From a move of the slider to new arrows on the screen, in JupyterLab; and from running the cell to a picture.

Times are those of the browser's own clock: from the slider's input event to the first animation frame after the
arrows for that value were drawn. Uses ``../shared/data/pancreas.h5ad`` where it is present, the simulated bifurcation
otherwise.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

from measure import PANCREAS, ROOT, machine

sys.path.insert(0, str(ROOT))

from tests.browser.lab import Notebook, chromium, jupyterlab

MOVES = 30
LOAD = (
    f"import anndata, velowidget\nadata = anndata.read_h5ad({str(PANCREAS)!r})"
    if PANCREAS.exists()
    else "import velowidget\nadata = velowidget.datasets.bifurcation(n_cells=739)"
)

MOVE = """async share => {
  const slider = document.querySelector('.velowidget input[type=range]');
  const panel = document.querySelector('.velowidget [data-scale]');
  const before = panel.dataset.scale;
  const started = performance.now();
  slider.value = Number(slider.min) + share * (slider.max - slider.min);
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  while (panel.dataset.scale === before) {
    if (performance.now() - started > 5000) throw new Error('no new arrows within 5 s');
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - started;
}"""

FIRST_PICTURE = """async () => {
  const started = performance.now();
  window.jupyterapp.commands.execute('notebook:run-all-cells');
  const first = {};
  while (!('arrows' in first)) {
    if (performance.now() - started > 60000) throw new Error('no picture within 60 s');
    await new Promise(requestAnimationFrame);
    if (!('widget' in first) && document.querySelector('.velowidget')) first.widget = performance.now() - started;
    if (!('canvas' in first) && document.querySelector('.velowidget canvas'))
      first.canvas = performance.now() - started;
    if (document.querySelector('.velowidget [data-shows]')) first.arrows = performance.now() - started;
  }
  return first;
}"""


def first_picture(notebook: Notebook, cache: Path | None) -> dict[str, float]:
    """Milliseconds from running the cell to widget, canvas and arrows; imports are warm."""
    empty = f"import os\nos.environ['NUMBA_CACHE_DIR'] = {str(cache)!r}\n" if cache else ""
    notebook.open(["w = velowidget.VelocityWidget(adata)\nw"], run=False)
    notebook.execute(f"{empty}{LOAD}\nfrom velowidget.widget import VelocityWidget")
    return notebook.page.evaluate(FIRST_PICTURE)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as lab, chromium() as browser:
        if browser is None:
            sys.exit("No Chromium: install one (apt install chromium).")
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        figures = {}
        for name, cache in (("warm cache", None), ("empty Numba cache", Path(folder) / "numba")):
            notebook = Notebook(lab, page)
            figures[name] = first_picture(notebook, cache)
            if cache is not None:
                notebook.close()
                continue
            page.locator(".velowidget [data-scale]").first.wait_for()
            moves = [page.evaluate(MOVE, 0.2 + 0.6 * ((7 * i) % MOVES) / MOVES) for i in range(MOVES + 3)][3:]
            notebook.close()
    print(f"\nSlider, Chromium with software GL\n{machine()}\n")
    for name, first in figures.items():
        print(f"from running the cell, {name}: " + ", ".join(f"{what} {ms:.0f} ms" for what, ms in first.items()))
    ordered = sorted(moves)
    print(
        f"slider to new arrows on screen, {MOVES} moves: median {statistics.median(moves):.0f} ms, "
        f"90th percentile {ordered[int(0.9 * len(ordered))]:.0f} ms, longest {ordered[-1]:.0f} ms"
    )


if __name__ == "__main__":
    main()
