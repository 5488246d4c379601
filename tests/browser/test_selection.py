"""Selecting cells and categories."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.shown import other_pixels, pixels, python_has, same_pixels, settled


def selected(notebook, count):
    """Wait for the number in the browser, then compare with the kernel's."""
    expect(notebook.page.get_by_text(f"{count} selected", exact=True)).to_be_visible()
    python_has(notebook, "len(w.selection)", count)


def test_the_keyboard_selects(shown):
    shown.page.locator(".velowidget .vw-canvas").focus()
    for key in ("b", "ArrowLeft", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        shown.page.keyboard.press(key)
    shown.page.get_by_text("selected", exact=False).first.wait_for()
    settled(shown)
    assert 0 < shown.python("len(w.selection)") < 400


def test_python_selects(shown):
    picture = pixels(shown)
    shown.execute("w.selection = adata.obs['clusters'] == 'Fate A'")
    selected(shown, shown.python("int((adata.obs['clusters'] == 'Fate A').sum())"))
    assert pixels(shown) != picture


def test_legend_entries_hide_and_isolate(shown):
    page = shown.page
    everything = pixels(shown)
    entry = page.locator(".velowidget .vw-legend-entry", has_text="Progenitor")
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "false")
    without = other_pixels(shown, everything)
    entry.focus()
    page.keyboard.press("i")
    expect(entry).to_have_attribute("aria-pressed", "true")
    expect(page.locator('.velowidget .vw-legend-entry[aria-pressed="true"]')).to_have_count(1)
    alone = other_pixels(shown, without)
    page.get_by_role("button", name="show all").click()
    page.mouse.move(0, 0)
    same_pixels(shown, everything)
    assert alone != everything


def camera_after(notebook, before=None):
    """Where the picture looks, and how closely, once the browser has told of another place than before."""
    for _ in range(100):
        camera = notebook.python("w._ui.get('camera')")
        if camera and camera != before:
            return camera
        notebook.page.wait_for_timeout(100)
    raise AssertionError(f"still {before}")


def test_fit_frames_the_selected_cells_or_all(shown):
    shown.page.get_by_role("button", name="fit").click()
    everything = camera_after(shown)
    shown.execute("w.selection = adata.obs['clusters'] == 'Fate A'")
    shown.page.get_by_text("selected", exact=False).first.wait_for()
    shown.page.locator(".velowidget .vw-canvas").focus()
    shown.page.keyboard.press("z")
    close = camera_after(shown, everything)
    ends = "[[float(end) for end in (x.min(), x.max())] for x in adata.obsm['X_umap'][w.selection].T]"
    x, y = (sum(axis) / 2 for axis in shown.python(ends))
    # The tools take 22 pixels more at the right than what is free at the left.
    assert close["target"] == pytest.approx([x + 11 / 2 ** close["zoom"], y], abs=1e-4)
    assert close["zoom"] > everything["zoom"]
    shown.execute("w.selection = []")
    expect(shown.page.get_by_text("selected", exact=False)).to_have_count(0)
    shown.page.keyboard.press("z")
    assert camera_after(shown, close) == everything
