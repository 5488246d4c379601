"""The notebook that begins with counts ends with arrows that move, in a real JupyterLab."""

from __future__ import annotations

import nbformat

from tests.browser.lab import ROOT
from tests.browser.shown import canvas, control, pixels, settled


def test_ten_lines_from_counts_to_moving_arrows(notebook):
    book = nbformat.read(ROOT / "examples" / "06_from_counts.ipynb", as_version=4)
    first = next(i for i, cell in enumerate(book.cells) if cell.cell_type == "code")
    lines = [line for line in book.cells[first].source.splitlines() if line]
    assert len(lines) <= 13  # three imports and ten lines
    book.cells = book.cells[: first + 1]
    notebook.open_book(book)
    canvas(notebook).wait_for(timeout=180_000)  # scanpy compiles its neighbours first
    settled(notebook)
    assert pixels(notebook) != pixels(notebook), "particles move"
    notebook.page.get_by_role("button", name="pause particles").click()
    control(notebook, "field").select_option("arrows")
    settled(notebook)
    with_arrows = pixels(notebook)
    control(notebook, "field").select_option("none")
    settled(notebook)
    assert pixels(notebook) != with_arrows
