"""The flow as stages: when it is computed, that it is the kernel's, and which clusters and times it takes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from traitlets import TraitError

from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.events import Computed
from velowidget.pipeline.stages.flow_null import N_PERMUTATIONS, SEED


def test_it_is_computed_only_while_somebody_wants_it(pipeline):
    stages = []
    pipeline.listen(lambda event: stages.append(event.stage) if isinstance(event, Computed) else None)
    pipeline.scheme = "cosine"
    pipeline.wait()
    assert "flow" not in stages
    pipeline.want("flow_null")
    pipeline.wait()
    assert {"flow", "flow_null"} <= set(stages)
    before = len(stages)
    pipeline.cluster, pipeline.min_flow = "Fate A", 0.1  # what is looked at and drawn, not what is computed
    pipeline.wait()
    assert len(stages) == before


@pytest.mark.parametrize("time_key", ["", "day"])
@pytest.mark.parametrize("parameters", [{}, {"backward": True}, {"scheme": "cosine", "softmax_scale": 3.0}])
def test_numbers_are_the_kernels(pipeline, parameters, time_key):
    for name, value in {**parameters, "time_key": time_key}.items():
        setattr(pipeline, name, value)
    pipeline.want("flow_null")
    pipeline.wait()
    found = pipeline.jobs.latest("flow_null").value
    expected = pipeline.kernel.flow_null(time_key=time_key or None, n_permutations=N_PERMUTATIONS, seed=SEED)
    for name, values in (("low", found.low), ("high", found.high), ("z", found.flow.expectation.z)):
        np.testing.assert_allclose(values[found.flow.edges], expected[name], rtol=1e-9, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(found.flow.values[found.flow.edges], expected["flow"], rtol=1e-9)


def test_cells_that_stay_are_counted(adata):
    alone = adata.obsp["connectivities"].tolil()
    alone[5] = 0
    adata.obsp["connectivities"] = alone.tocsr()
    pipeline = VelocityPipeline(adata, degenerate="self_loop")
    pd.testing.assert_frame_equal(pipeline.flow, pipeline.kernel.flow(), rtol=1e-9)
    assert np.allclose(pipeline.flow.sum(axis=1), 1)


def test_the_table_is_what_the_panel_shows(pipeline):
    pd.testing.assert_frame_equal(pipeline.flow, pipeline.kernel.flow(), rtol=1e-9)
    pipeline.cluster = "Fate A"
    pd.testing.assert_frame_equal(pipeline.flow, pipeline.kernel.flow(), rtol=1e-9)
    pipeline.time_key = "day"
    pd.testing.assert_frame_equal(pipeline.flow, pipeline.kernel.flow("Fate A", time_key="day"), rtol=1e-9)
    assert "flow" not in pipeline.wanted  # asked for it once


def test_over_time_there_is_always_a_source(pipeline):
    assert pipeline.cluster == ""
    pipeline.time_key = "day"
    assert pipeline.cluster == "Progenitor"  # the largest cluster of the first day
    pipeline.cluster = "Fate B"
    pipeline.cluster = ""
    assert pipeline.cluster == "Progenitor"
    pipeline.cluster_key = "lineage"
    assert pipeline.cluster == "trunk"
    pipeline.time_key = ""
    pipeline.cluster = ""
    assert pipeline.cluster == ""


def test_a_source_of_other_clusters_is_forgotten(pipeline):
    pipeline.cluster = "Fate A"
    pipeline.cluster_key = "stage"
    assert pipeline.cluster == ""


REFUSED = {
    "cluster": ("fate a", "did you mean 'Fate A'"),
    "cluster_key": ("true_time", "not clusters"),
    "time_key": ("dya", "did you mean 'day'"),
    "min_flow": (1.0, "min_flow must be >= 0 and < 1, got 1.0"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_value_leaves_everything_as_it_was(pipeline, name):
    value, words = REFUSED[name]
    before = pipeline.values()
    with pytest.raises(TraitError, match=words):
        setattr(pipeline, name, value)
    assert pipeline.values() == before


def test_without_clusters_the_flow_says_so_and_the_rest_works(adata):
    del adata.obs["clusters"], adata.obs["lineage"], adata.obs["stage"]
    pipeline = VelocityPipeline(adata)
    assert pipeline.cluster_key == ""
    with pytest.raises(ValueError, match=r"Flow goes between the clusters of a column.*scanpy\.tl\.leiden"):
        _ = pipeline.flow
    pipeline.wait()  # for the arrows
    with pytest.raises(TraitError, match=r"scanpy\.tl\.leiden"):
        pipeline.time_key = "day"


def test_no_clusters_by_choice_are_not_taken_for_none_in_the_data(pipeline):
    pipeline.cluster_key = ""
    with pytest.raises(ValueError, match=r"name it as cluster_key: 'clusters', "):
        _ = pipeline.flow


def test_a_parameter_that_changes_meanwhile_is_waited_for(pipeline, monkeypatch):
    wait, latest, waited = pipeline.jobs.wait, pipeline.jobs.latest, []

    def change(*timeout, **only):
        wait(*timeout, **only)
        waited.append(True)
        if len(waited) == 1:  # as if another thread did, between the wait and the look
            monkeypatch.setattr(pipeline.jobs, "latest", lambda _: None)
        else:
            monkeypatch.setattr(pipeline.jobs, "latest", latest)

    monkeypatch.setattr(pipeline.jobs, "wait", change)
    assert np.allclose(pipeline.flow.sum(axis=1), 1)
    assert len(waited) == 2
