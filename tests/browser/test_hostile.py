"""Data that nobody would draw on purpose, drawn: each widget shows its picture or its reason, and the page lives."""

from __future__ import annotations

from playwright.sync_api import expect

CELLS = """
import numpy as np, pandas as pd, velowidget
def spoiled(spoil):
    adata = velowidget.datasets.bifurcation(n_cells=120, n_genes=30)
    spoil(adata)
    return velowidget.VelocityWidget(adata, field="stream")
odd = ["<img src=x onerror=alert(1)>", "$\\u202e", "x" * 300]
def names(a): a.obs["clusters"] = pd.Categorical([odd[i % 3] for i in range(120)])
def nan(a): a.obs["clusters"] = np.nan
def infinite(a): a.obsm["X_umap"][:5] = np.inf
def same(a): a.obsm["X_umap"][:] = 1.0
"""


def test_pictures_or_reasons(notebook):
    notebook.open([CELLS, "spoiled(names)", "spoiled(nan)", "spoiled(infinite)", "spoiled(same)"])
    page = notebook.page
    for text in ("<img src=x onerror=alert(1)>", "5 without coordinates"):
        place = page.locator(".velowidget").get_by_text(text, exact=False).first
        place.scroll_into_view_if_needed(timeout=180_000)
        expect(place).to_be_visible()
    expect(page.locator(".velowidget .vw-card-error")).to_have_count(0)
    expect(page.locator(".velowidget img")).to_have_count(0)
