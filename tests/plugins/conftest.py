"""Plugins made on the spot, installed as pip would: a package and its entry point on a path of their own."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from velowidget.plugins.registry import GROUP, Registry


class Site:
    """A folder of packages that Python finds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def install(self, name: str, manifest: str | None, module: str = "", value: str | None = None) -> str:
        """Install a plugin of this name; returns its package's."""
        package = name.replace("-", "_")
        home = self.folder / package
        home.mkdir()
        (home / "__init__.py").write_text(module)
        if manifest is not None:
            (home / "plugin.toml").write_text(manifest)
        info = self.folder / f"{package}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        value = value or f"{package}:plugin.toml"
        (info / "entry_points.txt").write_text(f"[{GROUP}]\n{name} = {value}\n")
        importlib.invalidate_caches()
        return package

    def entry_points(self):
        found = (d.entry_points.select(group=GROUP) for d in distributions(path=[str(self.folder)]))
        return sorted((point for points in found for point in points), key=lambda point: point.name)

    def registry(self) -> Registry:
        return Registry(self.entry_points)


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield Site(tmp_path)
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
