"""Full disks, kills and damaged files: processes live on, old files stay whole, and nothing wrong is accepted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.files.writers import EXPORTERS, FIGURES, PLOTS

ROOT = Path(__file__).parents[2]
# Each is many times what it takes; a process that hangs is an error, not a slow one.
SECONDS = 600

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork, kill and limits of POSIX")


def run(script: str, *arguments: object) -> dict:
    environment = {**os.environ, "NUMBA_THREADING_LAYER": "workqueue"}  # the one that can be forked
    command = [sys.executable, "-m", f"tests.files.{script}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MB where one can be mounted, else a folder, for which files are limited in size."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        os.geteuid() == 0 and not subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", folder]).returncode
    )
    yield folder
    if mounted:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def quick_disk(tmp_path):
    """A disk in memory where there is one: what a process has written outlives its kill, so none is waited for."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


@pytest.mark.parametrize(
    "tries",
    [
        {"write": 300, **dict.fromkeys(EXPORTERS, 300)},
        {**dict.fromkeys(FIGURES, 60), **dict.fromkeys(PLOTS, 10)},
    ],
    ids=["data", "figures"],
)
def test_full_disks(small_disk, tries):
    found = run("disasters", "full_disk", small_disk, *(f"{name}:{count}" for name, count in tries.items()))
    assert {name: summary["refused"] for name, summary in found.items()} == {
        name: count * 9 // 10 for name, count in tries.items()
    }


def test_files_that_may_not_grow(tmp_path):
    found = run("disasters", "full_disk", tmp_path, "write:20", "arrows:20", "png:20")
    assert {summary["refused"] for summary in found.values()} == {18}


@pytest.mark.parametrize(
    "tries", [{"write": 200, **dict.fromkeys(EXPORTERS, 200)}, dict.fromkeys(FIGURES, 40)], ids=["data", "figures"]
)
def test_kills(quick_disk, tries):
    found = run("disasters", "kills", quick_disk, *(f"{name}:{count}" for name, count in tries.items()))
    assert list(found) == list(tries)
    for summary in found.values():
        assert summary["left"], "some were killed while they wrote"
        assert summary["replaced"], "and some had written before"


def test_damaged_files(tmp_path):
    found = run("damage", tmp_path, 0, 2000)
    found.pop("slowest in ms")
    assert sum(found.values()) == 2000
    assert found["refused with a right checksum"] > 500
    assert found.get("accepted", 0) < 200
