"""A value that a user gave is repeated in an error, but not all ten million characters of it, and fast."""

from __future__ import annotations

import numpy as np
import pytest

from tests.deprecations import no_warnings
from tests.kernels.conftest import make_adata
from velowidget import plugins
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel
from velowidget.pipeline import VelocityPipeline
from velowidget.plugins.names import closest, shown

pytestmark = no_warnings

LONG = "a" * 10_000_000
LONGS = {"text": LONG, "list": [LONG] * 3, "bytes": LONG.encode(), "dict": {LONG: LONG}, "int": 10**20_000}

CALLS = {
    **{
        name: lambda kernel, value, name=name: VelocityKernel(kernel.adata, **{name: value})
        for name in ("vkey", "xkey", "gene_subset", "conn_key", "attr", "backward", "check_connectivity")
    },
    **{
        name: lambda kernel, value, name=name: kernel.compute_transition_matrix(**{name: value})
        for name in ("mode", "scheme", "backward_mode", "softmax_scale", "degenerate", "n_jobs", "check_irreducibility")
    },
    **{
        name: lambda kernel, value, name=name: kernel.flow(**{name: value})
        for name in ("cluster", "cluster_key", "time_key", "clusters", "time_points")
    },
    **{
        name: lambda kernel, value, name=name: kernel.random_walks(**{"n_sims": 1, name: value})
        for name in ("n_sims", "max_iter", "successive_hits", "start_ixs", "stop_ixs")
    },
    **{
        name: lambda kernel, value, name=name: kernel.plot_projection(**{"honest": False, name: value})
        for name in ("color", "cmap", "legend_loc", "arrow_color", "density", "smooth", "figsize", "ax", "size")
    },
    "basis": lambda kernel, value: kernel.compute_projection(value),
    "column": lambda kernel, value: kernel.random_walks(1, start_ixs={"time": value}),
    "category": lambda kernel, value: kernel.random_walks(1, start_ixs={"clusters": value}),
    "rep": lambda kernel, value: kernel.cbc("early", "late", "clusters", value),
    "another kernel": lambda kernel, value: ConnectivityKernel(kernel.adata, conn_key=value),
    "a matrix": lambda kernel, value: PrecomputedKernel(value, kernel.adata),
    "from_adata": lambda kernel, value: VelocityKernel.from_adata(kernel.adata, value),
}


@pytest.fixture(scope="module")
def kernel():
    return VelocityKernel(make_adata()).compute_transition_matrix()


# Which mean something.
ACCEPTED = {("n_jobs", "int"), ("successive_hits", "int")}


@pytest.mark.parametrize(("call", "kind"), [(c, k) for c in CALLS for k in LONGS if (c, k) not in ACCEPTED])
def test_errors_repeat_only_some_of_it(kernel, call, kind):
    with pytest.raises((TypeError, ValueError, LookupError)) as caught:
        CALLS[call](kernel, LONGS[kind])
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize(
    "trait", ["scheme", "mode", "backward_mode", "basis", "color", "field", "palette", "cluster_key"]
)
def test_traits_of_text(trait):
    pipeline = VelocityPipeline(make_adata())
    with pytest.raises(Exception, match=r"a{20}") as caught:
        setattr(pipeline, trait, LONG)
    assert len(str(caught.value)) < 1500
    pipeline.cancel()


def test_plugins_and_exporters():
    pipeline = VelocityPipeline(make_adata())
    calls = {
        "exporter": lambda: pipeline.export(LONG, "file"),
        "kind": lambda: plugins.contributions(LONG),
        "plugin": lambda: plugins.disable(LONG),
        "manifest": lambda: plugins.register({LONG: LONG}),
    }
    for call in calls.values():
        with pytest.raises((TypeError, ValueError)) as caught:
            call()
        assert len(str(caught.value)) < 1500
    pipeline.cancel()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("short", "'short'"),
        ("it's", '"it\'s"'),
        ([1, 2.5, None], "[1, 2.5, None]"),
        (b"x", "b'x'"),
        (10**20_000, "<int of 66,439 bits>"),
        (range(3), "range(0, 3)"),
        (np.arange(3), "array([0, 1, 2])"),
    ],
    ids=["text", "quotes", "list", "bytes", "int", "range", "array"],
)
def test_what_is_short_is_shown_as_it_is(value, text):
    assert shown(value) == text


def test_what_is_long_is_cut():
    for value in (*LONGS.values(), [[[[LONG] * 99] * 99] * 99] * 99, np.zeros(10**7), 10**3000):
        assert len(shown(value)) < 700


def test_the_nearest_name_is_sought_for_what_people_type_only():
    assert closest("velocty", ["velocity", "other"]) == "velocity"
    assert closest(LONG, [LONG + "b"]) is None
    assert closest(10**20_000, ["1"]) is None
