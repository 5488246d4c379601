"""Notebooks in a real JupyterLab: one for all tests, on loopback, with a home and settings of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.lab import Lab, Notebook, jupyterlab


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[Lab]:
    with jupyterlab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture
def notebook(lab: Lab, browser: Browser) -> Iterator[Notebook]:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    notebook = Notebook(lab, page)
    yield notebook
    notebook.close()
    page.close()
    assert notebook.left_machine == []
    assert notebook.page_errors == []
