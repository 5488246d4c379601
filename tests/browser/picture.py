"""Make the README's picture, ``examples/first_look.png``, from the simulated bifurcation; run by ``make picture``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.lab import ROOT, Notebook, chromium, jupyterlab


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, jupyterlab(Path(folder)) as lab, chromium() as browser:
        if browser is None:
            sys.exit("No Chromium: install one (apt install chromium).")
        page = browser.new_page(viewport={"width": 1200, "height": 1150}, device_scale_factor=1.5)
        notebook = Notebook(lab, page)
        notebook.open(["import velowidget\nw = velowidget.VelocityWidget(velowidget.datasets.bifurcation())\nw"])
        page.locator(".velowidget [data-shows]").first.wait_for(timeout=180_000)
        page.mouse.move(0, 0)
        page.wait_for_timeout(1_000)
        page.locator(".velowidget").first.screenshot(path=ROOT / "examples" / "first_look.png")
        notebook.close()


if __name__ == "__main__":
    main()
