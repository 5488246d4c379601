"""Cells are chosen by lasso, box and keys in JupyterLab, which has keys of its own."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.shown import pixels, python_has, settled


def box_of(notebook):
    return notebook.page.locator(".velowidget .vw-canvas").bounding_box()


def drag_along(notebook, shares):
    """Draw along these places, given as shares of the picture's width and height."""
    box = box_of(notebook)
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in shares]
    mouse = notebook.page.mouse
    mouse.move(*places[0])
    mouse.down()
    for place in places[1:]:
        mouse.move(*place, steps=4)
    mouse.up()


LEFT = [(0.02, 0.02), (0.5, 0.02), (0.5, 0.98), (0.02, 0.98), (0.02, 0.02)]


def test_lasso_box_and_keys(shown):
    page = shown.page
    picture = pixels(shown)
    page.get_by_role("button", name="lasso").click()
    drag_along(shown, LEFT)
    page.get_by_text("selected", exact=False).first.wait_for()
    settled(shown)
    left = shown.python("w.selection.tolist()")
    assert 20 < len(left) < 380
    middle = shown.python("float((adata.obsm['X_umap'][:, 0].min() + adata.obsm['X_umap'][:, 0].max()) / 2)")
    assert max(shown.python("adata.obsm['X_umap'][w.selection, 0].tolist()")) < middle + 1
    assert pixels(shown) != picture

    page.get_by_role("button", name="box").click()
    page.keyboard.down("Shift")
    drag_along(shown, [(0.02, 0.02), (0.85, 0.98)])
    page.keyboard.up("Shift")
    python_has(shown, f"set({left}) < set(w.selection.tolist())", True)
    page.keyboard.down("Alt")
    drag_along(shown, [(0.02, 0.02), (0.55, 0.98)])
    page.keyboard.up("Alt")
    python_has(shown, f"set({left}) & set(w.selection.tolist())", set())

    page.keyboard.press("Escape")  # leaves the tool
    page.keyboard.press("Escape")  # selects nothing
    expect(page.get_by_text("selected", exact=False)).to_have_count(0)
    python_has(shown, "w.selection.tolist()", [])
