"""Walks as a stage: which parameters they follow, what is counted, and which values are refused."""

from __future__ import annotations

import numpy as np
import pytest
import traitlets as t

from tests.kernels.conftest import make_adata
from velowidget.pipeline import VelocityPipeline


@pytest.fixture
def pipeline():
    return VelocityPipeline(make_adata(), n_sims=60, max_iter=12, start_ixs={"clusters": "early"})


def test_walks_are_those_of_the_kernel(pipeline):
    walks = pipeline.walks
    assert np.array_equal(walks, pipeline.kernel.random_walks(60, 12, 0, start_ixs={"clusters": "early"}))
    assert not walks.flags.writeable
    assert pipeline.walks is walks, "computed once"


def test_nothing_is_walked_until_it_is_asked_for(pipeline):
    pipeline.wait()
    assert pipeline.jobs.latest("walks") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_sims", 61),
        ("max_iter", 13),
        ("seed", 1),
        ("start_ixs", [3, 4]),
        ("stop_ixs", {"clusters": ["late"]}),
        ("softmax_scale", 40.0),
        ("backward", True),
    ],
)
def test_walks_follow(pipeline, name, value):
    before = pipeline.walks
    setattr(pipeline, name, value)
    pipeline.wait()  # asked for once, they stay
    assert pipeline.jobs.latest("walks") is not None
    assert not np.array_equal(pipeline.walks, before)


@pytest.mark.parametrize(("name", "value"), [("step", 4), ("color", ""), ("field", "none")])
def test_walks_do_not_follow(pipeline, name, value):
    before = pipeline.walks
    setattr(pipeline, name, value)
    assert pipeline.walks is before


def test_another_scale_uses_the_same_numbers(pipeline):
    """With the same seed, walks on a chain that is almost the same are almost the same."""
    before = pipeline.walks
    pipeline.softmax_scale = pipeline.softmax_scale * (1 + 1e-9)
    same = (pipeline.walks == before).all(axis=1).mean()
    pipeline.seed = 1
    other = (pipeline.walks == before).all(axis=1).mean()
    assert same > 0.9 > 0.1 > other


@pytest.mark.parametrize("stops", [None, {"clusters": ["late"]}, [1, 2, 3]])
@pytest.mark.parametrize("hits", [0, 1])
def test_tally_is_a_recount(pipeline, stops, hits):
    pipeline.stop_ixs, pipeline.successive_hits = stops, hits
    frame, walks = pipeline.tally, pipeline.walks
    clusters = pipeline.adata.obs["clusters"].astype(str).to_numpy()
    inside = np.zeros(30, dtype=bool)
    inside[[1, 2, 3] if isinstance(stops, list) else np.flatnonzero(clusters == "late")] = True
    ends = []
    for path in walks.tolist():
        path = [cell for cell in path if cell >= 0]
        if stops is None or (len(path) > hits + 1 and inside[path[-1 - hits :]].all()):
            ends.append(clusters[path[-1]])
    assert frame["arrivals"].to_dict() == {name: ends.count(name) for name in ("early", "late", "middle")}
    assert frame.attrs["n_over"] == len(ends)
    computed = pipeline.jobs.latest("walks").value
    assert computed.counts[-1].tolist() == frame["arrivals"].tolist()


def test_tally_needs_clusters(pipeline):
    adata = make_adata()
    adata.obs = adata.obs[["time"]]
    with pytest.raises(ValueError, match="A tally needs clusters"):
        _ = VelocityPipeline(adata, n_sims=3, max_iter=3).tally


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"clusters": "early"}, {"clusters": ["early"]}),
        ({"clusters": ("late", "early", "late")}, {"clusters": ["late", "early"]}),
        ({"time": (2, np.float32(1))}, {"time": [1.0, 2.0]}),
        ({"time": [-np.inf, 1]}, {"time": [0.0, 1.0]}),
        ("cell3", [3]),
        (np.array([4, -1]), [4, 29]),
        (slice(2), [0, 1]),
        (np.arange(30) > 27, [28, 29]),
        (None, None),
    ],
)
def test_rules_become_what_json_has(pipeline, given, stored):
    pipeline.start_ixs = given
    assert pipeline.start_ixs == stored
    pipeline.stop_ixs = given
    assert pipeline.stop_ixs == stored
    assert pipeline.walks.shape == (60, 13)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("start_ixs", {"cluster": "early"}, "start_ixs: adata.obs has no column 'cluster'; did you mean 'clusters'"),
        ("stop_ixs", [], "stop_ixs lists no cell"),
        ("start_ixs", [30], "no cell number 30"),
        ("n_sims", 0, "n_sims must be at least 1"),
        ("max_iter", 0, "max_iter must be finite"),
        ("max_iter", 1e308, "max_iter must be finite"),
        ("max_iter", "long", "max_iter must be a number"),
        ("successive_hits", -1, "successive_hits must be at least 0"),
        ("seed", -1, "seed must be at least 0"),
        ("step", 13, "step must be from 0 to 12"),
        ("step", -1, "step must be from 0"),
    ],
)
def test_refused(pipeline, name, value, message):
    pipeline.wait()  # for the automatic scale
    before = pipeline.values()
    with pytest.raises(t.TraitError, match=message):
        setattr(pipeline, name, value)
    assert pipeline.values() == before


def test_the_step_stays_within_the_walks(pipeline):
    pipeline.step = 12
    pipeline.max_iter = 0.2
    assert pipeline.step == 6
    assert pipeline.walks.shape == (60, 7)


def test_walks_say_where_they_started(pipeline):
    pipeline.start_ixs = "cell3"
    assert np.all(pipeline.walks[:, 0] == 3)
    before = pipeline.jobs.latest("walks").value
    pipeline.start_ixs = None
    assert before.start_ixs == [3]
    _ = pipeline.walks
    assert pipeline.jobs.latest("walks").value.start_ixs is None


def test_too_many_walks_say_so_and_leave_the_picture_alone(pipeline):
    pipeline.n_sims = 10_000_000
    with pytest.raises(ValueError, match="too many to be shown"):
        _ = pipeline.walks
    assert pipeline.jobs.latest("grid") is not None


def test_a_column_that_has_gone_is_no_longer_where_walks_start(pipeline):
    pipeline.start_ixs = {"clusters": str(pipeline.adata.obs["clusters"].iloc[0])}
    del pipeline.adata.obs["clusters"]
    assert pipeline.walks.shape[0] == pipeline.n_sims
    assert pipeline.start_ixs is None
    assert any("no column 'clusters'" in notice for notice in pipeline.notices)
    assert pipeline.jobs.latest("grid") is not None
