"""Where the widget's parts are: beside others, in narrow windows, in what opens and closes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.shown import SIMULATED, canvas, python_has, settled

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
    found.locator(".velowidget .vw-body").first.wait_for(timeout=60_000)
    notebook.page.wait_for_timeout(500)
    return found


def test_it_has_room_beside_others_and_in_every_container(notebook):
    notebook.page.set_viewport_size({"width": 1400, "height": 900})
    places = BESIDE | ALONE
    notebook.open([WIDGETS, *places.values()])
    canvas(notebook).wait_for(timeout=60_000)
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


def test_a_width_that_was_asked_for_is_kept(notebook):
    notebook.page.set_viewport_size({"width": 1400, "height": 900})
    notebook.open([WIDGETS, "w.layout.width = '420px'\nHBox([w, w2])"])
    canvas(notebook).wait_for(timeout=60_000)
    assert cell(notebook, 1).evaluate(MEASURE)["widths"][0] == pytest.approx(420, abs=1)


@pytest.mark.parametrize(("width", "height"), [(600, 900), (640, 360)])
def test_slider_and_picture_are_on_a_narrow_screen_together(notebook, width, height):
    """The second is a screen of 1280 x 720 at a zoom of 200 %."""
    page = notebook.page
    page.set_viewport_size({"width": width, "height": height})
    notebook.open([WIDGETS, "w"])
    canvas(notebook).wait_for(timeout=60_000)
    settled(notebook)
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


def test_every_tool_and_what_it_opens_are_in_a_low_picture(shown):
    page = shown.page
    page.set_viewport_size({"width": 640, "height": 360})
    page.locator(".velowidget [data-layout=narrow]").first.wait_for()
    frame = page.locator(".velowidget .vw-frame")
    page.get_by_role("button", name="export").click()
    assert frame.evaluate("e => e.scrollTop") == 0
    outer = frame.bounding_box()
    for part in [*page.locator(".vw-tools button").all(), page.locator(".velowidget .vw-menu")]:
        box = part.bounding_box()
        assert box["y"] >= outer["y"]
        assert box["y"] + box["height"] <= outer["y"] + outer["height"]
    tools, menu = (
        page.locator(".velowidget .vw-tools").bounding_box(),
        page.locator(".velowidget .vw-menu").bounding_box(),
    )
    assert menu["x"] + menu["width"] <= tools["x"]


def test_the_settings_move_with_the_width_and_keep_their_state(notebook):
    page = notebook.page
    notebook.open([WIDGETS, "w"])
    canvas(notebook).wait_for(timeout=60_000)
    settled(notebook)
    after = (
        "e => !!(document.querySelector('.vw-frame').compareDocumentPosition(document.querySelector('.vw-side')) & 4)"
    )
    assert page.evaluate(after) is False
    page.locator(".vw-side select").first.select_option("cosine")
    page.set_viewport_size({"width": 600, "height": 900})
    page.locator(".velowidget [data-layout=narrow]").first.wait_for()
    assert page.evaluate(after) is True
    python_has(notebook, "w.scheme", "cosine")
    expect(page.locator(".vw-side select").first).to_have_value("cosine")
    page.set_viewport_size({"width": 1200, "height": 900})
    page.locator(".velowidget [data-layout=wide]").first.wait_for()
    assert page.evaluate(after) is False
    settled(notebook)


def test_popups_close_on_escape_and_when_pointer_or_focus_go_elsewhere(shown):
    page = shown.page
    button = page.get_by_role("button", name="export")
    menu = page.locator(".velowidget .vw-menu")
    color = page.get_by_role("combobox", name="color", exact=True)
    colors = page.get_by_role("listbox", name="color")

    button.click()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()
    button.click()
    page.get_by_label("pixels").focus()
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_have_count(0)
    expect(button).to_be_focused()

    for elsewhere in (page.locator(".velowidget .vw-caption"), page.locator(".velowidget .vw-canvas")):
        button.click()
        expect(menu).to_be_visible()
        elsewhere.click(position={"x": 5, "y": 5})
        expect(menu).to_have_count(0)
    button.click()
    button.click()
    expect(menu).to_have_count(0)

    button.click()
    page.get_by_role("slider", name="softmax scale").focus()
    expect(menu).to_have_count(0)

    button.click()
    color.click()
    expect(colors).to_be_visible()
    expect(menu).to_have_count(0)
    button.click()
    expect(colors).to_be_hidden()
    expect(menu).to_be_visible()
    color.click()
    color.press("Escape")
    expect(colors).to_be_hidden()
    expect(color).to_be_focused()
    color.press("ArrowDown")
    expect(colors).to_be_visible()
    page.keyboard.press("Tab")
    expect(colors).to_be_hidden()


def test_popups_close_in_a_shadow_tree(notebook):
    """As in hosts that show outputs in one: its events have the host of the tree for a target."""
    notebook.open([WIDGETS, "w"])
    canvas(notebook).wait_for(timeout=60_000)
    settled(notebook)
    page = notebook.page
    page.evaluate(
        "() => { const widget = document.querySelector('.velowidget'); const host = document.createElement('div');"
        " const styles = [...document.querySelectorAll('style')].filter(e => e.textContent.includes('.velowidget'));"
        " widget.parentElement.append(host);"
        " host.attachShadow({mode: 'open'}).append(...styles.map(e => e.cloneNode(true)), widget) }"
    )
    button = page.get_by_role("button", name="export")
    menu = page.locator(".velowidget .vw-menu")
    button.click()
    page.get_by_label("background", exact=True).click()
    expect(menu).to_have_count(1)
    page.get_by_role("slider", name="softmax scale").focus()
    expect(menu).to_have_count(0)
    button.click()
    page.locator(".velowidget h2").click()
    expect(menu).to_have_count(0)
