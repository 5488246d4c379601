"""The example of a plugin, as it lies in the checkout: it can be used, and does what it says."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from velowidget import VelocityPipeline, datasets, plugins
from velowidget.plugins.registry import check, registry

FOLDER = Path(__file__).parents[2] / "examples" / "plugin"
MANIFEST = FOLDER / "velowidget_example" / "plugin.toml"


@pytest.fixture(autouse=True)
def _example(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    take_out = plugins.register(MANIFEST)
    yield
    take_out()
    for name in [name for name in sys.modules if name.partition(".")[0] == "velowidget_example"]:
        del sys.modules[name]


def test_it_can_be_used_and_its_entry_point_leads_to_it():
    assert list(check("velowidget-example")) == []
    project = tomllib.loads((FOLDER / "pyproject.toml").read_text())["project"]
    package, _, file = project["entry-points"]["velowidget.manifest"]["velowidget-example"].partition(":")
    assert FOLDER / package / file == MANIFEST


def test_cells_of_the_ring_go_round_it_by_the_angle():
    adata = datasets.load("velowidget-example.ring", n_cells=200)
    pipeline = VelocityPipeline(adata, scheme="velowidget-example.angle")
    matrix = pipeline.kernel.transition_matrix.tocoo()
    phase = adata.obs["phase"].to_numpy()
    steps = np.angle(np.exp(1j * (phase[matrix.col] - phase[matrix.row])))
    ahead = np.bincount(matrix.row, weights=matrix.data * steps)
    assert (ahead > 0).mean() > 0.99


def test_the_angle_is_one_ahead_and_minus_one_behind():
    angle = registry.load("schemes", "velowidget-example.angle")
    p, s = angle(np.array([[1.0, 0]]), np.array([[2.0, 0], [0, 1], [-3, 0], [0, 0]]), 2.0)
    np.testing.assert_allclose(s, [1, 0, -1, 0], atol=1e-12)
    np.testing.assert_allclose(p, np.exp(2 * s) / np.exp(2 * s).sum())


def test_the_panel_counts_every_cell_once():
    pipeline = VelocityPipeline(datasets.load("velowidget-example.ring", n_cells=100))
    answer = registry.load("panels", "velowidget-example.sureness")
    payload, arrays = answer(pipeline, "histogram", {"bins": 20}, [])
    likeliest = pipeline.kernel.transition_matrix.toarray().max(axis=1)
    assert payload["mean"] == pytest.approx(likeliest.mean())
    assert arrays["counts"].tolist() == [((likeliest * 20).astype(int) == i).sum() for i in range(20)]
    with pytest.raises(ValueError, match="answers 'histogram'"):
        answer(pipeline, "other", None, [])


def test_readmes_name_what_there_is():
    shown = (FOLDER / "README.md").read_text() + (FOLDER.parents[1] / "README.md").read_text()
    ids = {
        entry.id
        for entries in registry.manifest("velowidget-example").contributions.values()
        for entry in entries.values()
    }
    named = set(re.findall(r"velowidget-example\.\w+", shown))
    assert named
    assert named <= ids
