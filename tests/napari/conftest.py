"""A real napari viewer, drawn by a real (software) OpenGL on an X server without a screen."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.napari import display as machine

os.environ["NAPARI_CONFIG"] = ""  # no settings are read or written
os.environ.setdefault("MPLBACKEND", "agg")  # matplotlib would draw in Qt, too, once it is there

PANCREAS = Path(__file__).resolve().parents[3] / "shared" / "data" / "pancreas.h5ad"


def unable(reason):
    """Skip, or fail where everything must be tested."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"NO NAPARI: {reason}")


@pytest.fixture(scope="session")
def qt():
    """Qt's application, on an X server of its own."""
    if gone := machine.missing():
        unable(f"without {', '.join(gone)} nothing can be drawn. {machine.HINT}")
    try:
        from qtpy.QtWidgets import QApplication
    except ImportError as error:
        unable(f"{error}. Install it: pip install 'velowidget[dev]'")
    os.environ["DISPLAY"], os.environ["QT_QPA_PLATFORM"] = machine.start(), "xcb"
    return QApplication([])


@pytest.fixture(scope="session")
def plugin(qt):
    """Our manifest, known to napari: as it is here, whether or not it is installed."""
    import npe2

    import velowidget

    manager = npe2.PluginManager.instance()
    if "velowidget" not in manager:
        manager.register(npe2.PluginManifest.from_file(Path(velowidget.__file__).parent / "napari.yaml"))
    return manager


@pytest.fixture
def viewer(plugin, caplog):
    """A window, closed at the end; nothing of ours may fail unseen, or outlive it."""
    import napari

    from velowidget.napari_plugin import scene

    viewer = napari.Viewer()
    viewer.window.resize(1100, 800)
    yield viewer
    viewer.close()
    assert not [record.getMessage() for record in caplog.records if record.name.startswith("velowidget")]
    assert not scene._scenes


@pytest.fixture
def until(qt):
    """Let Qt work until something holds."""

    def until(condition, seconds=20):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s"
            qt.processEvents()
        qt.processEvents()

    return until


@pytest.fixture(scope="session")
def pancreas():
    """The public pancreas file; for reading only."""
    if not PANCREAS.exists():
        pytest.skip("needs ../shared/data/pancreas.h5ad, which is not here")
    return PANCREAS
