"""A widget on a plain page: its Python side in this process and the real bundle, with no notebook between them.

What JupyterLab and a kernel do for widgets is done here in a few lines, with ipywidgets' own messages: `plain.html`
keeps the models, a WebSocket on loopback carries the messages, and one thread does the work of a kernel's main thread.
"""

from __future__ import annotations

import ast
import asyncio
import json
import struct
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from comm.base_comm import BaseComm, CommManager
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances
from playwright.sync_api import Page
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

PAGE = Path(__file__).with_name("plain.html")


class PlainPage:
    """Cells that are run in this process, and what they show on a page; to be used as :class:`.lab.Notebook` is."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.left_machine: list[str] = []
        self.page_errors: list[str] = []
        self.kernel_errors: list[str] = []
        self._main = ModuleType("__main__")
        self._kernel = ThreadPoolExecutor(1, thread_name_prefix="kernel")
        self._server = _Server(self._heard)
        self._comms = CommManager()
        page.on("request", self._watch)
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))

    @contextmanager
    def opened(self) -> Iterator[PlainPage]:
        """While it is, widgets that are made have their models on this page."""
        with (
            mock.patch("comm.create_comm", self._create_comm),
            mock.patch("comm.get_comm_manager", return_value=self._comms),
            self._server.running(),
        ):
            process, sys.modules["__main__"] = sys.modules["__main__"], self._main
            try:
                yield self
                self._kernel.submit(self._close_widgets).result(60)
            finally:
                sys.modules["__main__"] = process
                self._kernel.shutdown()

    def open(self, cells: list[str]) -> None:
        """Run these cells, and show the widgets that their last lines are."""
        self.page.goto(self._server.address)
        for cell in cells:
            self._kernel.submit(self._run, cell).result(300)

    def python(self, expression: str, timeout: float = 300) -> Any:
        """Evaluate an expression as a kernel would; its value must be a Python literal."""
        evaluate = lambda: repr(eval(expression, self._main.__dict__))  # noqa: E731
        return ast.literal_eval(self._kernel.submit(evaluate).result(timeout))

    def execute(self, code: str, timeout: float = 300) -> None:
        """Run statements, as a cell would."""
        self._kernel.submit(self._run, code).result(timeout)

    def execute_unawaited(self, code: str) -> None:
        """Start statements, as a cell would, and do not wait for them."""
        self._kernel.submit(self._run, code)

    def theme(self, name: str) -> None:
        """Change the page's theme: 'light' or 'dark'."""
        self.page.evaluate("name => { document.body.dataset.themeName = name }", name)
        self.page.locator(f".velowidget [data-theme={name}]").first.wait_for()

    def _run(self, cell: str) -> None:
        tree = ast.parse(cell)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<cell>", "exec"), self._main.__dict__)
        if last is None:
            return
        value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), self._main.__dict__)
        if isinstance(value, Widget):
            self._server.send({"kind": "display", "model": value.model_id})

    def _create_comm(self, *args: Any, **kwargs: Any) -> BaseComm:
        return _Comm(self._server.send, *args, **kwargs)

    def _close_widgets(self) -> None:
        for name in list(self._comms.comms):
            if (widget := _instances.get(name)) is not None:
                widget.close()

    def _heard(self, header: dict[str, Any], buffers: list[memoryview]) -> None:
        self._kernel.submit(self._handle, header, buffers)

    def _handle(self, header: dict[str, Any], buffers: list[memoryview]) -> None:
        comm = self._comms.comms.get(header["model"])
        try:
            if comm is not None:
                comm.handle_msg({"content": {"data": header["data"]}, "buffers": buffers})
        except Exception:
            self.kernel_errors.append(traceback.format_exc())
        self._server.send({"kind": "done", "id": header["id"]})

    def _watch(self, request: Any) -> None:
        if not request.url.startswith((self._server.address, "ws://127.0.0.1", "data:", "blob:")):
            self.left_machine.append(request.url)


class _Comm(BaseComm):
    """The Python side of one model."""

    def __init__(self, send: Callable[..., None], *args: Any, **kwargs: Any) -> None:
        self._send = send
        super().__init__(*args, **kwargs)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys) -> None:
        self._send({"kind": msg_type, "model": self.comm_id, "data": data}, buffers or [])


class _Server:
    """The page and its socket, on loopback, on a thread of their own."""

    def __init__(self, heard: Callable[[dict[str, Any], list[memoryview]], None]) -> None:
        self._heard = heard
        self._loop = asyncio.new_event_loop()
        self._socket: WebSocketHandler | None = None
        self._waiting: list[bytes] = []  # until the page listens
        (listening,) = bind_sockets(0, "127.0.0.1")
        self._listening = listening
        self.address = f"http://127.0.0.1:{listening.getsockname()[1]}/"

    @contextmanager
    def running(self) -> Iterator[None]:
        thread = threading.Thread(target=self._serve, name="page", daemon=True)
        thread.start()
        yield
        self._loop.call_soon_threadsafe(self._loop.stop)
        thread.join(20)

    def send(self, header: dict[str, Any], buffers: Any = ()) -> None:
        """Send a message to the page, from any thread."""
        parts = [bytes(memoryview(buffer).cast("B")) for buffer in buffers]
        head = json.dumps({**header, "sizes": list(map(len, parts))}, allow_nan=False).encode()
        frame = b"".join([struct.pack("<I", len(head)), head, *parts])
        self._loop.call_soon_threadsafe(self._post, frame)

    def _post(self, frame: bytes) -> None:
        if self._socket is None:
            self._waiting.append(frame)
        elif self._socket.ws_connection is not None:
            self._socket.write_message(frame, binary=True)

    def _serve(self) -> None:
        server = self

        class Index(RequestHandler):
            def get(self) -> None:
                self.write(PAGE.read_text())

        class Socket(WebSocketHandler):
            def open(self) -> None:
                server._socket = self
                for frame in server._waiting:
                    server._post(frame)
                server._waiting.clear()

            def on_message(self, frame: bytes) -> None:
                (length,) = struct.unpack_from("<I", frame)
                header = json.loads(frame[4 : 4 + length])
                at, buffers = 4 + length, []
                for size in header.pop("sizes"):
                    buffers.append(memoryview(frame)[at : at + size])
                    at += size
                server._heard(header, buffers)

        async def start() -> HTTPServer:
            web = HTTPServer(Application([("/", Index), ("/socket", Socket)], websocket_max_message_size=2**28))
            web.add_socket(self._listening)
            return web

        asyncio.set_event_loop(self._loop)
        web = self._loop.run_until_complete(start())
        self._loop.run_forever()
        web.stop()
        if self._socket is not None:
            self._socket.close()
        self._loop.run_until_complete(web.close_all_connections())
        self._loop.close()
