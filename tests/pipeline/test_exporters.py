"""Exporters: what they write, and what becomes of the file that was there."""

from __future__ import annotations

import csv

import pytest

from tests.plugins.made import registered
from velowidget import VelocityPipeline
from velowidget.kernels import VelocityKernel
from velowidget.pipeline.exporters import inert

FORMULAS = [
    "=1+1",
    "+x",
    "-x",
    "@SUM(1)",
    "\t=x",
    "\r=x",
    "  =x",
    "\xa0=x",
    "＝x",
    "－x",
    "-",
    "+1-1",
    "-1 or so",
    "\n@x",
]
HARMLESS = ["-1.5", "+2", "-1e-5", " -.5 ", "a=b", "Beta+", "'=x", "", "AAACCT-1", "0", "é"]


@pytest.mark.parametrize("name", FORMULAS)
def test_formulas_are_texts(name):
    assert inert(name) == f"'{name}"


@pytest.mark.parametrize("name", HARMLESS)
def test_other_names_and_numbers_stay(name):
    assert inert(name) == name


def test_a_table_holds_no_formulas(adata, tmp_path):
    names = [*FORMULAS, *HARMLESS, 'a;=1+1,"b"']
    adata.obs_names = [*names, *adata.obs_names[len(names) :]]
    path = VelocityPipeline(adata).export("arrows", tmp_path / "arrows")
    with path.open(newline="", encoding="utf-8") as file:
        _, *rows = csv.reader(file)
    assert [row[0] for row in rows] == [inert(name) for name in adata.obs_names]
    assert not any(float(row[1]) != value for row, value in zip(rows, adata.obsm["X_umap"][:, 0], strict=True))
    # A program that separates by semicolons finds no cell that begins as a formula.
    with path.open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file, delimiter=";") for cell in row]
    assert not [cell for cell in cells if cell.startswith("=")]


def at_once(pipeline, path):
    raise RuntimeError("the plugin's")


def half_way(pipeline, path):
    path.write_text("half")
    raise RuntimeError("the plugin's")


def elsewhere(pipeline, path):
    path.with_name("elsewhere").write_text("whole")


@pytest.mark.parametrize("fails", [at_once, half_way, elsewhere])
def test_a_plugin_that_fails_leaves_the_old_file(pipeline, tmp_path, fails):
    entry = {"id": "mine.it", "title": "it", "command": "mine.it", "extension": ".csv"}
    command = {"id": "mine.it", "python_name": f"{__name__}:{fails.__name__}"}
    old = tmp_path / "file.csv"
    old.write_text("old")
    with (
        registered({"name": "mine", "commands": [command], "exporters": [entry]}),
        pytest.raises((RuntimeError, FileNotFoundError), match=r"the plugin's|No file was written"),
    ):
        pipeline.export("mine.it", old)
    assert old.read_text() == "old"
    assert list(tmp_path.iterdir()) == [old]


def test_our_exporters_leave_the_old_file(pipeline, tmp_path, monkeypatch):
    table, kernel = tmp_path / "a.csv", tmp_path / "k.velo"
    for path in (table, kernel):
        path.write_text("old")
    monkeypatch.setattr(VelocityKernel, "compute_projection", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pipeline.export("arrows", table)
    monkeypatch.setattr("velowidget.kernels.storage.dump", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pipeline.export("kernel", kernel)
    assert {path.read_text() for path in tmp_path.iterdir()} == {"old"}
    assert len(list(tmp_path.iterdir())) == 2
