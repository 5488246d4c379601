"""A real Chromium, and what shows a widget in it.

``notebook`` runs cells and shows their widgets: ``notebook.open([cell, cell, ...])``; ``notebook.page`` is Playwright's
page; ``notebook.python(expression)`` evaluates an expression where the cells have run; ``notebook.theme("dark")``
changes the theme; ``shown`` is a notebook that shows simulated cells. Here it is a plain page with the widget's Python
side in this process (`plain.py`), which starts in no time; in ``jupyterlab/`` it is a notebook in a real JupyterLab,
for what depends on one. No request may leave this machine, and no error of the page may go uncaught. After a failure a
screenshot is in ``test-artifacts/``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.lab import ROOT, chromium
from tests.browser.plain import PlainPage
from tests.browser.shown import SHOW, SIMULATED, canvas, settled
from velowidget import VelocityPipeline, datasets

ARTIFACTS = ROOT / "test-artifacts"

expect.set_options(timeout=20_000)  # what comes at once on a quiet machine comes later on a busy one


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.failed and "notebook" in item.fixturenames:
        ARTIFACTS.mkdir(exist_ok=True)
        item.funcargs["notebook"].page.screenshot(path=ARTIFACTS / f"{item.name}.png")
    return report


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """What is compiled is so before a test waits for anything: on a busy machine that takes minutes."""
    pipeline = VelocityPipeline(datasets.bifurcation(n_cells=400, n_genes=80), color="support")
    for field in ("grid", "arrows", "stream", "particles"):
        pipeline.field = field
        pipeline.wait(None)
    assert len(pipeline.walks)
    assert len(pipeline.flow)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        if browser is None and os.environ.get("CI") == "true":
            pytest.fail("No Chromium: install one (apt install chromium).")
        if browser is None:
            pytest.skip("NO CHROMIUM: nothing was tested in a browser. Install one: apt install chromium")
        yield browser


@pytest.fixture
def notebook(browser: Browser) -> Iterator[PlainPage]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    with PlainPage(page).opened() as notebook:
        yield notebook
        page.close()
    assert notebook.left_machine == []
    assert notebook.page_errors == []
    assert notebook.kernel_errors == []


@pytest.fixture
def shown(notebook):
    notebook.open([SIMULATED, SHOW])
    canvas(notebook).wait_for(timeout=180_000)
    settled(notebook)
    return notebook
