"""What is published holds the bundle, within its budget, and works where there is no Node and no checkout."""

from __future__ import annotations

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = "velowidget/widget/static"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    """A folder with the sdist, and the wheel that is made of it without Node."""
    out = tmp_path_factory.mktemp("dist")
    unpacked = tmp_path_factory.mktemp("unpacked")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(out)]
    subprocess.run([*build, "-t", "sdist"], cwd=ROOT, check=True)
    shutil.unpack_archive(next(out.glob("*.tar.gz")), unpacked)
    (source,) = unpacked.iterdir()
    subprocess.run([*build, "-t", "wheel"], cwd=source, check=True, env={**os.environ, "PATH": ""})
    return out


def test_wheel_holds_the_bundle_within_its_budget(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        widget, style, view = (wheel.read(f"{STATIC}/{name}") for name in ("widget.js", "widget.css", "view.js"))
        names = wheel.namelist()
    assert b"initialize" in widget
    assert b".velowidget" in style
    assert len(widget) <= 1_000_000
    assert len(gzip.compress(widget)) <= 300_000
    assert 0 < len(view) < 2_048
    assert "velowidget/examples/01_first_look.ipynb" in names
    assert "velowidget/plugins/builtin.toml" in names
    assert "velowidget/napari.yaml" in names
    assert "velowidget/lab/labconfig/default_setting_overrides.json" in names
    assert not [name for name in names if name.startswith(("tests", "js/"))]


def test_sdist_holds_the_bundle_and_its_sources(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as sdist:
        names = [name.split("/", 1)[1] for name in sdist.getnames() if "/" in name]
    for name in (f"{STATIC}/widget.js", f"{STATIC}/widget.css", f"{STATIC}/view.js", "js/src/index.ts", "LICENSE"):
        assert name in names
    assert not [name for name in names if "node_modules" in name]


def test_wheel_works_in_an_empty_environment(built, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    no_node = {**os.environ, "PATH": str(python.parent), "HOME": str(tmp_path), "PYTHONPATH": ""}
    install = [str(python), "-m", "pip", "install", "--quiet", str(next(built.glob("*.whl")))]
    subprocess.run(install, check=True, env=no_node, cwd=tmp_path)
    code = (
        "import velowidget; adata = velowidget.datasets.bifurcation(n_cells=300, n_genes=60)\n"
        "w = velowidget.VelocityWidget(adata); w.wait()\n"
        "print(velowidget.__file__, len(w._esm), w.kernel.transition_matrix.shape)"
    )
    done = subprocess.run(
        [str(python), "-c", code], check=True, env=no_node, cwd=tmp_path, capture_output=True, text=True
    )
    where, size, *shape = done.stdout.split(maxsplit=2)
    assert Path(where).is_relative_to(tmp_path)
    assert int(size) > 100_000
    assert shape == ["(300, 300)\n"]
    gui = "import importlib.util as u; print([m for m in ('napari', 'qtpy', 'PyQt6', 'PySide6') if u.find_spec(m)])"
    assert subprocess.check_output([str(python), "-c", gui], env=no_node, cwd=tmp_path, text=True).strip() == "[]"
    demo = subprocess.run([python.with_name("velowidget"), "demo"], env=no_node, cwd=tmp_path, capture_output=True)
    assert demo.returncode == 1
    assert b'pip install "velowidget[lab]"' in demo.stderr
