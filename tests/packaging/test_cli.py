"""``velowidget demo`` up to the start of JupyterLab; ``tests/browser/test_demo.py`` goes on from there."""

from __future__ import annotations

import os

import pytest
from jupyterlab.labapp import LabApp

from velowidget.cli import NOTEBOOK, main


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
