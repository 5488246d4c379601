"""``velowidget demo`` up to the start of JupyterLab, where ``tests/browser/test_demo.py`` goes on; and ``plugins``."""

from __future__ import annotations

import os
import tomllib

import pytest
from jupyterlab.labapp import LabApp

from tests.plugins.made import scheme
from velowidget.cli import NOTEBOOK, main
from velowidget.plugins.manifest import parse_manifest
from velowidget.plugins.registry import Failure, Registry, registry


@pytest.fixture
def started(monkeypatch, tmp_path):
    """The arguments that JupyterLab was started with."""
    arguments: list[str] = []
    monkeypatch.setattr(LabApp, "launch_instance", arguments.extend)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.chdir(tmp_path)
    return arguments


def test_demo_copies_the_notebook_and_starts_on_loopback_only(started, tmp_path):
    assert main(["demo", "--port", "9999", "--no-browser"]) == 0
    assert (tmp_path / "velowidget-demo" / NOTEBOOK).stat().st_size > 0
    assert {"--ServerApp.ip=127.0.0.1", "--ServerApp.port=9999", "--ServerApp.open_browser=False"} <= set(started)
    assert not [argument for argument in started if "token" in argument or "password" in argument]


def test_demo_leaves_a_changed_notebook_alone(started, tmp_path):
    mine = tmp_path / "elsewhere" / NOTEBOOK
    mine.parent.mkdir()
    mine.write_text("mine")
    main(["demo", "--directory", "elsewhere"])
    assert mine.read_text() == "mine"
    assert f"--ServerApp.root_dir={mine.parent}" in started


def test_demo_without_jupyterlab_says_how_to_get_it(started, monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["demo"]) == 1
    assert 'pip install "velowidget[lab]"' in capsys.readouterr().err
    assert not started


@pytest.fixture
def plugins(monkeypatch):
    """The registry as it would be with one installed plugin, that can be used.

    It stays the same object: what the command imports for the first time meanwhile keeps it.
    """
    monkeypatch.setattr(registry, "__dict__", vars(Registry(lambda: ())))
    registry.register(parse_manifest(tomllib.loads(scheme("good", "json:loads")), "here"))
    return registry


def test_plugins_are_listed_with_what_they_contribute_and_who_was_left_out(plugins, capsys):
    assert main(["plugins", "list"]) == 0
    listed = capsys.readouterr().out
    assert "sample data  bifurcation" in listed
    assert "schemes      good.angle" in listed
    plugins._failures.append(Failure("bad", "The plugin 'bad' was left out. Why not."))
    assert main(["plugins", "list"]) == 1
    assert "'bad' was left out" in capsys.readouterr().err


def test_plugins_are_validated_by_importing_them(plugins, capsys, tmp_path):
    assert main(["plugins", "validate"]) == 0
    assert capsys.readouterr().out == "velowidget: can be used\ngood: can be used\n"
    plugins.register(parse_manifest(tomllib.loads(scheme("gone", "json:gone")), "here"))
    plugins._failures.append(Failure("bad", "The plugin 'bad' was left out. Why not."))
    assert main(["plugins", "validate", "good", "gone", "bad", "goood"]) == 1
    out, errors = capsys.readouterr()
    assert [line.partition(": ")[2] for line in out.splitlines()] == ["can be used", *["cannot be used"] * 3]
    assert all(words in errors for words in ("json:gone", "Why not", "did you mean 'good'"))
    plugins._failures[:] = [Failure("good", "There is a plugin 'good' already.")] * 2
    assert main(["plugins", "validate"]) == 1  # each once, and the one that was not left out, too
    out, errors = capsys.readouterr()
    assert [line.partition(":")[0] for line in out.splitlines()] == ["velowidget", "good", "gone"]
    assert errors.count("'good' already") == 2
    path = tmp_path / "plugin.toml"
    path.write_text("name = 3")
    assert main(["plugins", "validate", str(path)]) == 1
    assert "name = 3" in capsys.readouterr().err
