"""`make` takes the newest Python that runs, or the one that it is given, each with an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs make, which is not here")


def script(path: Path, body: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def works(path: Path) -> Path:
    return script(path, f'exec "{sys.executable}" "$@"')


def fails(path: Path) -> Path:
    return script(path, "echo 'not found' >&2; exit 127")


@pytest.fixture
def tools(tmp_path):
    """A folder of what a Makefile needs, without any Python."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for tool in ("make", "sh", "find", "echo"):
        (tools / tool).symlink_to(shutil.which(tool))
    return tools


@pytest.fixture
def made(tmp_path, tools):
    """What `make` takes a variable for, in a home and on a path of the test's own."""

    def made(variable: str, *arguments: str, path: tuple[Path, ...] = (), **environment: object) -> str:
        return subprocess.check_output(
            ["make", "--silent", "--eval", f"show: ; @echo $({variable})", "show", *arguments],
            cwd=ROOT,
            env={"HOME": str(tmp_path), "PATH": os.pathsep.join(map(str, (*path, tools)))}
            | {name: str(value) for name, value in environment.items()},
            text=True,
        ).strip()

    return made


def test_the_newest_that_runs_is_taken_and_the_lowest_for_the_lowest_dependencies(made, tmp_path):
    for minor in (12, 11):
        works(tmp_path / "bin" / f"python3.{minor}")
    fails(tmp_path / "bin" / "python3.13")
    assert made("PYTHONS", path=(tmp_path / "bin",)) == "python3.12 python3.11"
    assert made("PYTHON", path=(tmp_path / "bin",)) == "python3.12"
    assert made("LOWEST_PYTHON", path=(tmp_path / "bin",)) == "python3.11"


@pytest.mark.parametrize("where", ["on the path", "in a variable", "at home"])
def test_a_managers_python_behind_its_stand_in_is_found(made, tmp_path, where):
    manager = tmp_path / {"at home": ".pyenv"}.get(where, "manager")
    fails(manager / "shims" / "python3.13")
    works(tmp_path / "bin" / "python3.11")
    behind = works(manager / "versions" / "3.13.0" / "bin" / "python3.13")
    path = (manager / "shims", tmp_path / "bin") if where == "on the path" else (tmp_path / "bin",)
    variables = {"PYENV_ROOT": manager} if where == "in a variable" else {}
    assert made("PYTHONS", path=path, **variables) == f"{behind} python3.11"


def test_where_there_is_one_python_it_is_newest_and_lowest(made, tmp_path):
    works(tmp_path / "bin" / "python3.14")
    for variable in ("PYTHON", "LOWEST_PYTHON"):
        assert made(variable, path=(tmp_path / "bin",)) == "python3.14"


def test_each_python_has_an_environment_of_its_own(made, tmp_path):
    folders = set()
    for version in ("3.11", "3.12", "3.14"):
        given = script(tmp_path / "bin" / f"python-{version}", f"echo {version}")
        folders.add(made("STAMP", f"PYTHON={given}"))
    assert folders == {f".venv/{version}/.installed" for version in ("3.11", "3.12", "3.14")}


@pytest.mark.parametrize(
    ("given", "said"),
    [(None, "No Python 3.11 to 3.14"), ("too old", "needs Python 3.11 or later"), ("not there", "not found")],
)
def test_what_cannot_be_used_is_refused_before_anything_is_made(tmp_path, tools, given, said):
    script(tmp_path / "too old", "exit 1")
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    done = subprocess.run(
        ["make", "lint", *([f"PYTHON='{tmp_path / given}'"] if given else [])],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": str(tools)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert said in done.stdout + done.stderr
    assert not (tmp_path / ".venv").exists()
