"""The widget for people who use no mouse, or cannot see it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.lab import ROOT
from tests.browser.shown import control, other_pixels, pixels, python_has, settled

AXE = ROOT / "js" / "node_modules" / "axe-core" / "axe.min.js"
RUN = "async () => (await axe.run('.velowidget')).violations.map(v => [v.impact, v.id, v.nodes.map(n => n.html)])"


def serious(notebook):
    return [violation for violation in notebook.page.evaluate(RUN) if violation[0] in ("serious", "critical")]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(shown, theme):
    shown.theme(theme)
    shown.page.evaluate(AXE.read_text())
    assert serious(shown) == []
    shown.execute("w.basis, w.field, w.color, w.selection = 'umap3d', 'particles', 'support', [1, 2]")
    shown.page.get_by_role("button", name="export").click()
    settled(shown)
    assert serious(shown) == []
    shown.execute("w.color = 'clusters'")
    settled(shown)
    shown.page.locator(".velowidget .vw-legend-entry").first.click()
    assert serious(shown) == []


def test_everything_by_keyboard(shown):
    """From the slider with Tab alone, to every control; each does what it says."""
    page = shown.page
    page.locator(".velowidget input[type=range]").first.focus()
    reached = set()
    for _ in range(60):
        reached.add(
            page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id || ''")
        )
        if page.evaluate("!document.activeElement.closest('.velowidget')"):
            break
        page.keyboard.press("Tab")
    assert {"zoom in", "zoom out", "reset view", "fit", "lasso", "box", "full screen", "export"} <= reached
    assert any("arrow keys move" in name for name in reached)

    picture = pixels(shown)
    page.locator(".velowidget .vw-canvas").focus()
    page.keyboard.press("+")
    closer = other_pixels(shown, picture)
    page.keyboard.press("ArrowRight")
    assert other_pixels(shown, closer) != picture
    page.keyboard.press("0")

    control(shown, "field").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    settled(shown)
    python_has(shown, "w.field", "stream")
    control(shown, "fade by confidence", "checkbox").focus()
    page.keyboard.press(" ")
    settled(shown)
    python_has(shown, "w.honest", False)
    for name, trait in (("density", "density"), ("line width", "arrow_length"), ("point size", "point_size")):
        control(shown, name, "slider").focus()
        page.keyboard.press("PageUp")
        settled(shown)
        python_has(shown, f"w.{trait} > 1", True)
    control(shown, "opacity", "slider").focus()
    page.keyboard.press("PageDown")
    python_has(shown, "w.opacity < 0.9", True)

    shown.execute("w.basis = 'umap3d'")
    settled(shown)
    page.locator(".velowidget .vw-canvas").focus()
    before = pixels(shown)
    page.keyboard.press("ArrowLeft")  # turns
    other_pixels(shown, before)
    page.get_by_label("component on z").focus()
    page.keyboard.press("Home")
    settled(shown)
    python_has(shown, "w.components", [1, 2])

    page.get_by_role("button", name="export").focus()
    page.keyboard.press("Enter")
    with page.expect_download():
        page.get_by_role("button", name="SVG", exact=True).focus()
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="SVG", exact=True)).to_have_count(0)
