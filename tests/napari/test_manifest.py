"""The manifest: what npe2 checks, and what it misses."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import velowidget

ROOT = Path(velowidget.__file__).parent
MANIFEST = ROOT / "napari.yaml"
QT = {"PyQt5", "PyQt6", "PySide2", "PySide6", "PyQt6-Essentials", "PySide6-Essentials"}

npe2 = pytest.importorskip("npe2", reason="NO NAPARI: install it with pip install 'velowidget[dev]'")


@pytest.fixture(scope="module")
def manifest():
    return npe2.PluginManifest.from_file(MANIFEST)


def commands_used(contributions):
    """Every command that a contribution names."""
    for kind in (contributions.readers, contributions.widgets, contributions.sample_data):
        yield from (each.command for each in kind or ())
    for items in (contributions.menus or {}).values():
        yield from (item.command for item in items)


def test_npe2_finds_it_valid():
    done = subprocess.run(
        [sys.executable, "-m", "npe2", "validate", "--imports", str(MANIFEST)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid" in done.stdout


def test_every_command_that_is_used_is_declared_and_the_other_way_round(manifest):
    declared = [command.id for command in manifest.contributions.commands]
    assert len(declared) == len(set(declared))
    assert set(commands_used(manifest.contributions)) == set(declared)


def test_every_python_name_can_be_imported(manifest, qt):
    for command in manifest.contributions.commands:
        module, name = command.python_name.split(":")
        assert callable(getattr(import_module(module), name))


def test_menus_and_kinds_are_known_to_napari(manifest):
    import yaml
    from napari._app_model.constants import MenuId
    from npe2.manifest.contributions import ContributionPoints

    written = yaml.safe_load(MANIFEST.read_text())
    assert set(written) <= set(npe2.PluginManifest.model_fields)
    assert set(written["contributions"]) <= set(ContributionPoints.model_fields)
    known = {menu.value for menu in MenuId.contributables()}
    assert set(manifest.contributions.menus) <= known


def test_entry_point_names_the_top_package():
    """A module inside a package would import the package when napari starts."""
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["napari.manifest"] == {manifest_name(): "velowidget:napari.yaml"}
    assert manifest_name() == project["name"]


def manifest_name():
    return npe2.PluginManifest.from_file(MANIFEST).name


def test_no_qt_binding_is_chosen_for_the_user():
    project = tomllib.loads((ROOT.parent / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    for group in (project["dependencies"], extras["napari"]):
        assert not [item for item in group if any(item.startswith(qt) for qt in QT) or "napari[" in item]
    assert not [item for item in project["dependencies"] if item.startswith(("napari", "qtpy", "npe2", "magicgui"))]
    for path in (ROOT / "napari_plugin").glob("*.py"):
        modules = {
            name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert not modules & QT, path


def test_reading_a_file_needs_no_qt():
    code = "import sys, velowidget.napari_plugin.reader, velowidget.napari_plugin.sample\n"
    code += "print([m for m in ('napari', 'qtpy', 'PyQt6', 'PySide6') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
