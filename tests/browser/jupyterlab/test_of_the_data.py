"""Velocities, genes, neighbours and connectivity, chosen in a real JupyterLab on real data; against fresh kernels."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.lab import ROOT
from tests.browser.shown import SHOW, canvas, control, python_has, settled

PANCREAS = ROOT.parent / "shared" / "data" / "pancreas.h5ad"

pytestmark = pytest.mark.skipif(
    not PANCREAS.exists(), reason=f"needs {Path('../shared/data/pancreas.h5ad')}, which is not here"
)

LOAD = f"""
import anndata, gc, numpy as np, resource, velowidget
from velowidget import ConnectivityKernel, VelocityKernel
adata = anndata.read_h5ad({str(PANCREAS)!r})
velowidget.velocity(adata, "second", mode="deterministic", show_progress_bar=False)

def difference(weight=0.0, threshold=0.0, degenerate="error", **constructor):
    "Between the widget's chain and that of fresh kernels."
    fresh = VelocityKernel(adata, **constructor)
    fresh.compute_transition_matrix(threshold=threshold, degenerate=degenerate, show_progress_bar=False)
    if weight:
        graph = ConnectivityKernel(adata, constructor.get("conn_key", "connectivities")).compute_transition_matrix()
        fresh = (1 - weight) * fresh + weight * graph
    return float(abs(w.kernel.transition_matrix - fresh.transition_matrix).max())

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()

def switch(times):
    for _ in range(times):
        for vkey in ("second", "velocity"):
            w.vkey = vkey
            w.wait()
"""


def chosen(notebook, name, value, expression):
    """Choose in a control, and wait until the kernel has it."""
    control(notebook, name).select_option(value)
    python_has(notebook, expression, value)
    settled(notebook)


def typed(notebook, name, text):
    control(notebook, name, "spinbutton").fill(text)
    control(notebook, name, "spinbutton").press("Enter")
    control(notebook, name, "spinbutton").blur()


def dragged(notebook, name, share):
    place = control(notebook, name, "slider")
    place.evaluate(
        "(slider, share) => { slider.value = slider.max * share;"
        " slider.dispatchEvent(new Event('input', { bubbles: true })) }",
        share,
    )


def test_each_of_them_on_the_page(notebook):
    notebook.open([LOAD, SHOW])
    canvas(notebook).wait_for(timeout=60_000)
    settled(notebook)
    page = notebook.page
    before = notebook.python("w.color, w.basis, w.field")
    page.locator(".velowidget summary", has_text="data and graph").first.click()
    assert notebook.python("difference()") <= 1e-12

    chosen(notebook, "velocity layer", "second", "w.vkey")
    assert notebook.python("difference(vkey='second')") <= 1e-12
    genes = notebook.python("int(w.kernel.data.genes.sum())")
    page.get_by_text(f"{genes:,} genes in use", exact=True).wait_for()

    chosen(notebook, "expression layer", "spliced", "w.xkey")
    assert notebook.python("difference(vkey='second', xkey='spliced')") <= 1e-12
    chosen(notebook, "expression layer", "Ms", "w.xkey")
    chosen(notebook, "velocity layer", "velocity", "w.vkey")
    assert notebook.python("difference()") <= 1e-12

    for subset in ("all", "highly_variable"):
        chosen(notebook, "genes", subset, "w.gene_subset")
        assert notebook.python(f"difference(gene_subset={subset!r})") <= 1e-12
    control(notebook, "genes").select_option("top:velocity_r2")
    python_has(notebook, "w.gene_subset", {"velocity_r2": 500})
    typed(notebook, "number of genes", "300")
    python_has(notebook, "w.gene_subset", {"velocity_r2": 300})
    settled(notebook)
    assert notebook.python("difference(gene_subset={'velocity_r2': 300})") <= 1e-12
    page.get_by_text("300 genes in use", exact=True).wait_for()
    control(notebook, "genes").select_option("")
    python_has(notebook, "w.gene_subset", None)

    typed(notebook, "neighbours", "8")
    python_has(notebook, "w.n_neighbors", 8)
    settled(notebook)
    assert notebook.python("difference(n_neighbors=8)") <= 1e-12
    control(notebook, "symmetric graph", "checkbox").check()
    python_has(notebook, "w.symmetrize", True)
    chosen(notebook, "graph", "distances", "w.conn_key")
    assert notebook.python("difference(conn_key='distances', n_neighbors=8, symmetrize=True)") <= 1e-12
    chosen(notebook, "graph", "connectivities", "w.conn_key")
    control(notebook, "symmetric graph", "checkbox").uncheck()
    typed(notebook, "neighbours", "")
    python_has(notebook, "(w.n_neighbors, w.symmetrize)", (None, False))

    chosen(notebook, "undefined cells", "uniform", "w.degenerate")
    assert notebook.python("difference(degenerate='uniform')") <= 1e-12
    dragged(notebook, "threshold", 0.1)
    python_has(notebook, "w.threshold", 0.05)
    settled(notebook)
    assert notebook.python("difference(threshold=0.05, degenerate='uniform')") <= 1e-12
    dragged(notebook, "connectivity weight", 0.2)
    python_has(notebook, "w.connectivity_weight", 0.2)
    settled(notebook)
    assert notebook.python("difference(0.2, threshold=0.05, degenerate='uniform')") <= 1e-12
    assert notebook.python("w.color, w.basis, w.field") == before


def test_switching_back_and_forth_leaves_memory_flat(notebook):
    notebook.open([LOAD, SHOW])
    canvas(notebook).wait_for(timeout=60_000)
    settled(notebook)
    notebook.execute("switch(10); before = resident(); switch(50)")
    settled(notebook)
    grown = notebook.python("resident() - before")
    assert grown < 40e6  # bytes; a hundred pairs of layers are 100 times 3.6 MB
    assert notebook.python("difference()") <= 1e-12
