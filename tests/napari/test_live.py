"""Data that change under napari's layers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.napari.test_viewer import settle
from velowidget.napari_plugin import show
from velowidget.napari_plugin.dock import TITLE
from velowidget.pipeline import VelocityPipeline


@pytest.fixture
def shown(viewer, adata, until):
    show(VelocityPipeline(adata), viewer)
    dock = viewer.window.dock_widgets[TITLE]
    settle(dock, until)
    return dock


def test_new_clusters_colour_the_layer_and_can_be_chosen(shown, adata, until):
    adata.obs["mine"] = pd.Categorical(np.where(np.arange(adata.n_obs) < 80, "first", "second"))
    shown.pipeline.color = "mine"
    until(lambda: shown.color.findData("mine") >= 0)
    until(lambda: "second" in shown.legend.text())
    until(lambda: len(np.unique(shown.scene.cells.face_color, axis=0)) == 2)


def test_other_cells_are_told_and_read_by_a_button(shown, adata, until):
    adata._inplace_subset_obs(np.arange(adata.n_obs) % 2 == 0)
    shown.pipeline.look()
    until(lambda: "100 cells now, 200 then" in shown.message.text())
    assert not shown.refresh.isHidden()
    assert len(shown.scene.cells.data) == 200
    shown.refresh.click()
    until(lambda: len(shown.scene.cells.data) == 100)
    settle(shown, until)
    assert shown.refresh.isHidden()
    assert list(shown.scene.cells.features["cell"]) == list(adata.obs_names)
    assert len(shown.scene.arrows.data) > 0
