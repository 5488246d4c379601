"""A real JupyterLab and a real Chromium.

``lab`` is one JupyterLab for all tests, on loopback, with a home and settings of its own. ``notebook`` opens a new
notebook in it: ``notebook.open([cell, cell, ...])`` writes, opens and runs it; ``notebook.page`` is Playwright's page;
``notebook.python(expression)`` evaluates an expression in the notebook's own kernel, beside the front end;
``notebook.theme("dark")`` changes the theme; ``shown`` is a notebook that shows simulated cells. No request may
leave this machine, and no error of the page may go uncaught. After a failure a screenshot is in ``test-artifacts/``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.lab import ROOT, Lab, Notebook, chromium, jupyterlab
from tests.browser.shown import SHOW, SIMULATED, canvas, settled

ARTIFACTS = ROOT / "test-artifacts"


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


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        if browser is None and os.environ.get("CI") == "true":
            pytest.fail("No Chromium: install one (apt install chromium).")
        if browser is None:
            pytest.skip("NO CHROMIUM: nothing was tested in a browser. Install one: apt install chromium")
        yield browser


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Lab]:
    with jupyterlab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Notebook:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    notebook = Notebook(lab, page)
    yield notebook
    notebook.close()
    page.close()
    assert notebook.left_machine == []
    assert notebook.page_errors == []


@pytest.fixture
def shown(notebook: Notebook) -> Notebook:
    notebook.open([SIMULATED, SHOW])
    canvas(notebook).wait_for(timeout=60_000)
    settled(notebook)
    return notebook
