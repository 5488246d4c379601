"""The example of a plugin, installed into an environment of its own, in a real JupyterLab."""

from __future__ import annotations

import json
import subprocess
import sysconfig
import venv

import nbformat
from playwright.sync_api import expect

from tests.browser.lab import ROOT
from tests.browser.shown import canvas, control, python_has, settled

ANGLE = "velowidget-example.angle"


def test_it_is_installed_found_and_used(notebook, tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    # What velowidget needs is not installed again; the plugin is.
    site = subprocess.check_output([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True)
    (tmp_path / "venv.pth").write_text(f"{sysconfig.get_path('purelib')}\n{ROOT}\n")
    (tmp_path / "venv.pth").rename(f"{site.strip()}/needed.pth")
    install = [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*install, str(ROOT / "examples" / "plugin")], check=True)
    command = [python, "-c", "from velowidget.cli import main; raise SystemExit(main())", "plugins"]
    assert ANGLE in subprocess.check_output([*command, "list"], text=True)
    validated = subprocess.check_output([*command, "validate", "velowidget-example"], text=True)
    assert validated == "velowidget-example: can be used\n"

    kernel = notebook.lab.runtime.parent / "data" / "kernels" / "fresh"
    kernel.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Fresh", "language": "python"}))
    cells = [
        "import sys, velowidget\nadata = velowidget.datasets.load('velowidget-example.ring')",
        "found = 'velowidget_example.panel' in sys.modules, 'velowidget_example.ring' in sys.modules",
        "w = velowidget.VelocityWidget(adata)\nw",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = {"name": "fresh", "display_name": "Fresh", "language": "python"}
    notebook.open_book(book)
    canvas(notebook).wait_for(timeout=120_000)
    assert notebook.python("sys.prefix") == str(tmp_path / "venv")
    assert notebook.python("found") == (False, True)  # what is not used is not imported

    settled(notebook)
    before = notebook.python("float(w.kernel.transition_matrix.max())")
    control(notebook, "scheme").select_option(label="angle")
    python_has(notebook, "w.scheme", ANGLE)
    settled(notebook)
    assert notebook.python("float(w.kernel.transition_matrix.max())") != before

    notebook.page.locator(".vw-dock-bar").get_by_role("button", name="Sureness").click()
    panel = notebook.page.get_by_role("region", name="Sureness")
    mean = "f'{w.kernel.transition_matrix.max(axis=1).toarray().mean():.3f}'"
    expect(panel).to_contain_text(f"a probability of {notebook.python(mean)} on average")
    expect(panel.locator("rect")).to_have_count(20)
    notebook.execute("w.softmax_scale = 3 * w.softmax_scale")
    settled(notebook)
    expect(panel).to_contain_text(f"a probability of {notebook.python(mean)} on average")
