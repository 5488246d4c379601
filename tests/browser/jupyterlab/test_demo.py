"""``velowidget demo`` as a newcomer meets it: an empty home, the packaged notebook, no questions asked."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.browser.lab import ROOT, free_port


@pytest.fixture
def demo(tmp_path):
    """The address that ``velowidget demo`` prints."""
    home = tmp_path / "home"
    home.mkdir()
    fresh = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "IPYTHON"))}
    arguments = ["demo", "--no-browser", "--port", str(free_port())]
    server = subprocess.Popen(
        [sys.executable, "-c", "from velowidget.cli import main; main()", *arguments],
        env={**fresh, "HOME": str(home), "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield next(found[0] for line in server.stdout if (found := re.search(r"http://\S+token=\w+", line)))
    finally:
        server.send_signal(signal.SIGTERM)
        server.communicate(timeout=30)


def test_demo_opens_the_notebook_and_its_cells_run(demo, browser, tmp_path):
    assert demo.startswith("http://127.0.0.1:")
    page = browser.new_page(viewport={"width": 1200, "height": 4000})  # JupyterLab drops what is out of sight
    page.goto(demo)
    page.wait_for_function("document.querySelectorAll('.jp-Cell').length > 5")
    page.get_by_text("| Idle").wait_for(timeout=180_000)  # the kernel has started
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.locator(".velowidget .vw-deck canvas")).to_have_count(2, timeout=90_000)
    expect(page.locator(".jp-Dialog, .Toastify__toast")).to_have_count(0)  # no news, no question
    page.close()
    assert (tmp_path / "velowidget-demo" / "01_first_look.ipynb").exists()
