"""A pipeline whose data change: wholly of before, or wholly of after, and it says which."""

from __future__ import annotations

import gc
import threading
import tracemalloc

import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from traitlets import TraitError

from tests.deprecations import without_warnings
from velowidget import VelocityKernel, VelocityPipeline
from velowidget.data.reading import Settings
from velowidget.pipeline.events import Changed, Computed, Read

N_CELLS = 200


@pytest.fixture
def half(adata):
    """Every second cell."""
    return np.arange(adata.n_obs) % 2 == 0


def of_before(pipeline):
    """Call for a result of a pipeline whose data have changed, which says so."""
    return pytest.warns(UserWarning, match=r"have changed since they were read: .*w\.refresh\(\)")


def matrix(pipeline):
    return pipeline.kernel.transition_matrix


def difference(first, second):
    return abs(first - second).max()


# -- annotations -----------------------------------------------------------------------------------


def test_nothing_is_read_anew_where_nothing_has_changed(pipeline):
    inputs, generation = pipeline.inputs, pipeline.jobs.generation
    pipeline.color = pipeline.color
    _ = pipeline.kernel
    pipeline.look()
    assert pipeline.inputs is inputs
    assert pipeline.jobs.generation == generation


def test_an_embedding_that_is_asked_for_again_is_the_new_one(pipeline, adata):
    before, chain = pipeline.jobs.latest("projection").value, pipeline.jobs.latest("T")
    adata.obsm["X_umap"] = adata.obsm["X_umap"][:, ::-1] + 5
    pipeline.basis = "umap"
    np.testing.assert_allclose(pipeline.positions("umap"), adata.obsm["X_umap"])
    pipeline.wait()
    assert pipeline.jobs.latest("T") is chain  # does not depend on it
    after = pipeline.jobs.latest("projection").value
    assert after is not before
    expected = VelocityPipeline(adata)
    expected.wait()
    np.testing.assert_allclose(after.vectors, expected.jobs.latest("projection").value.vectors)


def test_an_embedding_that_becomes_three_dimensional(pipeline, adata):
    adata.obsm["X_umap"] = np.random.default_rng(0).normal(size=(N_CELLS, 3))
    pipeline.color = pipeline.color
    assert pipeline.positions("umap").shape == (N_CELLS, 3)
    adata.obsm["X_umap"] = adata.obsm["X_umap"][:, :2]
    pipeline.look()
    assert pipeline.positions("umap").shape == (N_CELLS, 2)


def test_components_that_are_gone_give_way(pipeline, adata):
    adata.obsm["X_pca"] = np.random.default_rng(0).normal(size=(N_CELLS, 5))
    pipeline.basis, pipeline.components = "pca", [4, 5]
    adata.obsm["X_pca"] = adata.obsm["X_pca"][:, :3]
    pipeline.look()
    assert pipeline.components == []
    assert any("components was [4, 5]" in notice for notice in pipeline.notices)


def test_an_embedding_that_is_gone_gives_way(pipeline, adata):
    adata.obsm["X_other"] = np.random.default_rng(0).normal(size=(N_CELLS, 2))
    pipeline.basis = "other"
    del adata.obsm["X_other"]
    pipeline.look()
    assert pipeline.basis == "umap"
    assert any("basis was 'other'" in notice and "now 'umap'" in notice for notice in pipeline.notices)


def test_clusters_made_anew_are_those_of_everything(pipeline, adata):
    _ = pipeline.flow, pipeline.walks
    adata.obs["clusters"] = pd.Categorical(np.where(np.arange(N_CELLS) < 80, "first", "second"))
    assert list(pipeline.flow.index) == ["first", "second"]
    assert list(pipeline.tally.index) == ["first", "second"]
    assert pipeline.annotation.categories == ("first", "second")
    assert pipeline.inputs.clusters.categories == ("first", "second")


def test_a_cluster_and_a_rule_that_are_gone_give_way(pipeline, adata):
    name = str(adata.obs["clusters"].cat.categories[0])
    pipeline.cluster, pipeline.start_ixs = name, {"clusters": name}
    adata.obs["clusters"] = adata.obs["clusters"].cat.rename_categories({name: "renamed"})
    pipeline.look()
    assert pipeline.cluster == ""
    assert pipeline.start_ixs is None
    assert [n.split(" was")[0] for n in pipeline.notices if " was " in n] == ["cluster", "start_ixs"]
    pipeline.look()
    assert any("cluster was" in notice for notice in pipeline.notices)  # until the data are read again


def test_times_that_change(adata):
    adata.obs["day"] = np.arange(N_CELLS) // 50
    pipeline = VelocityPipeline(adata, time_key="day")
    assert list(pipeline.flow.index) == [0.0, 1.0, 2.0]
    adata.obs["day"] = np.arange(N_CELLS) // 100 * 7
    assert list(pipeline.flow.index) == [0.0]
    adata.obs["day"] = "some day"
    pipeline.look()
    assert pipeline.time_key == ""
    assert any("time_key was 'day'" in notice for notice in pipeline.notices)


def test_colours_that_change(pipeline, adata):
    n = len(adata.obs["clusters"].cat.categories)
    adata.uns["clusters_colors"] = ["#123456"] * n
    pipeline.color = "clusters"
    assert set(pipeline.annotation.stored_colors) == {"#123456"}


def test_genes_that_are_renamed(pipeline, adata):
    adata.var_names = [f"new{i}" for i in range(adata.n_vars)]
    pipeline.color = "new3"
    assert pipeline.annotation.key == "new3"


def test_expression_that_is_normalised_colours_anew(pipeline, adata):
    gene = str(adata.var_names[0])
    pipeline.color = f"gene:{gene}"
    before = pipeline.annotation.values
    sc.pp.log1p(adata)
    pipeline.look()
    np.testing.assert_allclose(pipeline.annotation.values, np.log1p(before), rtol=1e-5)


def test_a_slider_needs_no_look(pipeline, adata, monkeypatch):
    monkeypatch.setattr(type(pipeline.inputs.reading), "changes", lambda _: pytest.fail("was looked at"))
    pipeline.softmax_scale, pipeline.density, pipeline.step = 3.0, 1.5, 4
    pipeline.wait()


def test_it_is_told_once_with_everything(pipeline, adata):
    heard = []
    pipeline.listen(heard.append)
    adata.obs["new"] = 1.0
    pipeline.color = "new"
    pipeline.wait()
    assert sum(isinstance(event, Read) for event in heard) == 1


# -- chain and cells -------------------------------------------------------------------------------


def drop_cells(adata):
    adata._inplace_subset_obs(np.arange(N_CELLS) % 2 == 0)


def add_cells(adata):
    import anndata

    adata._init_as_actual(anndata.concat([adata, adata], index_unique="-", merge="same", pairwise=True))


def reverse_cells(adata):
    adata._init_as_actual(adata[::-1].copy())


def drop_genes(adata):
    adata._inplace_subset_var(np.arange(adata.n_vars) % 2 == 0)


def new_velocities(adata):
    adata.layers["velocity"] = -adata.layers["velocity"]


def new_graph(adata):
    sc.pp.neighbors(adata, n_neighbors=5, use_rep="X_umap")


STALE = {
    "cells dropped": (drop_cells, "100 cells now, 200 then"),
    "cells added": (add_cells, "400 cells now, 200 then"),
    "cells reordered": (reverse_cells, "another order"),
    "genes dropped": (drop_genes, "30 genes now, 60 then"),
    "new velocities": (new_velocities, "other velocities"),
    "a new graph": (new_graph, "other neighbours"),
}


@pytest.mark.parametrize("kind", STALE)
def test_everything_stays_of_before_until_it_is_refreshed(simulated, adata, kind):
    change, words = STALE[kind]
    expected, pipeline = VelocityPipeline(simulated), VelocityPipeline(adata)
    heard = []
    pipeline.wait()
    pipeline.listen(heard.append)
    change(adata)
    pipeline.look()
    assert words in pipeline.changed
    assert Changed("data") in heard
    for each in (expected, pipeline):
        each.scheme, each.start_ixs = "cosine", {"clusters": str(simulated.obs["clusters"].iloc[0])}
        each.softmax_scale = 5.0
    with of_before(pipeline):
        kernel = pipeline.kernel
    assert kernel.adata is not adata
    assert list(kernel.adata.obs_names) == list(simulated.obs_names)
    assert difference(kernel.transition_matrix, matrix(expected)) == 0
    with of_before(pipeline):
        np.testing.assert_array_equal(pipeline.walks, expected.walks)
    with of_before(pipeline):
        pd.testing.assert_frame_equal(pipeline.flow, expected.flow)
    with of_before(pipeline):
        pd.testing.assert_frame_equal(pipeline.tally, expected.tally)
    np.testing.assert_array_equal(pipeline.positions("umap"), expected.positions("umap"))

    pipeline.refresh()
    assert pipeline.changed == ""
    new = VelocityKernel(adata).compute_transition_matrix(softmax_scale=5.0, scheme="cosine").transition_matrix
    assert difference(matrix(pipeline), new) < 1e-12
    assert pipeline.kernel.adata is adata
    assert pipeline.walks.max() < adata.n_obs
    assert (adata.obs["clusters"].iloc[pipeline.walks[:, 0]] == pipeline.start_ixs["clusters"][0]).all()


def test_new_columns_wait_with_the_rest(pipeline, adata):
    drop_cells(adata)
    adata.obs["new"] = 1.0
    with pytest.raises(TraitError, match=r"'new'.*100 cells now, 200 then\. Read them again with w\.refresh\(\)"):
        pipeline.color = "new"
    pipeline.refresh()
    pipeline.color = "new"


def test_what_is_as_it_was_again_is_not_told(pipeline, adata):
    velocities = adata.layers["velocity"]
    new_velocities(adata)
    pipeline.look()
    assert pipeline.changed
    adata.layers["velocity"] = velocities
    pipeline.look()
    assert pipeline.changed == ""
    with without_warnings():
        assert pipeline.kernel.adata is adata


def test_a_kernel_of_unchanged_data_writes_to_them(pipeline, adata):
    adata.obs["new"] = 1.0
    pipeline.kernel.write_to_adata("mine")
    assert "mine" in adata.obsp
    drop_cells(adata)
    with of_before(pipeline):
        pipeline.kernel.write_to_adata("other")
    assert "other" not in adata.obsp
    assert "other" not in pipeline.inputs.adata.obsp


@pytest.mark.parametrize("layer", ["velocity", "Ms"])
def test_a_shared_layer_that_is_changed_in_place_is_never_half_used(adata, layer):
    adata.var = adata.var.drop(columns="velocity_genes", errors="ignore")
    adata.layers[layer] = np.ascontiguousarray(adata.layers[layer])
    pipeline = VelocityPipeline(adata)
    before = matrix(pipeline).copy()
    data = pipeline.inputs.data(Settings())
    assert np.may_share_memory(data.v if layer == "velocity" else data.x, adata.layers[layer])
    adata.layers[layer] *= 3
    pipeline.softmax_scale = pipeline.softmax_scale  # needs no velocities
    with of_before(pipeline):
        assert difference(matrix(pipeline), before) == 0
    pipeline.scheme = "dot_product"
    with pytest.raises(ValueError, match=r"changed in place.*w\.refresh\(\)"):
        pipeline.wait()
    pipeline.refresh()
    expected = VelocityKernel(adata).compute_transition_matrix(
        scheme="dot_product", softmax_scale=pipeline.softmax_scale
    )
    assert difference(matrix(pipeline), expected.transition_matrix) < 1e-12


def test_an_embedding_changed_in_place_while_the_chain_is_of_before(pipeline, adata):
    adata.obsm["X_pca"] = np.random.default_rng(0).normal(size=(N_CELLS, 2))
    pipeline.look()
    new_velocities(adata)
    adata.obsm["X_pca"] *= 2
    with pytest.raises(TraitError, match="'pca' were changed in place"):
        pipeline.basis = "pca"
    assert pipeline.basis == "umap"


# -- refresh ---------------------------------------------------------------------------------------


def test_chosen_cells_are_found_by_name(pipeline, adata):
    pipeline.selection, pipeline.start_ixs, pipeline.stop_ixs = [0, 1, 2, 199], [10, 11], [3, 5]
    names = adata.obs_names[[0, 2]].tolist()
    drop_cells(adata)
    pipeline.refresh()
    assert adata.obs_names[pipeline.selection].tolist() == names
    assert pipeline.start_ixs == [5]
    assert pipeline.stop_ixs is None
    told = [notice for notice in pipeline.notices if "not in the data any more" in notice]
    assert [notice.split(" cells of ")[0] for notice in told] == ["1 of 2", "2 of 2", "2 of 4"]


def test_reordered_cells_are_found_by_name(pipeline, adata):
    pipeline.selection = [0, 3]
    names = set(adata.obs_names[[0, 3]])
    reverse_cells(adata)
    pipeline.refresh()
    assert set(adata.obs_names[pipeline.selection]) == names


def test_masks_mean_the_cells_that_somebody_looks_at(pipeline, adata, simulated):
    drop_cells(adata)
    chosen = adata.obs["clusters"] == adata.obs["clusters"].iloc[0]
    names = set(adata.obs_names[chosen])
    for mask in (chosen, chosen.to_numpy(), list(chosen), chosen[::-1]):
        pipeline.selection = None
        pipeline.selection = mask
        assert set(simulated.obs_names[pipeline.selection]) == names
    pipeline.start_ixs = chosen
    with of_before(pipeline):
        assert set(simulated.obs_names[pipeline.walks[:, 0]]) <= names
    with pytest.raises(TraitError, match="numbers of cells cannot be understood"):
        pipeline.selection = [3]
    pipeline.selection = pipeline.selection  # its own numbers are known


def test_a_mask_of_reordered_cells_is_refused(pipeline, adata):
    reverse_cells(adata)
    with pytest.raises(TraitError, match="a mask cannot be understood"):
        pipeline.selection = np.arange(N_CELLS) < 3
    pipeline.selection = adata.obs["clusters"] == adata.obs["clusters"].iloc[0]


def test_broken_data_are_shown_and_mended_ones_too(pipeline, adata):
    before, good = matrix(pipeline), adata.layers["velocity"]
    del adata.layers["velocity"]
    pipeline.refresh()
    with pytest.raises(KeyError, match="velocity"):
        pipeline.wait()
    adata.layers["velocity"] = good
    pipeline.look()
    assert "other velocities" in pipeline.changed
    pipeline.refresh()
    pipeline.wait()
    assert difference(matrix(pipeline), before) == 0


def test_a_first_value_that_was_refused_is_tried_again(adata):
    pipeline = VelocityPipeline(adata, color="not yet there")
    with pytest.raises(TraitError, match="not yet there"):
        pipeline.wait()
    adata.obs["not yet there"] = 1.0
    pipeline.look()
    pipeline.wait()
    assert pipeline.color == "not yet there"


def test_a_refresh_supersedes_what_is_computed(adata, monkeypatch):
    pipeline = VelocityPipeline(adata)
    pipeline.wait()
    started, go_on, seen = threading.Event(), threading.Event(), []
    inputs = type(pipeline.inputs)
    original = inputs.velocities

    def slow(self, *what, **how):
        if not started.is_set():
            started.set()
            go_on.wait(60)
        seen.append(self.number)
        return original(self, *what, **how)

    monkeypatch.setattr(inputs, "velocities", slow)
    published = []
    pipeline.listen(lambda event: published.append(event) if isinstance(event, Computed) else None)
    pipeline.scheme = "cosine"
    assert started.wait(60)
    new_velocities(adata)
    pipeline.refresh()
    go_on.set()
    pipeline.wait()
    assert seen[0] < seen[-1] == pipeline.inputs.number
    assert sum(event.stage == "similarity" for event in published) == 1
    expected = VelocityKernel(adata).compute_transition_matrix(scheme="cosine", softmax_scale=pipeline.softmax_scale)
    assert difference(matrix(pipeline), expected.transition_matrix) < 1e-12


def test_results_of_other_cells_are_not_replayed(pipeline, adata):
    pipeline.want("walks")
    pipeline.wait()
    drop_cells(adata)
    pipeline.cancel()
    pipeline.refresh()
    pipeline.release("walks")
    pipeline.wait()
    replayed = []
    pipeline.jobs.replay(replayed.append)
    sizes = {len(event.value.vectors) for event in replayed if getattr(event, "stage", "") == "projection"}
    assert sizes == {100}


def test_two_pipelines_of_one_adata_are_each_of_one_reading(adata):
    first = VelocityPipeline(adata)
    first.wait()
    drop_cells(adata)
    second = VelocityPipeline(adata)
    assert second.kernel.shape == (100, 100)
    with of_before(first):
        assert first.kernel.shape == (200, 200)
    assert second.changed == ""
    first.refresh()
    assert difference(matrix(first), matrix(second)) == 0


def test_fifty_refreshes_keep_nothing(pipeline, adata):
    def refresh():
        adata.layers["velocity"] = adata.layers["velocity"] * 1.01
        pipeline.refresh()
        pipeline.wait()

    tracemalloc.start()
    for _ in range(5):
        refresh()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(50):
        refresh()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 5 * adata.layers["velocity"].nbytes  # 50 readings would keep 50
