"""What moves with the width, and what opens and closes."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.shown import SHOW, SIMULATED, canvas, python_has, settled


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
    notebook.open([SIMULATED, SHOW])
    canvas(notebook).wait_for(timeout=180_000)
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
    notebook.open([SIMULATED, SHOW])
    canvas(notebook).wait_for(timeout=180_000)
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
