"""The widget as a guest of JupyterLab: its keys, wheel, themes, outputs and threads; and whole notebooks."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.browser.lab import ROOT
from tests.browser.shown import (
    SHOW,
    SIMULATED,
    canvas,
    drag,
    pixels,
    settled,
    slider,
)

PANCREAS = ROOT.parent / "shared" / "data" / "pancreas.h5ad"


def test_wheel_keys_and_themes_are_the_notebooks(notebook):
    notebook.open([SIMULATED, SHOW, "\n".join("# a long cell" for _ in range(80))])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    top = canvas(notebook).bounding_box()["y"]
    canvas(notebook).hover()
    notebook.page.mouse.wheel(0, 150)
    notebook.page.wait_for_timeout(500)
    assert canvas(notebook).bounding_box()["y"] < top - 50, "scrolled, as nobody has clicked the picture"

    cells = notebook.page.locator(".jp-Cell").count()
    before = notebook.python("w.softmax_scale")
    slider(notebook).focus()
    notebook.page.keyboard.press("ArrowRight")
    for key in ("a", "b"):  # in command mode these add cells
        notebook.page.keyboard.press(key)
    settled(notebook)
    assert notebook.python("w.softmax_scale") > before
    assert notebook.page.locator(".jp-Cell").count() == cells

    light = pixels(notebook)
    notebook.theme("dark")
    notebook.page.locator(".velowidget [data-theme=dark]").first.wait_for(timeout=5_000)  # the canvas's ink, too
    assert pixels(notebook) != light
    notebook.theme("light")
    notebook.page.locator(".velowidget [data-theme=light]").first.wait_for(timeout=5_000)


def test_a_removed_display_frees_its_canvas_and_the_rest_lives(notebook):
    notebook.open([SIMULATED, SHOW, "w.view('embedding')"])
    expect(notebook.page.locator(".velowidget .vw-deck canvas")).to_have_count(2, timeout=180_000)
    notebook.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    notebook.page.wait_for_timeout(3000)
    expect(notebook.page.locator(".velowidget .vw-deck canvas")).to_have_count(2, timeout=180_000)
    settled(notebook)


def test_a_busy_cell_two_widgets_and_a_drag_at_once_on_the_weakest_threading_layer(notebook):
    notebook.open(
        [
            "import os\nos.environ['NUMBA_THREADING_LAYER'] = 'workqueue'\n" + SIMULATED,
            SHOW,
            "other = velowidget.VelocityWidget(adata, scheme='cosine')\nother",
        ]
    )
    expect(notebook.page.locator(".velowidget .vw-deck canvas")).to_have_count(2, timeout=180_000)
    settled(notebook)
    assert notebook.python("__import__('numba').threading_layer()") == "workqueue"
    notebook.execute_unawaited(
        "import time\nend = time.time() + 6; rounds = 0\n"
        "while time.time() < end:\n"
        "    velowidget.VelocityKernel(adata).compute_transition_matrix(); rounds += 1\n"
        "    other.softmax_scale = 1 + rounds % 20"
    )
    notebook.page.wait_for_timeout(300)
    before = slider(notebook).input_value()
    for share in (0.9, 0.2, 0.7):
        drag(notebook, share)
    notebook.page.wait_for_timeout(500)
    moved_while_busy = notebook.page.locator(".velowidget [data-scale]").first.get_attribute("data-scale")
    settled(notebook)
    assert notebook.python("rounds") > 3
    assert slider(notebook).input_value() != before
    assert moved_while_busy is not None
    assert notebook.python("w.kernel.params['softmax_scale'] == w.softmax_scale")
    assert notebook.python("other.kernel.params['softmax_scale'] == other.softmax_scale")


def test_the_first_notebook_runs(notebook):
    book = nbformat.read(ROOT / "examples" / "01_first_look.ipynb", as_version=4)
    notebook.open_book(book)
    expect(notebook.page.locator(".velowidget .vw-deck canvas")).to_have_count(2, timeout=90_000)
    settled(notebook)
    assert notebook.page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0


@pytest.mark.skipif(not PANCREAS.exists(), reason=f"needs {Path('../shared/data/pancreas.h5ad')}, which is not here")
def test_on_real_data(notebook):
    notebook.open([f"import anndata, velowidget\nadata = anndata.read_h5ad({str(PANCREAS)!r})", SHOW])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    automatic, picture = notebook.python("w.softmax_scale"), pixels(notebook)
    assert automatic == pytest.approx(12.439806293164613)
    drag(notebook, 0.75)
    settled(notebook)
    assert notebook.python("w.softmax_scale") == pytest.approx(automatic * 10, rel=0.2)
    assert pixels(notebook) != picture
