"""Nothing imports upwards or sideways, and each layer knows only the libraries it may know."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "velowidget"

MAY_IMPORT = {
    "core": {"core"},
    "plugins": {"plugins"},
    "kernels": {"core", "kernels", "plugins"},
    "preprocessing": {"core", "kernels", "preprocessing"},
    "datasets": {"datasets", "kernels", "plugins", "preprocessing"},
    "pipeline": {"core", "kernels", "pipeline", "plugins"},
    "plotting": {"core", "kernels", "plotting", "plugins"},
    "widget": {"core", "kernels", "pipeline", "plotting", "widget", "plugins"},
    "napari_plugin": {"core", "kernels", "datasets", "pipeline", "plotting", "napari_plugin", "plugins"},
}
FACES = ("widget", "napari_plugin")
THE_FIELDS_OWN = {"numpy", "scipy", "numba"}
MAY_KNOW = {
    "core": THE_FIELDS_OWN,
    "plugins": set(),
    "kernels": THE_FIELDS_OWN | {"anndata", "pandas", "h5py", "tqdm", "cellrank"},
    "preprocessing": THE_FIELDS_OWN | {"anndata", "pandas", "scanpy"},
    "datasets": THE_FIELDS_OWN | {"anndata", "pandas", "scanpy", "pooch", "sklearn"},
    "pipeline": {"numpy", "anndata", "traitlets"},
    "plotting": {"numpy", "scipy", "matplotlib"},
    "widget": {"numpy", "anndata", "traitlets", "anywidget", "ipywidgets"},
    "napari_plugin": {"numpy", "pandas", "anndata", "zarr", "matplotlib", "traitlets", "napari", "qtpy"},
}


def imports(path: Path):
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def violations(layer: str, modules):
    for module in modules:
        top, *rest = module.split(".")
        if top == "velowidget":
            if not rest or rest[0] not in MAY_IMPORT[layer]:
                yield module
        elif top not in MAY_KNOW[layer] | sys.stdlib_module_names:
            yield module


@pytest.mark.parametrize("layer", MAY_IMPORT)
def test_layer_imports_only_what_it_may(layer):
    files = sorted((ROOT / layer).rglob("*.py"))
    assert files
    found = {str(f.relative_to(ROOT)): bad for f in files if (bad := list(violations(layer, imports(f))))}
    assert not found


def computes(modules):
    """Names of core besides constants, which are in capitals."""
    return [
        module for module in modules if module.startswith("velowidget.core") and not module.split(".")[-1].isupper()
    ]


@pytest.mark.parametrize("face", FACES)
def test_faces_compute_nothing(face):
    assert computes(["velowidget.core.softmax.row_softmax", "velowidget.core.similarity.SCHEMES"]) == [
        "velowidget.core.softmax.row_softmax"
    ]
    found = {path.name: bad for path in (ROOT / face).rglob("*.py") if (bad := computes(imports(path)))}
    assert not found


def test_every_folder_is_a_known_layer():
    folders = {p.name for p in ROOT.iterdir() if p.is_dir() and any(p.glob("*.py"))}
    assert folders == set(MAY_IMPORT)


@pytest.mark.parametrize(
    ("layer", "module"),
    [
        ("core", "velowidget.kernels.velocity"),
        ("core", "anndata.AnnData"),
        ("plugins", "velowidget.kernels.velocity"),
        ("plugins", "numpy"),
        ("kernels", "velowidget.pipeline.jobs"),
        ("kernels", "velowidget.preprocessing.velocity"),
        ("pipeline", "velowidget.plotting.palettes"),
        ("pipeline", "anywidget"),
        ("widget", "scanpy"),
        ("plotting", "velowidget.pipeline"),
    ],
)
def test_a_wrong_import_would_be_found(layer, module):
    assert list(violations(layer, [module])) == [module]
