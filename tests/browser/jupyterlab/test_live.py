"""Data that change under a widget, in a real JupyterLab."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.shown import SHOW, SIMULATED, canvas, python_has, settled
from tests.browser.test_accessibility import AXE, serious

RECLUSTER = "adata.obs['clusters'] = ['early' if time < 0.5 else 'late' for time in adata.obs['true_time']]"
HALVE = "adata._inplace_subset_obs(adata.obs['true_time'].rank() <= 150)"


def banner(notebook):
    return notebook.page.locator(".velowidget .vw-banners").first


def legend(notebook):
    return notebook.page.locator(".velowidget .vw-legend").first


def test_clustered_again_and_reloaded(notebook):
    notebook.open([SIMULATED, SHOW, "w.view('flow')"])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    notebook.execute(RECLUSTER)
    notebook.execute("w.color = 'clusters'")
    for name in ("early", "late"):
        expect(legend(notebook).get_by_text(name, exact=True)).to_be_visible()
    settled(notebook)
    expect(notebook.page.locator(".velowidget .vw-card-error")).to_have_count(0)
    notebook.page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    notebook.page.wait_for_timeout(1500)
    notebook.page.reload()
    canvas(notebook).wait_for(timeout=180_000)
    for name in ("early", "late"):
        expect(legend(notebook).get_by_text(name, exact=True)).to_be_visible()
    settled(notebook)
    flow = notebook.page.locator(".velowidget [data-panel=flow]").last
    expect(flow).to_contain_text("early")


def test_other_cells_are_told_and_read_by_a_button(shown):
    page = shown.page
    expect(banner(shown)).to_be_empty()
    shown.execute(HALVE)
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    shown.execute("w.color = 'clusters'")
    expect(banner(shown)).to_contain_text("The data have changed since they were read: 150 cells now, 400 then.")
    assert banner(shown).get_attribute("role") == "status"
    expect(page.get_by_text("400 cells", exact=True)).to_be_visible()
    page.evaluate(AXE.read_text())
    assert serious(shown) == []
    shown.theme("dark")
    page.wait_for_timeout(500)
    assert serious(shown) == []

    page.reload()  # with half of the cells gone
    canvas(shown).wait_for(timeout=180_000)
    expect(banner(shown)).to_contain_text("150 cells now, 400 then")

    again = page.get_by_role("button", name="Read again")
    again.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("150 cells", exact=True)).to_be_visible()
    expect(banner(shown)).to_be_empty()
    python_has(shown, "w.kernel.shape", (150, 150))
    settled(shown)
    expect(page.locator(".velowidget .vw-card-error")).to_have_count(0)
