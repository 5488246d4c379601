"""Simulated cells for napari's menu of samples."""

from __future__ import annotations

from velowidget import datasets
from velowidget.napari_plugin.layers import LayerData, first_cells


def bifurcation() -> list[LayerData]:
    """Progenitors that choose one of two fates."""
    return [first_cells(datasets.bifurcation(), name="bifurcation")]


def cycle() -> list[LayerData]:
    """The cell cycle."""
    return [first_cells(datasets.cycle(), name="cycle")]
