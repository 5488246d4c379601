"""The widget: the pipeline's parameters as synced traits, its results as messages."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, ClassVar

import anywidget
import numpy as np
import traitlets as t
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.kernels import Kernel
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.events import Changed, Computed, Event, Failed, Read, Status
from velowidget.pipeline.selection import checked_cells
from velowidget.pipeline.stages import FIELDS, STAGES, with_ancestors
from velowidget.pipeline.traits import DIAGNOSTICS, PARAMETERS, SETTINGS, with_parameters
from velowidget.plugins.registry import registry
from velowidget.widget import flow_messages, messages, panels
from velowidget.widget.protocol import Message, Request, decode
from velowidget.widget.reruns import Displays
from velowidget.widget.traits import SyncedTraits

_STATIC = pathlib.Path(__file__).parent / "static"
_FIRST_MESSAGES = (
    messages.reading,  # the browser forgets what it has of another
    messages.options,
    messages.choices,
    messages.cells,
    messages.clusters,
    messages.embedding,
    messages.color,
    messages.selection,
    flow_messages.groups,
    messages.notices,  # the last, which the browser waits for to show everything at once
)


class _Closed(RuntimeError):
    """A closed widget was used."""


@with_parameters
class VelocityWidget(SyncedTraits, anywidget.AnyWidget):
    """A live RNA-velocity Markov chain in the notebook.

    Shows the cells on an embedding with the projected velocity, and the controls of the kernel; every change, from the
    browser or from Python, is followed at once.

    Parameters
    ----------
    data
        Annotated data with velocities, expression, a neighbour graph and an embedding; never changed. Where it changes
        later: columns, colours and embeddings are read anew when they are next asked for; other cells, velocities or
        neighbours by `refresh`, and until then everything is of the data as they were.
        Or a kernel: a velocity kernel is tuned further from its own parameters; any other, such as
        ``0.8 * vk + 0.2 * ck`` or a :class:`velowidget.PrecomputedKernel`, is shown as it is.
    **settings
        First values of the traits, and `attr` as for :class:`velowidget.VelocityPipeline`.

    Attributes
    ----------
    {parameters}
    selection : array
        Indices of the selected cells, int32, ascending, read-only. Can be set to indices or to a mask.

    Raises
    ------
    TypeError
        If `data` is neither an AnnData nor a kernel, or a keyword is unknown or the given kernel's own. Every other
        problem is shown in the widget, and raised by `wait` and `kernel`.
    AttributeError
        On assigning to anything but a trait: a misspelt name, or what is chosen only when the widget is made.
    RuntimeError
        On using a closed widget, other than reading its traits.

    Examples
    --------
    >>> w = velowidget.VelocityWidget(velowidget.datasets.bifurcation())
    >>> w.softmax_scale = 20
    >>> w.kernel.transition_matrix
    """

    # As text: for a path, anywidget keeps every widget alive for as long as Python runs.
    _esm = (_STATIC / "widget.js").read_text(encoding="utf-8")
    _css = (_STATIC / "widget.css").read_text(encoding="utf-8")

    _fixed: ClassVar[tuple[str, ...]] = (*SETTINGS, "adata")
    _pipeline: VelocityPipeline | None = None
    _last: Mapping[str, Any]

    _ui = t.Dict(help="Camera and layout, private.").tag(sync=True, echo_update=False)
    _change = t.Unicode(help="The browser's last change of parameters, private.").tag(sync=True, echo_update=False)

    def __init__(self, data: AnnData | Kernel, **settings: Any) -> None:
        self._pipeline = VelocityPipeline(data, **settings)
        self._asked: dict[str, str] = {}
        self._selecting: str | None = None  # the message that is changing the selection
        self._answers = panels.Answers()
        self._noticed = self.pipeline.notices
        with self.pipeline.changing():
            super().__init__()
            self.pipeline.observe(self._follow, [*PARAMETERS, "selection"])
            self._stop_listening = self.pipeline.listen(self._hear)
            self._stop_following_plugins = registry.listen(self._follow_plugins)
        self._displays = Displays(self)
        self.on_msg(self._on_message)

    # -- for users ---------------------------------------------------------------------------------

    @property
    def pipeline(self) -> VelocityPipeline:
        """Where the parameters live and the results are computed."""
        if self._pipeline is None:
            raise _Closed("This widget is closed; make a new one: `velowidget.VelocityWidget(adata)`.")
        return self._pipeline

    @property
    def adata(self) -> AnnData:
        """The annotated data."""
        return self.pipeline.adata

    def refresh(self) -> None:
        """Read the data anew and compute what is shown; for data that have changed since the widget was made.

        Parameters that still make sense stay as they are, chosen cells are found by their names; a notice in the widget
        says what got its default. Errors of the new data are shown as those of the first.
        """
        self.pipeline.refresh()

    @property
    def kernel(self) -> Kernel:
        """An independent, computed kernel of the present parameters; waits for it. Arrays are shared and read-only.

        Its AnnData is `adata`; where other cells, velocities or neighbours are in this since, a copy of it as it was,
        with a warning.
        """
        return self.pipeline.kernel

    @property
    def flow(self) -> Any:
        """The flow as a DataFrame: of `cluster` over time if there is a `time_key`, else of all; waits for it.

        As from :meth:`velowidget.VelocityKernel.flow`; ``w.kernel.flow_null`` has the numbers to compare it with.
        """
        return self.pipeline.flow

    @property
    def walks(self) -> NDArray[np.int32]:
        """Random walks on the present chain, int32, shape (n_sims, n_steps + 1), read-only; waits for them.

        Numbers of cells: column 0 is the start, -1 follows the end.
        """
        return self.pipeline.walks

    @property
    def tally(self) -> Any:
        """In which clusters the walks end: a DataFrame with `arrivals`, `share`, `low` and `high` (Wilson, 95 %).

        Over the walks that ended in `stop_ixs`; without stops, over the last cells. Its ``attrs`` say which, and how
        many these are.
        """
        return self.pipeline.tally

    def wait(self, timeout: float | None = 60) -> None:
        """Return when everything asked for is computed and sent; never waits for the browser.

        Parameters
        ----------
        timeout
            Seconds; None waits without end.

        Raises
        ------
        TimeoutError
            If it takes longer.
        concurrent.futures.CancelledError
            If it was cancelled.
        Exception
            The stage's own error, if one failed.
        """
        self.pipeline.wait(timeout)

    def export(self, exporter: str, path: str | os.PathLike[str]) -> pathlib.Path:
        """Write what is computed to a file; see :meth:`velowidget.VelocityPipeline.export`."""
        return self.pipeline.export(exporter, path)

    def view(self, *panels: str) -> Any:
        """One panel or several by themselves, for another cell, in step with the widget and with each other.

        Parameters
        ----------
        panels
            ``'parameters'``, ``'embedding'``, ``'flow'``, ``'walks'``, or a plugin's.
        """
        from velowidget.widget.view import VelocityView

        self.pipeline.look()
        return VelocityView(self, panels)

    def close(self) -> None:
        """Stop computing, take the widget off the page, and let go of the data and results.

        The traits can still be read. Running a notebook's cell again closes the widgets that it had made and shown,
        once they are shown nowhere any more; any other widget stays until it is closed, whatever becomes of its name.
        """
        if self._pipeline is not None:  # Python also closes what was never made, and what is closed
            pipeline = self._pipeline
            self._last = {**pipeline.values(), "selection": pipeline.selection}
            self._stop_listening()
            self._stop_following_plugins()
            self._answers.close()
            pipeline.unobserve(self._follow, [*PARAMETERS, "selection"])
            pipeline.cancel()
            self._pipeline = None
        super().close()

    # -- parameters: they live on the pipeline ------------------------------------------------------

    def value_of(self, name: str) -> Any:
        """The value of a parameter; of a closed widget, the last one."""
        return self._last[name] if self._pipeline is None else getattr(self._pipeline, name)

    def hold_trait_notifications(self) -> Any:
        """Context manager: assign several parameters as one. If one of them is refused, none counts."""
        return self.pipeline.hold_trait_notifications()

    def _follow(self, change: Any) -> None:
        self._notify_trait(change.name, change.old, change.new)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take over values from the browser; one that is refused is explained there, and put back."""
        names = [name for name in sync_data if name in PARAMETERS]
        try:
            super().set_state(sync_data)
        except t.TraitError as error:
            self._post(messages.refusal(", ".join(names), error))
            self.send_state(list(PARAMETERS))
            if "color" in names or "layer" in names:  # the browser may show one that it remembers
                self._tell(messages.color)
        else:  # the browser is told how another spelling of a present value reads
            self.send_state([name for name in names if getattr(self, name) != sync_data[name]])
        if "_change" in sync_data:  # from now on, what Python says is about these values
            jobs = self.pipeline.jobs
            with jobs.outbox.in_order():
                self._post(messages.status(jobs.status, str(sync_data["_change"])))

    # -- messages ----------------------------------------------------------------------------------

    def _on_message(self, _widget: Any, content: Any, buffers: Any) -> None:
        try:
            asked = decode(content)
        except ValueError as error:
            self.log.warning("%s", error)
            return
        try:
            self._answer(asked, buffers)
        except Exception as error:  # nobody sees what a handler raises
            self._post(messages.problem(asked.kind, error, asked.id))

    def _answer(self, asked: Request, buffers: Any) -> None:
        match asked.kind:
            case "hello":
                with self._explaining("reading"):
                    self.pipeline.look()
                self._tell_all()
            case "refresh":
                self.pipeline.refresh()
            case "ping":
                self._post(messages.pong(asked.id))
            case "want":
                self._want(asked)
            case "release":
                self.pipeline.release(asked.fields["stage"])
            case "cancel":
                self.pipeline.cancel()
            case "resume":
                self.pipeline.compute()
            case "search":
                query, limit = asked.fields["query"], asked.fields["limit"]
                self._post(messages.matches(self.pipeline, query, limit, asked.id))
            case "panel":
                self._post(panels.javascript(asked))
            case "request":
                answer = partial(panels.answer, self.pipeline, asked, buffers)
                self._answers.submit(asked.fields["panel"], lambda: self._post(answer()))
            case "select":
                self._select(asked, buffers)
            case "shown":
                page = str(asked.id).partition("-")[0]
                self._displays.count(page, asked.fields["displays"])

    def _select(self, asked: Request, buffers: Any) -> None:
        inputs = self.pipeline.inputs
        if asked.fields["reading"] != inputs.number:  # numbers may be those of other cells
            self._tell(messages.selection)
            return
        self._selecting = asked.id
        try:
            self.pipeline.selection = checked_cells(np.frombuffer(buffers[0], dtype="<i4"), inputs.adata.n_obs)
        except (t.TraitError, ValueError, IndexError) as error:
            self._post(messages.refusal("selection", error))
        finally:
            self._selecting = None

    def _tell_all(self) -> None:
        with self.pipeline.jobs.outbox.in_order():
            for make in _FIRST_MESSAGES:
                self._tell(make)
            self.pipeline.jobs.replay(self._on_event)

    def _want(self, asked: Request) -> None:
        stage = asked.fields["stage"]
        if stage not in STAGES:
            self.log.warning("Unknown stage %r.", stage)
            return
        if asked.id is not None:
            self._asked[stage] = asked.id
        self.pipeline.want(stage)
        computed = self.pipeline.jobs.latest(stage)
        if computed is not None and stage in self._asked:
            self._on_event(computed)

    def _hear(self, event: Event) -> None:
        with suppress(_Closed):  # meanwhile, by another thread
            self._on_event(event)

    def _on_event(self, event: Event) -> None:
        match event:
            case Computed(stage="similarity"):
                self._tell(messages.automatic)
            case Computed(stage="diagnostics") if self.pipeline.color in DIAGNOSTICS:
                self._send_result(event)
                self._tell(messages.color)
            case Computed(stage="T"):
                self._send_result(event)
                self._tell_news()
            case Computed():
                self._send_result(event)
            case Failed():
                waiting = [stage for stage in self._asked if event.stage in _needs(stage)]
                asked: list[str | None] = [self._asked.pop(stage) for stage in waiting]
                for request in asked or [None]:
                    self._post(messages.failure(event, request))
            case Status():
                self._post(messages.status(event))
            case Read():
                self._tell_all()
            case Changed(name="data"):
                self._tell(messages.reading)
            case Changed(name="basis" | "components"):
                self._tell(messages.embedding)
            case Changed(name="color" | "layer"):
                self._tell(messages.color)
                self._tell_news()
            case Changed(name="selection"):
                self._post(messages.selection(self.pipeline, self._selecting))
            case Changed(name="palette"):
                self._tell_colors()
            case Changed(name="cluster_key" | "time_key"):
                self._tell(flow_messages.groups)
                self._tell_news()
            case Changed(name="field"):
                computed = self.pipeline.jobs.latest(FIELDS[self.pipeline.field])
                if computed is not None:  # for another field, and not sent then
                    self._on_event(computed)

    def _tell_colors(self) -> None:
        for make in (messages.color, messages.clusters, flow_messages.groups):
            self._tell(make)

    def _tell_news(self) -> None:
        """Notices, if there are others than were told."""
        if (noticed := self.pipeline.notices) != self._noticed:
            self._noticed = noticed
            self._tell(messages.notices)

    def _send_result(self, computed: Computed) -> None:
        # Arrows on a grid are made of those of the cells, which are many: they are sent when they are drawn.
        if computed.stage in self.pipeline.wanted:
            self._post(messages.result(computed, self._asked.pop(computed.stage, None)))

    def _follow_plugins(self) -> None:
        with self.pipeline.changing():  # its scheme may be another, or gone
            self._tell(messages.options)
            self._tell_colors()  # the palette, too

    def _tell(self, make: Callable[[VelocityPipeline], Message | None]) -> None:
        with self._explaining(make.__name__):
            self._post(make(self.pipeline))

    @contextmanager
    def _explaining(self, part: str) -> Iterator[None]:
        """Tell the browser why there is no such part, instead of ending what comes after it."""
        try:
            yield
        except Exception as error:
            self._post(messages.problem(part, error))

    def _post(self, message: Message | None) -> None:
        if message is not None and self.comm is not None:
            content, buffers = message
            self.send(content, buffers)

    def __repr__(self) -> str:
        if self._pipeline is None:
            return "VelocityWidget(closed)"
        return f"VelocityWidget({self.adata.n_obs} cells x {self.adata.n_vars} genes)"


def _needs(stage: str) -> set[str]:
    """Failures of these are failures of the stage."""
    return {"parameters", *(needed.name for needed in with_ancestors(stage))}
