"""Assignments: whatever is assigned, from Python or the browser, what is shown is what is computed with."""

from __future__ import annotations

import decimal
import fractions
import random
import signal
import sys
import threading
from contextlib import suppress

import numpy as np
import pytest
from traitlets import TraitError, dlink, link

from velowidget import VelocityPipeline
from velowidget.pipeline.traits import PARAMETERS
from velowidget.widget import VelocityWidget

TEXTS = ("scheme", "mode", "backward_mode", "basis", "color", "field", "palette", "cluster_key", "time_key", "cluster")
FLAGS = ("auto_scale", "backward", "honest")
WHOLE = ("n_samples", "n_sims", "successive_hits", "seed", "step")
NUMBERS = (
    "smooth",
    "density",
    "arrow_length",
    "point_size",
    "opacity",
    "min_flow",
    "softmax_scale",
    "max_iter",
    *WHOLE,
)
CELLS = ("start_ixs", "stop_ixs")


def same(one, other):
    return type(one) is type(other) and (np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other)


def agrees(widget):
    """What must hold after each assignment: widget and pipeline have the same, and that is computed with."""
    pipeline = widget.pipeline
    with pipeline.changing():  # so that nothing is found in the background meanwhile
        for name in (*PARAMETERS, "selection"):
            assert same(getattr(widget, name), getattr(pipeline, name)), name
        assert widget.get_state(list(PARAMETERS)) == pipeline.values()


def computes(widget):
    """What must hold when all is computed."""
    widget.wait()
    agrees(widget)
    params = widget.kernel.params
    for name in ("softmax_scale", "scheme"):
        assert params[name] == getattr(widget, name), name
    assert (widget.softmax_scale == widget.pipeline.automatic_scale) or not widget.auto_scale
    assert widget.kernel.backward == widget.backward
    n_steps = (
        widget.max_iter if isinstance(widget.max_iter, int) else int(np.ceil(widget.max_iter * widget.adata.n_obs))
    )
    assert widget.walks.shape == (widget.n_sims, n_steps + 1)


def set_together(face, **values):
    with face.hold_trait_notifications():
        for name, value in values.items():
            setattr(face, name, value)


def cells_of(adata, rule):
    ((key, names),) = rule.items()
    return np.flatnonzero(adata.obs[key].isin(names))


# -- None ---------------------------------------------------------------------------------------------


@pytest.fixture
def half(widget):
    """A rule for cells, and the cells."""
    names = list(widget.adata.obs["clusters"].cat.categories[:1])
    return {"clusters": names}, cells_of(widget.adata, {"clusters": names})


def test_no_rule_for_starts_means_all_cells(widget, half):
    rule, cells = half
    widget.start_ixs = rule
    assert np.isin(widget.walks[:, 0], cells).all()
    widget.start_ixs = None
    agrees(widget)
    assert widget.start_ixs is None
    assert not np.isin(widget.walks[:, 0], cells).all()


def test_no_rule_for_stops_means_no_stops(widget, half):
    widget.stop_ixs = half[0]
    assert (widget.walks == -1).any()
    widget.stop_ixs = None
    agrees(widget)
    assert not (widget.walks == -1).any()


@pytest.mark.parametrize("name", CELLS)
def test_no_rule_from_the_browser(widget, half, name):
    widget.set_state({name: half[0]})
    assert getattr(widget, name) == half[0]
    widget.set_state({name: None})
    assert getattr(widget, name) is getattr(widget.pipeline, name) is None


NONE_IS_A_VALUE = ("softmax_scale", "layer", "vmin", "vmax", "vkey", "xkey", "gene_subset", "n_neighbors")


@pytest.mark.parametrize("name", [name for name in PARAMETERS if name not in (*CELLS, *NONE_IS_A_VALUE)])
def test_none_is_refused_where_it_means_nothing(widget, recorder, name):
    before = widget.pipeline.values()
    with pytest.raises(TraitError, match=name):
        setattr(widget, name, None)
    widget.set_state({name: None})
    assert recorder.last("error")[0]["trait"] == name
    assert widget.pipeline.values() == before
    agrees(widget)


def test_after_no_number_of_steps_all_still_works(widget, recorder):
    widget.set_state({"max_iter": None})
    widget.step = 7
    assert (widget.max_iter, widget.step, widget.walks.shape) == (100, 7, (200, 101))


# -- values of wrong kinds ------------------------------------------------------------------------------


class Odd:
    """Nothing can be done with it."""

    def __eq__(self, other):
        raise RuntimeError("not comparable")

    __hash__ = None

    def __bool__(self):
        raise RuntimeError("neither true nor false")

    def __repr__(self):
        raise RuntimeError("no text")


WRONG = {
    "a huge number": 10**400,
    "an endless number": 10**5000,
    "a huge negative number": -(10**400),
    "an array": np.array([1.0, 2.0]),
    "an array without axes": np.array(5),
    "no array": np.array([]),
    "a list": [1, 2],
    "a nested list": [[1, [2]]],
    "a mapping": {"a": 1},
    "text": "five",
    "an empty text": "",
    "NaN": float("nan"),
    "NumPy's NaN": np.float32("nan"),
    "infinity": float("inf"),
    "True": True,
    "NumPy's True": np.True_,
    "a complex number": 3j,
    "NumPy's complex number": np.complex64(1),
    "a decimal": decimal.Decimal("1"),
    "a fraction": fractions.Fraction(1, 2),
    "bytes": b"1",
    "a date": np.datetime64("2020-01-01"),
    "a function": len,
    "odd": Odd(),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_no_number_is_refused_with_a_plain_message(widget, recorder, name):
    before = widget.pipeline.values()
    for value in WRONG.values():
        with pytest.raises(TraitError, match=name) as refused:
            setattr(widget, name, value)
        assert len(str(refused.value)) < 300
        assert "truth value" not in str(refused.value)
        recorder.sent.clear()
        widget.set_state({name: value})
        content, _ = recorder.last("error")
        assert (content["trait"], name in content["message"]) == (name, True)
        assert widget.pipeline.values() == before
        agrees(widget)


@pytest.mark.parametrize("name", [*TEXTS, *FLAGS, "components", *CELLS, "selection"])
def test_values_of_wrong_kinds_change_nothing(widget, name):
    for value in WRONG.values():
        before, selection = widget.pipeline.values(), widget.selection
        try:
            setattr(widget, name, value)
        except TraitError:
            assert widget.pipeline.values() == before
            assert widget.selection is selection
        agrees(widget)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("kind", ["a huge number", "an array", "odd"])
def test_wrong_first_values_are_kept_and_shown(adata, recorder, name, kind):
    widget = VelocityWidget(adata, **{name: WRONG[kind]})
    with pytest.raises(TraitError, match=name):
        widget.wait()
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    assert name in recorder.last("error")[0]["message"]
    agrees(widget)
    setattr(widget, name, {"softmax_scale": 3.0, "max_iter": 5, "min_flow": 0.0}.get(name, 1))
    widget.wait()
    widget.close()


@pytest.mark.parametrize(
    ("name", "value", "read"),
    [
        ("n_sims", np.int64(7), 7),
        ("n_sims", 7.0, 7),
        ("softmax_scale", np.float32(3), 3.0),
        ("density", 2, 2.0),
        ("honest", np.False_, False),
        ("max_iter", np.float32(0.5), 0.5),
        ("max_iter", np.int32(5), 5),
        ("color", np.str_("clusters"), "clusters"),
        ("components", [np.int64(2), 1], [2, 1]),
    ],
)
def test_scalars_of_numpy_are_pythons(widget, name, value, read):
    setattr(widget, name, value)
    assert same(getattr(widget, name), read)
    agrees(widget)


def test_one_step_is_not_as_many_as_there_are_cells(widget):
    widget.max_iter = 1
    assert widget.walks.shape[1] == 2
    widget.max_iter = 1.0
    assert widget.walks.shape[1] == widget.adata.n_obs + 1
    widget.max_iter = 1
    assert widget.walks.shape[1] == 2


@pytest.mark.parametrize("components", [[True, 2], [1.0, 2], ["1", "2"], [1], [1, 1], [1, 10**400], {1, 2}])
def test_components_that_are_none(widget, components):
    widget.components = [1, 2]
    with pytest.raises(TraitError, match="components"):
        widget.components = components
    assert widget.components == widget.pipeline.components == [1, 2]
    agrees(widget)


def test_changing_what_was_read_changes_nothing(widget, half):
    widget.components, widget.start_ixs, widget.stop_ixs = [2, 1], {"clusters": list(half[0]["clusters"])}, [1, 2]
    widget.components.append(3)
    widget.start_ixs["clusters"].clear()
    widget.stop_ixs.append(10**9)
    assert (widget.components, widget.start_ixs, widget.stop_ixs) == ([2, 1], half[0], [1, 2])
    assert (widget.pipeline.components, widget.pipeline.start_ixs) == ([2, 1], half[0])


def test_another_spelling_from_the_browser_is_put_right_there(widget, monkeypatch):
    sent = []
    monkeypatch.setattr(widget, "_send", lambda message, buffers=None: sent.append(message))
    widget.set_state({"basis": "X_umap"})
    updates = [message["state"] for message in sent if message["method"] == "update"]
    assert {"basis": "umap"} in updates


# -- the softmax scale ----------------------------------------------------------------------------------


def test_the_automatic_scale_is_none_until_it_is_known(adata):
    pipeline = VelocityPipeline(adata)
    with pipeline.changing():
        first = VelocityPipeline(adata)
        assert first.softmax_scale is None
        assert first.auto_scale
    first.wait()
    assert first.softmax_scale == first.automatic_scale


def test_it_stays_none_where_it_cannot_be_computed(adata, recorder):
    del adata.layers["velocity"]
    widget = VelocityWidget(adata)
    with pytest.raises(KeyError):
        widget.wait()
    assert widget.softmax_scale is widget.get_state("softmax_scale")["softmax_scale"] is None
    widget.close()


@pytest.mark.parametrize(
    "give_back",
    [
        lambda w: setattr(w, "auto_scale", True),
        lambda w: setattr(w, "softmax_scale", None),
        lambda w: setattr(w, "softmax_scale", "auto"),
        lambda w: w.set_state({"auto_scale": True}),
        lambda w: w.set_state({"softmax_scale": None}),
    ],
)
def test_a_number_given_back_before_anything_is_computed_is_not_shown(adata, recorder, give_back):
    blocker = VelocityPipeline(adata)
    with blocker.changing():  # nothing counts before it ends
        widget = VelocityWidget(adata)
        widget.softmax_scale = 60
        give_back(widget)
        assert (widget.softmax_scale, widget.auto_scale) == (None, True)
    computes(widget)
    assert widget.softmax_scale != 60
    widget.close()


@pytest.mark.parametrize("other", [{"scheme": "dot_product"}, {"backward": True}])
def test_the_number_of_another_chain_is_not_shown(widget, other):
    with widget.pipeline.changing():
        widget.set_state(other)
        assert widget.softmax_scale is None
    computes(widget)


def test_scheme_and_automatic_scale_together(widget):
    widget.softmax_scale = 60
    with widget.hold_trait_notifications():
        widget.scheme, widget.auto_scale = "dot_product", True
    assert widget.softmax_scale != 60
    computes(widget)


def test_observers_see_scale_and_whether_it_is_automatic_as_they_are_together(widget):
    seen = []
    widget.observe(lambda _: seen.append((widget.softmax_scale, widget.auto_scale)), ["softmax_scale", "auto_scale"])
    widget.softmax_scale = 5
    assert set(seen) == {(5.0, False)}


def test_where_both_are_given_auto_scale_decides(widget):
    automatic = widget.softmax_scale
    widget.set_state({"softmax_scale": 60.0, "auto_scale": True})
    assert (widget.softmax_scale, widget.auto_scale) == (automatic, True)
    widget.set_state({"softmax_scale": 60.0, "auto_scale": False})
    assert (widget.softmax_scale, widget.auto_scale) == (60.0, False)
    computes(widget)


# -- several together -----------------------------------------------------------------------------------


REFUSED = {
    "color": "nonesuch",
    "density": 10**400,
    "n_sims": [1],
    "max_iter": None,
    "components": [9, 9],
    "cluster": "x",
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("of", ["widget", "pipeline", "browser"])
def test_a_refused_hold_puts_all_back(widget, name, of):
    widget.selection, widget.softmax_scale = [1, 2, 3], 8
    before, selection = widget.pipeline.values(), widget.selection
    others = {"scheme": "cosine", "auto_scale": True, "start_ixs": [4], "seed": 3}
    if of == "browser":
        widget.set_state({**others, name: REFUSED[name]})
    else:
        face = widget if of == "widget" else widget.pipeline
        with pytest.raises(TraitError):
            set_together(face, selection=[5], **others, **{name: REFUSED[name]})
    assert widget.pipeline.values() == before
    assert widget.selection is selection
    agrees(widget)
    computes(widget)


def test_a_hold_that_ends_in_an_error_puts_all_back(widget):
    before = widget.pipeline.values()
    with suppress(ZeroDivisionError), widget.hold_trait_notifications():
        widget.density, widget.color, widget.selection = 2.0, "nonesuch", [1]
        widget.density /= 0
    assert (widget.pipeline.values(), len(widget.selection)) == (before, 0)
    widget.density = 3.0
    assert widget.pipeline.density == 3.0


def test_within_a_hold_one_reads_what_one_has_assigned(widget):
    with widget.hold_trait_notifications(), widget.hold_trait_notifications():
        widget.seed = 3
        widget.seed += 1
    assert (widget.seed, widget.pipeline.seed) == (4, 4)


def test_components_given_with_their_embedding_count(widget):
    widget.set_state({"basis": "pca", "components": [2, 3]})
    assert (widget.basis, widget.components) == ("pca", [2, 3])
    widget.basis = "umap"
    assert widget.components == []


def test_first_values_that_need_each_other(adata, recorder):
    names = list(adata.obs["stage"].cat.categories)
    widget = VelocityWidget(adata, cluster_key="stage", cluster=names[-1], max_iter=5, step=5)
    assert (widget.cluster_key, widget.cluster, widget.step) == ("stage", names[-1], 5)
    widget.wait()
    widget.close()


# -- observers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("browser", [False, True])
def test_what_an_observer_assigns_counts(widget, browser):
    widget.observe(lambda _: setattr(widget, "field", "arrows"), "softmax_scale")
    if browser:
        widget.set_state({"softmax_scale": 5.0})
    else:
        widget.softmax_scale = 5
    assert (widget.field, widget.pipeline.field) == ("arrows", "arrows")
    computes(widget)


def test_links_within_a_widget_and_to_another(adata, widget, recorder):
    other = VelocityWidget(adata)
    dlink((widget, "cluster_key"), (widget, "color"))
    link((widget, "density"), (other, "density"))
    dlink((widget, "selection"), (other, "selection"))
    widget.cluster_key = "stage"
    other.density = 2.0
    widget.selection = [3]
    assert (widget.color, widget.pipeline.color, widget.density) == ("stage", "stage", 2.0)
    assert list(other.selection) == [3]
    agrees(widget)
    agrees(other)
    other.close()


def test_what_an_observer_assigns_and_is_refused_is_raised(widget):
    widget.observe(lambda _: setattr(widget, "color", "nonesuch"), "seed")
    heard = []
    widget.observe(lambda change: heard.append(change.new), "step")
    with pytest.raises(TraitError, match="nonesuch"), widget.hold_trait_notifications():
        widget.seed, widget.step = 5, 3
    assert (widget.seed, widget.step, heard) == (5, 3, [3])  # these were checked, and count
    agrees(widget)


def test_an_observer_may_have_the_last_word(widget):
    heard = []

    def back(change):
        if change.new == 5.0:
            widget.auto_scale = True

    automatic = widget.softmax_scale
    widget.observe(lambda change: heard.append((change.name, change.new)), ["auto_scale"])
    widget.observe(back, "softmax_scale")
    widget.softmax_scale = 5
    assert (widget.softmax_scale, widget.auto_scale) == (automatic, True)
    assert heard == [] or heard[-1] == ("auto_scale", True)
    agrees(widget)


# -- other names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("softmax_scal", "softmax_scale"),
        ("sofmax_scale", "softmax_scale"),
        ("colour", "color"),
        ("start_ix", "start_ixs"),
        ("Density", "density"),
        ("n_sim", "n_sims"),
    ],
)
@pytest.mark.parametrize("of", [lambda w: w, lambda w: w.pipeline], ids=["widget", "pipeline"])
def test_misspelt_names_are_refused_with_the_nearest(widget, of, name, nearest):
    with pytest.raises(AttributeError, match=f"no attribute '{name}'; did you mean '{nearest}'"):
        setattr(of(widget), name, 3)


def test_what_is_chosen_when_it_is_made_cannot_be_changed(widget):
    with pytest.raises(AttributeError, match="attr can be chosen only when a VelocityWidget is made"):
        widget.attr = "obsm"
    with pytest.raises(AttributeError, match="attr can be chosen only when a VelocityPipeline is made"):
        widget.pipeline.attr = "obsm"


def test_the_data_cannot_be_exchanged(widget, adata):
    with pytest.raises(AttributeError, match="make a new one"):
        widget.adata = adata.copy()


def test_misspelt_names_of_a_view(widget):
    view = widget.view("flow")
    with pytest.raises(AttributeError, match="no attribute 'panel'; did you mean 'panels'"):
        view.panel = ["walks"]
    view.layout.height = "300px"
    view.close()


def test_what_others_need_still_works(widget):
    widget.layout.height = "300px"
    widget.layout = {"width": "50%"}
    widget.tooltip = "cells"
    widget.add_class("mine")
    widget._note = "private"
    with widget.hold_sync():
        widget.density = 2.0
    assert (widget.layout.width, widget._note) == ("50%", "private")
    assert widget._repr_mimebundle_()[0]["text/plain"].startswith("VelocityWidget(200")


# -- all of it at random --------------------------------------------------------------------------------


def some_value(rng, name, adata):
    """A value for a trait, more often right than wrong."""
    if rng.random() < 0.3:
        return rng.choice([*WRONG.values(), None])
    names = list(adata.obs["clusters"].cat.categories)
    match name:
        case "scheme":
            return rng.choice(["correlation", "cosine", "dot_product", "cosin"])
        case "mode":
            return rng.choice(["deterministic", "deterministic", "sampling", "stochastic"])
        case "backward_mode":
            return rng.choice(["transpose", "negate"])
        case "basis":
            return rng.choice(["umap", "X_umap", "pca", "ump"])
        case "components":
            return rng.choice([[1, 2], [2, 1], (1, 2), [], [1, 99]])
        case "color":
            return rng.choice(["clusters", "stage", "true_time", "", str(adata.var_names[0]), "fidelity", "x"])
        case "field":
            return rng.choice(["grid", "arrows", "none", "stream"])
        case "palette":
            return rng.choice(["auto", "x"])
        case "cluster_key" | "time_key":
            return rng.choice(["clusters", "stage", "day", ""])
        case "cluster":
            return rng.choice([*names, "", "x"])
        case "start_ixs" | "stop_ixs":
            return rng.choice([None, {"clusters": names[:1]}, {"clusters": ["x"]}, [1, 2, -1], [10**6], "cell"])
        case "selection":
            return rng.choice([[], [1, 2], [-1], np.ones(adata.n_obs, bool), [10**6], None])
        case "softmax_scale":
            return rng.choice([rng.uniform(0.5, 40), None, "auto", 0, -1.0, 7])
        case "max_iter":
            return rng.choice([1, 1.0, 3, 0.05, 40, 0])
        case "step":
            return rng.randrange(-1, 60)
        case _ if name in FLAGS:
            return rng.random() < 0.5
        case _ if name in WHOLE:
            return rng.choice([0, 1, 2, 5, 9, -1])
    return rng.uniform(0.0, 3.0)


def test_thousands_of_assignments_at_random(adata, recorder):
    rng = random.Random(7)
    widget = VelocityWidget(adata, n_sims=3, max_iter=5)
    traits = (*PARAMETERS, "selection")
    observed = []

    def reply(change):
        if observed and threading.current_thread() is threading.main_thread() and rng.random() < 0.3:
            name = observed.pop()
            setattr(rng.choice([widget, widget.pipeline]), name, some_value(rng, name, adata))

    widget.observe(reply, list(traits))
    widget.pipeline.observe(reply, ["density", "scheme", "max_iter"])
    refused = counted = 0
    for i in range(4000):
        names = rng.sample(traits, rng.choice([1, 1, 2, 4]))
        values = {name: some_value(rng, name, adata) for name in names}
        observed[:] = rng.sample(traits, 2)
        face = rng.choice([widget, widget.pipeline])
        kind = rng.choice(["python", "hold", "browser", "typo"])
        try:
            if kind == "browser":
                values.pop("selection", None)
                widget.set_state(values)
            elif kind == "hold":
                with face.hold_trait_notifications():
                    for name, value in values.items():
                        setattr(face, name, value)
            elif kind == "typo":
                setattr(face, rng.choice(["sofmax_scale", "attr", "colours"]), 3)
            else:
                for name, value in values.items():
                    setattr(face, name, value)
            counted += 1
        except (TraitError, AttributeError):
            refused += 1
        agrees(widget)
        if i % 500 == 0:
            observed.clear()
            widget.set_state({"n_sims": 3, "max_iter": 5, "scheme": "cosine", "mode": "deterministic", "field": "grid"})
            widget.set_state({"connectivity_weight": 0, "degenerate": "uniform"})  # a velocity kernel's parameters
            computes(widget)
    observed.clear()
    assert min(refused, counted) > 500
    widget.close()


# -- interrupts -----------------------------------------------------------------------------------------


ASSIGNMENTS = [
    lambda w, i: setattr(w, "softmax_scale", 3.0 + i % 7),
    lambda w, i: setattr(w, "cluster_key", ("clusters", "stage")[i % 2]),
    lambda w, i: setattr(w, "auto_scale", i % 2 == 0),
    lambda w, i: setattr(w, "basis", ("umap", "pca")[i % 2]),
    lambda w, i: w.set_state(
        {"scheme": ("cosine", "correlation")[i % 2], "density": 1.0 + i % 3, "max_iter": 5 + i % 4}
    ),
]


def interrupted_at(event_number, files, assign):
    """Assign, and interrupt at the n-th line of these files; returns whether so many lines were run."""
    left = event_number

    def trace(frame, event, _argument):
        nonlocal left
        if not frame.f_code.co_filename.endswith(files):
            return trace if event == "call" else None
        if event in ("call", "line"):
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        assign()
    except KeyboardInterrupt:
        pass
    finally:
        sys.settrace(before)
    return left <= 0


# Without changes.py: a tracer can come between a lock and its release, where no signal is handled.
INTERRUPTED = (
    *("pipeline/assignments.py", "pipeline/traits.py", "pipeline/values.py", "pipeline/pipeline.py"),
    *("widget/traits.py", "widget/widget.py", "traitlets/traitlets.py", "widgets/widget.py"),
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", range(len(ASSIGNMENTS)))
def test_interrupted_at_any_line_widget_and_pipeline_agree(widget, kind):
    widget.n_sims, widget.max_iter = 3, 5
    widget.wait()
    events = 0
    for i in range(1, 3000):
        if not interrupted_at(i, INTERRUPTED, lambda i=i: ASSIGNMENTS[kind](widget, i)):
            break
        events = i
        agrees(widget)
        if i % 25 == 0:
            computes(widget)
    assert events > 100
    computes(widget)
    widget.softmax_scale = 5.5
    widget.scheme = "dot_product"
    assert widget.pipeline.softmax_scale == 5.5
    computes(widget)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers that interrupt")
def test_interrupted_by_a_signal_widget_and_pipeline_agree(widget):
    awaited = False

    def interrupt(*_):
        if awaited:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    came = 0
    try:
        for i in range(300):
            try:
                awaited = True
                # Again and again: Python drops what is raised while it frees objects.
                signal.setitimer(signal.ITIMER_REAL, 2e-5 + 1e-5 * i, 0.02)
                while True:
                    ASSIGNMENTS[i % len(ASSIGNMENTS)](widget, i)
            except KeyboardInterrupt:
                awaited = False
                came += 1
            agrees(widget)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert came == 300
    computes(widget)
