"""Screenshots to judge the layout by, light and dark, in wide and narrow windows.

``python tests/browser/screens.py FOLDER`` makes all of them; names of windows behind it, those of these windows only.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.browser.lab import Notebook, chromium, jupyterlab
from tests.browser.shown import canvas, drag, settled

WINDOWS = {"1920": (1920, 1080), "1280": (1280, 800), "600": (600, 900), "zoomed": (640, 360)}
CELLS = [
    "import velowidget\nfrom ipywidgets import HBox\nadata = velowidget.datasets.bifurcation()",
    "w = velowidget.VelocityWidget(adata)\nw",
    "HBox([w.view('embedding'), velowidget.VelocityWidget(adata, backward=True, scheme='cosine')])",
]


def whole(notebook: Notebook) -> None:
    notebook.page.locator(".jp-Cell").nth(1).scroll_into_view_if_needed()


def export(notebook: Notebook) -> None:
    notebook.page.get_by_role("button", name="export").first.click()


def walks(notebook: Notebook) -> None:
    notebook.page.keyboard.press("Escape")
    notebook.page.get_by_role("button", name="Random walks").first.click()
    settled(notebook)


def side_by_side(notebook: Notebook) -> None:
    notebook.page.get_by_role("button", name="Random walks").first.click()
    notebook.page.locator(".jp-Cell").nth(2).locator(".velowidget").first.evaluate("e => e.scrollIntoView()")


def no_kernel(notebook: Notebook) -> None:
    notebook.page.locator(".velowidget").first.evaluate("e => e.scrollIntoView()")
    notebook.stop_kernel()
    drag(notebook, 0.8)
    notebook.page.locator(".velowidget .vw-banners [role=alert]").first.wait_for(timeout=20_000)


STATES: dict[str, Callable[[Notebook], None]] = {
    state.__name__: state for state in (whole, export, walks, side_by_side, no_kernel)
}


def main(folder: Path, *windows: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, jupyterlab(Path(home)) as lab, chromium() as browser:
        if browser is None:
            sys.exit("No Chromium: install one (apt install chromium).")
        for window in windows or WINDOWS:
            width, height = WINDOWS[window]
            for theme in ("light", "dark"):
                page = browser.new_page(viewport={"width": width, "height": height})
                notebook = Notebook(lab, page)
                notebook.open(CELLS)
                notebook.theme(theme)
                canvas(notebook).wait_for(timeout=180_000)
                settled(notebook)
                for name, reach in STATES.items():
                    reach(notebook)
                    page.wait_for_timeout(700)
                    page.screenshot(path=folder / f"{window}-{theme}-{name}.png")
                notebook.close()
                page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
