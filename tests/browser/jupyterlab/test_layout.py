"""Where the widget's parts are in JupyterLab: beside others, in containers and in narrow windows."""

from __future__ import annotations

import pytest

from tests.browser.shown import SIMULATED, canvas, settled

WIDGETS = (
    f"{SIMULATED}\nimport ipywidgets\nfrom ipywidgets import *\nfrom IPython.display import display\n"
    "w = velowidget.VelocityWidget(adata)\nw2 = velowidget.VelocityWidget(adata, scheme='cosine')"
)
OUTPUTS = (
    "outs = [Output(), Output()]\nfor out, one in zip(outs, [w, w2]):\n    with out:\n        display(one)\nHBox(outs)"
)
BESIDE = {
    "widgets in a row": "HBox([w, w2])",
    "two views": "HBox([w.view('embedding'), w.view('embedding')])",
    "a widget and its flow": "HBox([w, w.view('flow')])",
    "automatic columns": "GridBox([w, w2], layout=Layout(grid_template_columns='auto auto'))",
    "columns of their width": "GridBox([w, w2], layout=Layout(grid_template_columns='repeat(2, max-content)'))",
    "a grid": "grid = GridspecLayout(1, 2); grid[0, 0] = w; grid[0, 1] = w2; grid",
    "a layout of an app": "AppLayout(left_sidebar=w, center=w2)",
    "four corners": "TwoByTwoLayout(top_left=w, top_right=w2)",
    "outputs in a row": OUTPUTS,
}
ALONE = {
    "one below the other": "VBox([w, w2])",
    "one below the other, in the middle": "VBox([w, w2], layout=Layout(align_items='center'))",
    "a tab": "Tab([w])",
    "an accordion": "Accordion([w], selected_index=0)",
    "as wide as what is in it": "Box([w], layout=Layout(display='inline-block'))",
    "a narrow box": "Box([w], layout=Layout(width='260px'))",
}
MEASURE = """cell => {
  const boxes = [...cell.querySelectorAll('.velowidget')].map(e => e.getBoundingClientRect());
  const decks = [...cell.querySelectorAll('.vw-deck')].map(e =>
    [e.clientWidth, e.querySelector('canvas')?.clientWidth]);
  const scrolled = [...cell.querySelectorAll('.jp-OutputArea *')].filter(e => !e.closest('.velowidget') &&
    e.scrollWidth > e.clientWidth + 1 && ['auto', 'scroll'].includes(getComputedStyle(e).overflowX));
  return {room: cell.querySelector('.jp-OutputArea-output').clientWidth, widths: boxes.map(b => b.width),
          decks, scrolled: scrolled.map(e => e.className)};
}"""


def cell(notebook, i):
    found = notebook.page.locator(".jp-Cell").nth(i)
    found.scroll_into_view_if_needed()
    found.locator(".velowidget .vw-body").first.wait_for(timeout=180_000)
    notebook.page.wait_for_timeout(500)
    return found


def test_it_has_room_beside_others_and_in_every_container(notebook):
    notebook.page.set_viewport_size({"width": 1400, "height": 900})
    places = BESIDE | ALONE
    notebook.open([WIDGETS, *places.values()])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    for i, name in enumerate(places, 1):
        found = cell(notebook, i).evaluate(MEASURE)
        widths = found["widths"]
        assert found["scrolled"] == [], name
        assert all(deck == shown > 150 for deck, shown in found["decks"]), (name, found)
        if name in BESIDE:
            assert len(widths) == 2, name
            assert min(widths) > 0.4 * found["room"], (name, found)
        else:
            assert min(widths) >= 250, (name, found)
    notebook.execute("w.layout.width = '420px'")  # a width that was asked for is kept
    assert cell(notebook, 1).evaluate(MEASURE)["widths"][0] == pytest.approx(420, abs=1)


def test_slider_and_picture_are_on_a_narrow_screen_together(notebook):
    """The second is a screen of 1280 x 720 at a zoom of 200 %."""
    page = notebook.page
    page.set_viewport_size({"width": 600, "height": 900})
    notebook.open([WIDGETS, "w"])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    for width, height in ((600, 900), (640, 360)):
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_timeout(500)
        slider_and_picture_are_on_screen(page)


def slider_and_picture_are_on_screen(page):
    page.locator(".velowidget").first.evaluate("e => e.scrollIntoView()")
    page.wait_for_timeout(300)
    on_screen = "e => { const b = e.getBoundingClientRect(); const o = e.closest('.jp-WindowedPanel-outer')"
    on_screen += ".getBoundingClientRect(); return [b.top - o.top, o.bottom - b.bottom, b.height] }"
    above, below, _ = page.get_by_role("slider", name="softmax scale").evaluate(on_screen)
    assert min(above, below) >= 0
    above, below, tall = page.locator(".velowidget .vw-frame").evaluate(on_screen)
    assert above >= 0
    assert below >= -0.3 * tall, "most of the picture"
    order = "e => [...document.querySelectorAll('.velowidget input, .velowidget select, .velowidget .vw-canvas')]"
    order += ".filter(x => x.offsetParent).map(x => x.getBoundingClientRect()).map(b => [b.top, b.left])"
    tops = [top for top, _ in page.evaluate(order)]
    picture = page.locator(".velowidget .vw-canvas").bounding_box()["y"]
    settings = tops[[abs(top - picture) < 1 for top in tops].index(True) + 1 :]
    assert len(settings) > 5
    assert min(settings) > picture
