"""A JupyterLab, a Chromium and notebooks in them, for tests and benchmarks."""

from __future__ import annotations

import ast
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client import BlockingKernelClient
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.chromium import find_chromium, graphics_flags

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing leaves this machine
]


@contextmanager
def chromium() -> Iterator[Browser | None]:
    """A running Chromium; None where there is none."""
    path = find_chromium()
    if path is None:
        yield None
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *graphics_flags()])
        yield browser
        browser.close()


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@dataclass
class Lab:
    """A running JupyterLab."""

    address: str
    token: str
    root: Path
    runtime: Path


@contextmanager
def jupyterlab(folder: Path) -> Iterator[Lab]:
    """A running JupyterLab on loopback, with home, settings and notebooks in `folder`; it is ended afterwards."""
    home, root = folder / "home", folder / "notebooks"
    home.mkdir()
    root.mkdir()
    port = free_port()
    token = secrets.token_hex(16)
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_CONFIG_PATH": str(ROOT / "velowidget" / "lab"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "PYTHONPATH": str(ROOT),
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={token}",
        "--ServerApp.shutdown_no_activity_timeout=1800",
        "--LabApp.expose_app_in_browser=True",
    ]
    with (home / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{address}/api?token={token}")
                break
            except (urllib.error.URLError, ConnectionError):
                assert server.poll() is None, (home / "server.log").read_text()
                time.sleep(0.2)
        else:
            raise RuntimeError(f"JupyterLab did not answer in a minute:\n{(home / 'server.log').read_text()}")
        yield Lab(address, token, root, home / "runtime")
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


class Notebook:
    """A notebook in the browser and its kernel."""

    def __init__(self, lab: Lab, page: Page) -> None:
        self.lab = lab
        self.page = page
        self.left_machine: list[str] = []
        self.page_errors: list[str] = []
        self._client: BlockingKernelClient | None = None
        self._is_dark = False
        page.on("request", self._watch)
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))

    def open(self, cells: list[str], *, run: bool = True) -> None:
        """Write a notebook with these cells, open it and run them all."""
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        self.open_book(book, run=run)

    def open_book(self, book: nbformat.NotebookNode, *, run: bool = True) -> None:
        """Open this notebook and run all of its cells."""
        name = f"test-{secrets.token_hex(4)}.ipynb"
        nbformat.write(book, self.lab.root / name)
        before = set(self.lab.runtime.glob("kernel-*.json"))
        self.page.goto(f"{self.lab.address}/doc/tree/{name}?token={self.lab.token}")
        self.page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=180_000)
        for _ in range(300):
            new = set(self.lab.runtime.glob("kernel-*.json")) - before
            if new and next(iter(new)).stat().st_size:
                break
            time.sleep(0.1)
        connection = new.pop()
        self._kernel = connection.stem.removeprefix("kernel-")
        self._client = BlockingKernelClient(connection_file=str(connection))
        self._client.load_connection_file()
        self._client.hb_channel.time_to_dead = 10  # a kernel on a busy machine is late, not dead
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)
        # Here nobody reads what the kernel publishes. Once the socket is full, the kernel keeps what is not read, and
        # its memory grows with every message.
        self._client.iopub_channel.stop()
        if run:
            self.run_all()

    def run_all(self) -> None:
        """Run all cells; returns when they have run."""
        self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")

    def python(self, expression: str, timeout: float = 300) -> Any:
        """Evaluate an expression in the kernel; its value must be a Python literal."""
        assert self._client is not None
        reply = self._client.execute(
            "", silent=True, user_expressions={"value": expression}, reply=True, timeout=timeout
        )
        value = reply["content"]["user_expressions"]["value"]
        if value["status"] != "ok":
            raise RuntimeError("\n".join(value["traceback"]))
        return ast.literal_eval(value["data"]["text/plain"])

    def execute(self, code: str, timeout: float = 300) -> None:
        """Run statements in the kernel, as a cell would."""
        assert self._client is not None
        reply = self._client.execute(code, reply=True, timeout=timeout)
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))

    def execute_unawaited(self, code: str) -> None:
        """Start statements in the kernel, as a cell would, and do not wait for them."""
        assert self._client is not None
        self._client.execute(code)

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme: 'light' or 'dark'."""
        theme = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}[name]
        self.page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        light = str(name == "light").lower()
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached", timeout=20_000)
        self.page.wait_for_timeout(500)  # style sheets load
        self._is_dark = name == "dark"

    def stop_kernel(self) -> None:
        """End the kernel, and hear of it no more."""
        if self._client is None:
            return
        self._client.stop_channels()
        self._client = None
        # The server would restart a kernel that ends by itself.
        address = f"{self.lab.address}/api/kernels/{self._kernel}?token={self.lab.token}"
        with suppress(urllib.error.HTTPError):  # it has ended, or is being restarted; it ends with the server
            urllib.request.urlopen(urllib.request.Request(address, method="DELETE"))

    def close(self) -> None:
        """End the kernel, and leave the theme, which the server keeps, as it was."""
        if self._is_dark:
            self.theme("light")
        self.stop_kernel()

    def _watch(self, request) -> None:
        if not request.url.startswith((self.lab.address, "data:", "blob:")):
            self.left_machine.append(request.url)
