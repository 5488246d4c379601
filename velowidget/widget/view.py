"""One panel of a widget in another cell."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets as t

from velowidget.data.arguments import one_of
from velowidget.pipeline.assignments import Declared
from velowidget.plugins.registry import registry, require

_STATIC = pathlib.Path(__file__).parent / "static"


class VelocityView(Declared, anywidget.AnyWidget):
    """Panels of a :class:`velowidget.VelocityWidget`, by themselves; made by its `view` method.

    Holds no code and no data of its own: in the browser it asks for the widget and lets it draw here too.

    Parameters
    ----------
    widget
        The widget whose panels are shown.
    panels
        Their names.

    Raises
    ------
    ValueError
        If there is none, one is not known, or the data do not have what it requires.
    """

    # As text: for a path, anywidget keeps every view alive for as long as Python runs.
    _esm = (_STATIC / "view.js").read_text(encoding="utf-8")
    _css = (_STATIC / "widget.css").read_text(encoding="utf-8")  # a host may draw it in a shadow tree of its own

    widget = anywidget.WidgetTrait().tag(sync=True)
    panels = t.List(t.Unicode()).tag(sync=True)

    def __init__(self, widget: Any, panels: Sequence[str]) -> None:
        adata = widget.pipeline.inputs.adata  # a closed widget says so first
        known = registry.contributions("panels")
        if not panels:
            raise ValueError(f"Name at least one panel: {', '.join(map(repr, known))}.")
        names = [one_of("panel", panel, known) for panel in panels]
        for name in names:
            require(known[name], adata)
        super().__init__(widget=widget, panels=names)
