"""From a move of the slider to the new flow on the screen, in JupyterLab, by the browser's own clock.

Uses ``../shared/data/pancreas.h5ad`` where it is present, the simulated bifurcation otherwise.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from bench_slider import LOAD
from measure import machine

from tests.browser.lab import Notebook, chromium, jupyterlab

MOVES = 30

MOVE = """async share => {
  const slider = document.querySelector('.velowidget input[type=range]');
  const arrows = document.querySelector('.velowidget [data-scale]');
  const flow = document.querySelector('.velowidget .vw-flow-body');
  const seen = {arrows: arrows.dataset.scale, flow: flow.dataset.generation};
  const now = () => ({arrows: arrows.dataset.scale, flow: flow.dataset.generation});
  const started = performance.now(), took = {};
  slider.value = Number(slider.min) + share * (slider.max - slider.min);
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  while (!('arrows' in took && 'flow' in took)) {
    await new Promise(requestAnimationFrame);
    for (const what of ['arrows', 'flow'])
      if (!(what in took) && now()[what] !== seen[what]) took[what] = performance.now() - started;
    if (performance.now() - started > 5000) throw new Error('no new flow within 5 s');
  }
  return took;
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as lab, chromium() as browser:
        if browser is None:
            sys.exit("No Chromium: install one (apt install chromium).")
        page = browser.new_page(viewport={"width": 1200, "height": 1400})
        notebook = Notebook(lab, page)
        notebook.open([f"{LOAD}\nw = velowidget.VelocityWidget(adata)\nw"])
        page.get_by_role("button", name="Flow", exact=True).click()
        page.locator(".velowidget .vw-flow-picture").wait_for(timeout=60_000)
        page.locator(".velowidget [data-scale]").first.wait_for(timeout=60_000)
        print(machine())
        for name, code in (("all clusters", ""), ("one cluster over time", "w.time_key = 'day'")):
            notebook.execute(f"{code}\nw.wait()")
            moves = []
            for i in range(MOVES + 3):
                moves.append(page.evaluate(MOVE, 0.2 + 0.6 * ((7 * i) % MOVES) / MOVES))
                notebook.python("w.wait()")
            for what in ("arrows", "flow"):
                times = sorted(took[what] for took in moves[3:])
                middle, late = statistics.median(times), times[int(0.9 * MOVES)]
                print(f"slider to new {what}, {name}: median {middle:.0f} ms, 90th percentile {late:.0f} ms of {MOVES}")
        notebook.close()


if __name__ == "__main__":
    main()
