"""Every example runs from top to bottom, and is kept without its outputs."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


@pytest.fixture(params=EXAMPLES, ids=lambda path: path.stem)
def example(request):
    return nbformat.read(request.param, as_version=4)


def test_example_runs(example, tmp_path):
    NotebookClient(example, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = [o for cell in example.cells if cell.cell_type == "code" for o in cell.outputs]
    assert not [o.text for o in printed if o.output_type == "stream" and o.name == "stderr"]


def test_example_is_kept_without_outputs(example):
    code = [cell for cell in example.cells if cell.cell_type == "code"]
    assert not [cell for cell in code if cell.outputs or cell.execution_count]
