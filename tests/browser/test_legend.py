"""The legend: many categories, long names, limits and layers."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.shown import canvas, control, other_pixels, pixels, python_has, same_pixels, settled
from tests.browser.test_accessibility import AXE, serious

OUTLIER = """
import numpy as np, velowidget
adata = velowidget.datasets.bifurcation(n_cells=400, n_genes=80)
adata.X = np.tile(np.linspace(1, 2, 400, dtype=np.float32)[:, None], 80)
adata.X[7] = 2000
gene = adata.var_names[3]
"""
MANY = """
import numpy as np, pandas as pd, velowidget
adata = velowidget.datasets.bifurcation(n_cells=400, n_genes=80)
long = "CD4-positive, alpha-beta T cell of the peripheral blood of a donor, {}, human"
used = [*(f"type {i}" for i in range(12)), *(long.format(word) for word in ("naive", "memory", "cytotoxic"))]
unused = [f"A donor {i}" for i in range(300)]
adata.obs["ann"] = pd.Categorical.from_codes(np.arange(400) % 15 + 300, [*unused, *used])
adata.uns["ann_colors"] = {"type 0": "steelblue4", "type 1": "no colour"}
"""


@pytest.fixture
def outlier(notebook):
    notebook.open([OUTLIER, "w = velowidget.VelocityWidget(adata, color=gene)\nw"])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    return notebook


def test_limits_by_keyboard_change_the_picture_at_once(outlier):
    page = outlier.page
    legend = page.get_by_role("complementary", name="Legend")
    expect(legend).to_contain_text("4 cells above, up to 2000.")
    before = pixels(outlier)
    control(outlier, "vmax", "textbox").focus()
    page.keyboard.type("p50")
    page.keyboard.press("Enter")
    clipped = other_pixels(outlier, before)
    expect(legend).to_contain_text("200 cells above")
    python_has(outlier, "w.vmax", "p50")
    control(outlier, "vmin", "textbox").fill("1,25")
    page.keyboard.press("Tab")
    python_has(outlier, "w.vmin", 1.25)
    other_pixels(outlier, clipped)
    control(outlier, "vmin", "textbox").fill("lowest")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("percentile")
    python_has(outlier, "w.vmin", 1.25)
    legend.get_by_role("button", name="automatic").click()
    python_has(outlier, "[w.vmin, w.vmax]", [None, None])
    same_pixels(outlier, before)


def test_the_layer_is_chosen_beside_the_bar(outlier):
    before = pixels(outlier)
    control(outlier, "layer").select_option("velocity")
    python_has(outlier, "w.layer", "velocity")
    expect(outlier.page.get_by_role("complementary", name="Legend")).to_contain_text("(velocity)")
    other_pixels(outlier, before)
    outlier.execute("w.color = f'Ms:{gene}'")
    expect(control(outlier, "layer")).to_have_value("Ms")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_categories_with_cells_are_listed_found_and_told_apart(notebook, theme):
    notebook.open([MANY, "w = velowidget.VelocityWidget(adata, color='ann')\nw"])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    notebook.theme(theme)
    page = notebook.page
    legend = page.get_by_role("complementary", name="Legend")
    expect(legend.locator(".vw-legend-entry")).to_have_count(15)
    expect(legend).to_contain_text("300 more have no cells.")
    names = legend.locator(".vw-legend-name").all_inner_texts()
    assert len(set(names)) == 15
    box = legend.get_by_role("searchbox")
    box.fill("CYTO")
    expect(legend.locator(".vw-legend-entry")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(legend.locator(".vw-legend-entry")).to_contain_text("of a donor, cytotoxic, human")
    box.fill("donor 7")
    expect(legend).to_contain_text("No category has these letters.")
    box.press("Escape")
    expect(legend.locator(".vw-legend-entry")).to_have_count(15)
    swatch = legend.locator(".vw-swatch").first
    assert swatch.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(54, 100, 139)"
    card = page.locator(".velowidget .vw-card", has_text="ann_colors")
    expect(card).to_contain_text("'no colour'")
    card.get_by_role("button", name="dismiss").click()
    notebook.execute("w.color = 'true_time'; w.color = 'ann'; w.softmax_scale = 3.0")
    settled(notebook)
    expect(card).to_have_count(0)
    page.evaluate(AXE.read_text())
    assert serious(notebook) == []
