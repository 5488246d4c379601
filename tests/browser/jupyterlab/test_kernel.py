"""A kernel that is gone, or busy."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.shown import canvas, control, other_pixels, pixels, settled, slider


def banner(notebook):
    return notebook.page.locator(".velowidget .vw-banners [role=alert]")


def restarted(notebook):
    notebook.page.evaluate("void window.jupyterapp.commands.execute('kernelmenu:restart')")
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()


def killed(notebook):
    os.kill(notebook.python("__import__('os').getpid()"), signal.SIGKILL)
    notebook.page.locator(".jp-Dialog .jp-mod-accept").click()  # of JupyterLab's own message


def shut_down(notebook):
    notebook.page.evaluate("window.jupyterapp.commands.execute('kernelmenu:shutdown')")
    slider(notebook).press("ArrowRight")


def stopped_elsewhere(notebook):
    notebook.stop_kernel()
    slider(notebook).press("ArrowRight")


@pytest.mark.parametrize("end", [restarted, killed, shut_down, stopped_elsewhere])
def test_a_kernel_that_is_gone_is_told_and_the_picture_still_moves(shown, end):
    page = shown.page
    end(shown)
    expect(banner(shown)).to_contain_text(
        "The kernel has stopped or was restarted. Run the cell again.", timeout=20_000
    )
    for name in ("scheme", "direction", "basis", "color", "field"):
        expect(control(shown, name)).to_be_disabled()
    expect(slider(shown)).to_be_disabled()
    assert "kernel has stopped" in page.locator(".velowidget .vw-side .vw-parameters").get_attribute("title")
    expect(control(shown, "point size", "slider")).to_be_enabled()
    expect(page.get_by_role("button", name="Random walks")).to_have_attribute("aria-disabled", "true")
    before = pixels(shown)
    page.get_by_role("button", name="zoom in").click()
    other_pixels(shown, before)
    page.get_by_role("button", name="export").click()
    expect(page.get_by_role("button", name="Arrows of the cells")).to_have_attribute("aria-disabled", "true")
    with page.expect_download():
        page.get_by_role("button", name="PNG", exact=True).click()
    if end is restarted:
        shown.run_all()
        expect(banner(shown)).to_have_count(0, timeout=180_000)
        canvas(shown).wait_for(timeout=180_000)
        expect(slider(shown)).to_be_enabled()


def test_a_busy_kernel_is_not_gone(shown):
    shown.execute_unawaited("import ctypes; ctypes.PyDLL(None).sleep(9)")  # keeps the interpreter's lock
    shown.page.wait_for_timeout(500)
    slider(shown).press("ArrowRight")
    said = shown.page.locator(".velowidget .vw-status")
    expect(said).to_contain_text("Waiting for the kernel: it is busy", timeout=8_000)
    expect(banner(shown)).to_have_count(0)
    expect(slider(shown)).to_be_enabled()
    expect(said).to_have_count(0, timeout=15_000)
    settled(shown)
    expect(banner(shown)).to_have_count(0)
