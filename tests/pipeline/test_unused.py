"""Categories that no cell has: after cells were chosen, or in a column of hundreds. They count nowhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tests.deprecations import no_warnings
from tests.fingerprint import unchanged
from tests.kernels.conftest import N_CELLS, make_adata
from velowidget.data.annotations import columns, default_column, read_annotation
from velowidget.data.cells import choices, choose_cells
from velowidget.data.groups import cluster_columns, time_columns
from velowidget.kernels import VelocityKernel
from velowidget.pipeline import VelocityPipeline
from velowidget.widget import flow_messages, messages

pytestmark = no_warnings

USED = ["b", "d", "f"]
MANY = sorted({*USED, *(f"unused {i}" for i in range(300)), *"aceg"})


def values(categories=MANY, ordered=False):
    return pd.Categorical(USED * (N_CELLS // 3), categories=categories, ordered=ordered)


@pytest.fixture
def adata():
    adata = make_adata()
    adata.obs["clusters"] = values()
    return adata


@pytest.fixture
def few():
    """The same cells without the empty categories."""
    adata = make_adata()
    adata.obs["clusters"] = values(USED)
    return adata


@pytest.fixture
def pipeline(adata):
    pipeline = VelocityPipeline(adata, n_sims=50, max_iter=5)
    yield pipeline
    pipeline.cancel()


@pytest.mark.parametrize("n_unused", [1, 199, 200, 20_000])
@pytest.mark.parametrize("ordered", [False, True])
def test_what_is_offered_is_judged_by_what_cells_have(adata, n_unused, ordered):
    adata.obs["clusters"] = values([*(f"unused {i}" for i in range(n_unused)), *USED], ordered)
    with unchanged(adata):
        assert choices(adata)["clusters"] == USED
        assert cluster_columns(adata) == ["clusters"]
        assert "clusters" in columns(adata)
        assert default_column(adata) == "clusters"


@pytest.mark.parametrize("used", [0, 1])
def test_one_used_category_is_no_clustering(adata, used):
    adata.obs["clusters"] = pd.Categorical([USED[0] if used else None] * N_CELLS, categories=MANY)
    assert cluster_columns(adata) == []
    assert choices(adata).get("clusters", []) == USED[:used]
    with pytest.raises(ValueError, match=r"A flow needs at least two clusters, and there is (one|none)"):
        VelocityKernel(adata).flow()


def test_numbers_as_categories(adata):
    adata.obs["clusters"] = pd.Categorical([3, 5, 7] * 10, categories=range(1000))
    assert choices(adata)["clusters"] == ["3", "5", "7"]
    assert cluster_columns(adata) == ["clusters"]
    assert "clusters" in time_columns(adata)


def test_a_view_that_leaves_few_of_many(adata):
    adata.obs["donor"] = pd.Categorical([f"donor {i}" for i in range(N_CELLS)])
    view = adata[:4]
    assert choices(view)["donor"] == [f"donor {i}" for i in range(4)]
    assert choices(view)["clusters"] == USED


def test_a_category_without_cells_can_be_named_and_has_none(adata):
    with pytest.raises(ValueError, match="no cell has 'unused 3'"):
        choose_cells(adata, {"clusters": "unused 3"}, "start_ixs")


# Tables -------------------------------------------------------------------------------------------


def test_the_kernels_tables_have_the_columns_categories(adata, few):
    """So that those of several samples fit each other; empty ones are 0."""
    table, expected = VelocityKernel(adata).flow(), VelocityKernel(few).flow()
    assert list(table.index) == list(table.columns) == MANY
    np.testing.assert_allclose(table.loc[USED, USED], expected)
    assert not table.drop(index=USED).to_numpy().any()
    assert not table.drop(columns=USED).to_numpy().any()
    null = VelocityKernel(adata).flow_null(n_permutations=5)
    pd.testing.assert_frame_equal(
        null.astype({"source": str, "target": str}),
        VelocityKernel(few).flow_null(n_permutations=5).astype({"source": str, "target": str}),
    )


@pytest.mark.parametrize("time_key", ["", "day"])
def test_the_pipelines_flow_has_those_with_cells(adata, few, time_key):
    for data in (adata, few):
        data.obs["day"] = np.repeat([1.0, 2.0], N_CELLS // 2)
    pipeline, other = (VelocityPipeline(data, time_key=time_key) for data in (adata, few))
    assert pipeline.cluster == other.cluster == (USED[0] if time_key else "")
    pd.testing.assert_frame_equal(plain(pipeline.flow), plain(other.flow))
    assert list(map(str, pipeline.flow.columns)) == USED
    for each in (pipeline, other):
        each.cancel()


def plain(table):
    return table.set_axis(table.columns.astype(str), axis=1).set_axis(table.index.astype(str), axis=0)


def test_the_tally_has_those_with_cells(pipeline, few):
    other = VelocityPipeline(few, n_sims=50, max_iter=5)
    pd.testing.assert_frame_equal(pipeline.tally, other.tally)
    assert list(pipeline.tally.index) == USED
    other.cancel()


# Messages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("stored", [False, True], ids=["palette", "stored colours"])
def test_a_cluster_keeps_its_colour_in_every_panel(adata, stored):
    own = {name: f"#{i * 50:06x}" for i, name in enumerate(MANY)}
    del adata.uns["clusters_colors"]
    if stored:
        adata.uns["clusters_colors"] = list(own.values())
    pipeline = VelocityPipeline(adata, n_sims=20, max_iter=3)
    shown = {each["name"]: each["color"] for each in messages.color(pipeline)[0]["categories"]}
    groups = {each["name"]: each["color"] for each in flow_messages.groups(pipeline)[0]["clusters"]}
    assert list(groups) == USED
    assert groups == {name: shown[name] for name in USED}
    assert not stored or all(groups[name] == own[name] for name in USED)
    _ = pipeline.walks
    walked = messages.result(pipeline.jobs.latest("walks"))[0]["clusters"]
    clusters = messages.clusters(pipeline)[0]
    assert (clusters["key"], clusters["names"]) == (walked["key"], walked["names"])
    assert [clusters["names"][code] for code in walked["used"]] == USED
    assert [clusters["colors"][code] for code in walked["used"]] == list(groups.values())
    pipeline.cancel()


def test_annotations_keep_all(adata):
    annotation = read_annotation(adata, "clusters")
    assert annotation.categories == tuple(MANY)
    assert [MANY[code] for code in annotation.used] == USED
