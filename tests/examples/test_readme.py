"""The README's way from raw counts to a widget runs as it is printed."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import anndata as ad
import numpy as np
import pytest

from velowidget import datasets

README = Path(__file__).parents[2] / "README.md"
PANCREAS = README.parents[1] / "shared" / "data" / "pancreas.h5ad"


def recipe():
    """The block of code that begins with counts."""
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(), flags=re.DOTALL | re.MULTILINE)
    (found,) = [block for block in blocks if "velowidget.velocity(adata)" in block]
    return compile(found, str(README), "exec")


def counts(adata, **given):
    """An AnnData of counts alone."""
    layers = {layer: adata.layers[layer].copy() for layer in ("spliced", "unspliced")}
    return ad.AnnData(obs=adata.obs[["clusters"]].copy(), var=adata.var[[]].copy(), layers=layers, **given)


def run(adata):
    """What the code leaves, the widget ready."""
    names = {"adata": adata}
    exec(recipe(), names)
    names["w"].wait()
    return names["w"]


def onwards(widget, *clusters):
    """How much likelier each step along the clusters is than the way back."""
    flow = widget.kernel.flow()
    return [flow.loc[a, b] / flow.loc[b, a] for a, b in pairwise(clusters)]


@pytest.mark.filterwarnings("error::UserWarning:velowidget")
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_the_recipe_makes_arrows_of_simulated_counts():
    adata = counts(datasets.bifurcation(n_cells=500))
    widget = run(adata)
    arrows = widget.kernel.compute_projection(copy=True)
    assert np.isfinite(arrows).all()
    assert np.linalg.norm(arrows, axis=1).mean() > 0.1
    assert min(onwards(widget, "Progenitor", "Transitional", "Fate A early")) > 1.5
    assert min(onwards(widget, "Transitional", "Fate B early", "Fate B")) > 1.5


def test_whatever_was_in_x_before():
    simulated = datasets.bifurcation(n_cells=300, n_genes=100)
    one = run(counts(simulated))
    other = run(counts(simulated, X=-np.ones(simulated.shape, dtype=np.float32)))
    assert np.abs(one.kernel.transition_matrix - other.kernel.transition_matrix).max() < 1e-9


def test_the_recipe_makes_arrows_of_the_pancreas_data():
    if not PANCREAS.exists():
        pytest.skip(f"needs {PANCREAS.name}")
    widget = run(counts(ad.read_h5ad(PANCREAS)))
    assert min(onwards(widget, "Ngn3 low EP", "Ngn3 high EP", "Pre-endocrine", "Beta")) > 1.5
