"""Nothing imports upwards or in a circle, no module uses another's own names, and layers know few libraries."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

grimp = pytest.importorskip("grimp", reason="of the developers' tools, which the lowest dependencies are without")

PROJECT = Path(__file__).parents[2]
NAMES = Path(__file__).with_name("names.py")
THE_FIELDS_OWN = {"numpy", "scipy", "numba"}
MAY_KNOW = {
    "core": THE_FIELDS_OWN,
    "plugins": set(),
    "data": THE_FIELDS_OWN | {"anndata", "pandas", "h5py", "tqdm", "matplotlib"},
    "analyses": THE_FIELDS_OWN | {"anndata", "pandas"},
    "kernels": THE_FIELDS_OWN | {"anndata", "pandas", "h5py", "cellrank", "matplotlib"},
    "preprocessing": THE_FIELDS_OWN | {"anndata", "pandas", "scanpy"},
    "datasets": THE_FIELDS_OWN | {"anndata", "pandas", "scanpy", "pooch", "sklearn"},
    "pipeline": {"numpy", "scipy", "anndata", "traitlets"},
    "plotting": {"numpy", "scipy", "matplotlib"},
    "widget": {"numpy", "anndata", "traitlets", "anywidget", "ipywidgets"},
    "napari_plugin": {"numpy", "pandas", "anndata", "zarr", "matplotlib", "traitlets", "napari", "qtpy"},
}
# Each is a module of its own, and wrong in the way of its group.
IMPORTS = {
    "core.upwards": "from velowidget.kernels.velocity import VelocityKernel",
    "core.late": "def f():\n    import velowidget.pipeline",
    "plugins.upwards": "from velowidget.kernels import Kernel",
    "data.upwards": "from velowidget.kernels import Kernel",
    "analyses.upwards": "from velowidget.kernels.base import Kernel",
    "analyses.sideways": "import velowidget.plotting.walks",
    "kernels.upwards": "from velowidget.pipeline.jobs import Jobs",
    "plotting.upwards": "from velowidget.kernels import Kernel",
    "plotting.typed": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from velowidget.pipeline import VelocityPipeline"
    ),
    "pipeline.upwards": "from velowidget.widget.view import View",
    "widget.sideways": "import velowidget.napari_plugin.scene",
    "widget.computing": "from velowidget.core.softmax import row_softmax",
    "unknown.layer": "import math",
}
CIRCLE = {
    "core.one": "from velowidget.core.other import y",
    "core.other": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from velowidget.core import one\ny = 1"),
}
NAMED = {
    "core.text": 'name = "velowidget.plotting.walks"',
    "core.loads": 'from importlib import import_module\nwalks = import_module("velo" + "widget.plotting.walks")',
    "core.loads_otherwise": 'import importlib\nwalks = importlib.import_module(f"{__package__}.walks")',
    "kernels.registry": 'home = "velowidget.plotting.walks:draw_walks"',
    "kernels.whole": "from velowidget import VelocityPipeline",
    "pipeline.private_import": "from velowidget.core.softmax import _softmax",
    "pipeline.private_method": "def f(kernel):\n    return kernel._check_size()",
    "pipeline.private_attribute": "def f(widget):\n    widget.pipeline._refused = {}",
    "plotting.private_function": "from velowidget.core import softmax\nf = softmax._softmax",
}


@pytest.mark.parametrize("layer", MAY_KNOW)
def test_layers_know_the_libraries_that_they_may(layer):
    graph = grimp.build_graph("velowidget", include_external_packages=True, cache_dir=None)
    modules = graph.find_descendants(f"velowidget.{layer}") | {f"velowidget.{layer}"}
    assert len(modules) > 1
    known = set().union(*map(graph.find_modules_directly_imported_by, modules))
    libraries = {name.split(".")[0] for name in known} - {"velowidget"} - sys.stdlib_module_names
    assert libraries <= MAY_KNOW[layer]


def test_every_folder_is_a_known_layer():
    folders = {p.name for p in (PROJECT / "velowidget").iterdir() if p.is_dir() and any(p.glob("*.py"))}
    assert folders == set(MAY_KNOW)


def with_modules(tmp_path, added):
    """A copy of the project's code with further modules."""
    python = shutil.ignore_patterns("static", "__pycache__")
    shutil.copytree(PROJECT / "velowidget", tmp_path / "velowidget", ignore=python)
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    for name, text in added.items():
        path = tmp_path / "velowidget" / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(f"{text}\n")
    return tmp_path


def lint_imports(project):
    """What the linter of imports says about a project, and whether it is content."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as main; main()", "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(project), "COLUMNS": "500"}
    run = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    return run.stdout, run.returncode == 0


def lint_names(folder):
    spec = importlib.util.spec_from_file_location("names", NAMES)
    names = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(names)
    return list(names.violations(folder / "velowidget"))


def test_the_linters_find_nothing_in_what_is_there():
    said, content = lint_imports(PROJECT)
    assert content, said
    assert lint_names(PROJECT) == []


def test_the_linter_finds_each_wrong_import(tmp_path):
    said, content = lint_imports(with_modules(tmp_path, IMPORTS))
    assert not content
    assert [name for name in IMPORTS if f"velowidget.{name.removesuffix('.layer')}" not in said] == []


def test_the_linter_finds_a_circle(tmp_path):
    said, content = lint_imports(with_modules(tmp_path, CIRCLE))
    assert not content
    assert "No cycles are allowed in velowidget.core." in said


def test_each_name_of_another_module_is_found(tmp_path):
    said = lint_names(with_modules(tmp_path, NAMED))
    files = [text.split(":")[0] for text in said]
    assert files == sorted(f"velowidget/{name.replace('.', '/')}.py" for name in NAMED)
