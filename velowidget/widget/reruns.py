"""Which widgets the page shows, and which are left over from an earlier run of their cell."""

from __future__ import annotations

import weakref
from typing import Any

_last_runs: dict[str, tuple[str, list[weakref.ref[Displays]]]] = {}  # by cell: the run, and what it made


class Displays:
    """How often each page shows a widget.

    Running a cell again makes a new widget, while notebooks keep the old one in their history. So the old one is
    closed when it has been shown, and no page shows it any more.

    Parameters
    ----------
    widget
        The widget; not kept alive.
    """

    def __init__(self, widget: Any) -> None:
        self._widget = weakref.ref(widget)
        self._of_page: dict[str, int] = {}
        self._is_replaced = False
        cell, run = _present_run(widget.comm)
        if cell:
            last, made = _last_runs.get(cell, ("", []))
            for earlier in made if last != run else ():
                if (displays := earlier()) is not None:
                    displays._is_replaced = True
                    displays._close_left_over()
            _last_runs[cell] = run, [*(made if last == run else ()), weakref.ref(self)]

    def count(self, page: str, number: int) -> None:
        """Take note of how often a page shows the widget now."""
        self._of_page[page] = number
        self._close_left_over()

    def _close_left_over(self) -> None:
        widget = self._widget()
        if widget is not None and self._is_replaced and self._of_page and not any(self._of_page.values()):
            widget.close()


def _present_run(comm: Any) -> tuple[str, str]:
    """The notebook's cell that is running, and which run of it; empty where the kernel does not know."""
    kernel = getattr(comm, "kernel", None)
    parent = kernel.get_parent() if kernel is not None and hasattr(kernel, "get_parent") else {}
    return parent.get("metadata", {}).get("cellId", ""), parent.get("header", {}).get("msg_id", "")
