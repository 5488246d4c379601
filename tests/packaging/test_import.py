"""Importing the package is cheap: everything heavy is loaded when it is first used."""

from __future__ import annotations

import subprocess
import sys

import pytest

import velowidget

HEAVY = (
    "numba",
    "scanpy",
    "matplotlib",
    "anywidget",
    "ipywidgets",
    "anndata",
    "numpy",
    "scipy",
    "napari",
    "qtpy",
    "dask",
)


def test_import_loads_nothing_heavy():
    code = f"import sys, velowidget; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_can_be_had():
    for name in velowidget.__all__:
        assert getattr(velowidget, name) is not None
    assert set(velowidget.__all__) <= set(dir(velowidget))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="VelocityWidgit"):
        velowidget.VelocityWidgit  # noqa: B018
