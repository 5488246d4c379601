"""Every example runs from top to bottom, uses public names only, and is kept without its outputs."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


@pytest.fixture(scope="module", autouse=True)
def _fonts_listed():
    import_module("matplotlib.font_manager")  # says so on stderr when it has to list the machine's fonts first


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request):
    return nbformat.read(request.param, as_version=4)


def test_example_runs(example, tmp_path, monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "1")  # where nothing is compiled yet there are bars of progress: no complaints
    monkeypatch.delenv("MPLBACKEND", raising=False)  # napari's tests may have set it; notebooks draw in their page
    NotebookClient(example, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = [o for cell in example.cells if cell.cell_type == "code" for o in cell.outputs]
    assert not [o.text for o in printed if o.output_type == "stream" and o.name == "stderr"]
    assert not list(tmp_path.iterdir()), "an example leaves the reader's folder as it was"


def test_example_uses_public_names(example):
    code = "\n".join(cell.source for cell in example.cells if cell.cell_type == "code")
    nodes = list(ast.walk(ast.parse(code)))
    names = [node.attr for node in nodes if isinstance(node, ast.Attribute)]
    names += [part for node in nodes if isinstance(node, ast.ImportFrom) for part in (node.module or "").split(".")]
    assert not [name for name in names if name.startswith("_")]


def test_example_is_kept_without_outputs(example):
    code = [cell for cell in example.cells if cell.cell_type == "code"]
    assert not [cell for cell in code if cell.outputs or cell.execution_count]
