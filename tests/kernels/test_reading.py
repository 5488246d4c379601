"""What has changed in an AnnData since it was read, and what the reading keeps."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tests.kernels.conftest import N_CELLS, N_GENES, make_adata
from velowidget.data.reading import Changes, Reading, Settings, cells_as_read, snapshot, translated

NOTHING = Changes()
USED = Settings()


def annotations(*places):
    return Changes((), frozenset(places))


def chain(*words):
    return Changes(words)


def replace_categories(adata):
    adata.obs["clusters"] = adata.obs["clusters"].cat.reorder_categories(["late", "middle", "early"])


def relabel_one_cell(adata):
    adata.obs.loc["cell7", "clusters"] = "late"


def reorder(adata):
    adata._init_as_actual(adata[::-1].copy())


def neighbours(adata):
    adata.obsp["connectivities"] = sp.csr_matrix(np.roll(adata.obsp["connectivities"].toarray(), 1, axis=0))


def one_velocity(adata):
    adata.layers["velocity"] = adata.layers["velocity"].copy()
    adata.layers["velocity"][3, 5] += 1


def set_column(adata, name, value):
    obs = adata.obs  # pandas 2 takes assigning to what has no name for a mistake
    obs[name] = value


KINDS = {
    "nothing": (lambda a: None, NOTHING),
    "an equal copy of a layer": (lambda a: a.layers.__setitem__("Ms", a.layers["Ms"].copy()), NOTHING),
    "an equal graph": (lambda a: a.obsp.__setitem__("connectivities", a.obsp["connectivities"].copy()), NOTHING),
    "another graph under another key": (
        lambda a: a.obsp.__setitem__("other", sp.eye(N_CELLS).tocsr()),
        annotations("obsp:other"),
    ),
    "a new column": (lambda a: set_column(a, "new", 1.0), annotations("obs:new")),
    "a column that is gone": (lambda a: a.obs.__delitem__("time"), annotations("obs:time")),
    "a category renamed": (
        lambda a: set_column(a, "clusters", a.obs["clusters"].cat.rename_categories({"late": "old"})),
        annotations("obs:clusters"),
    ),
    "categories in another order": (replace_categories, annotations("obs:clusters")),
    "one cell relabelled in place": (relabel_one_cell, annotations("obs:clusters")),
    "a column of another type": (
        lambda a: set_column(a, "time", a.obs["time"].astype("float32")),
        annotations("obs:time"),
    ),
    "times changed in place": (lambda a: set_column(a, "time", a.obs["time"] + 1), annotations("obs:time")),
    "columns in another order": (lambda a: setattr(a, "obs", a.obs[["time", "clusters"]]), annotations("obs:")),
    "colours replaced": (
        lambda a: a.uns.__setitem__("clusters_colors", ["#aaaaaa", "#222222", "#333333"]),
        annotations("obs:clusters"),
    ),
    "a colour changed in place": (
        lambda a: a.uns["clusters_colors"].__setitem__(0, "#aaaaaa"),
        annotations("obs:clusters"),
    ),
    "an embedding replaced": (
        lambda a: a.obsm.__setitem__("X_umap", a.obsm["X_umap"] + 1),
        annotations("obsm:X_umap"),
    ),
    "an embedding changed in place": (lambda a: a.obsm["X_umap"].__imul__(2), annotations("obsm:X_umap")),
    "an embedding in space": (
        lambda a: a.obsm.__setitem__("X_umap", np.ones((N_CELLS, 3))),
        annotations("obsm:X_umap"),
    ),
    "X normalised in place": (lambda a: a.X.__imul__(3), annotations("X")),
    "cells renamed": (lambda a: setattr(a, "obs_names", [f"x{n}" for n in a.obs_names]), annotations("names")),
    "genes renamed": (lambda a: setattr(a, "var_names", [f"x{n}" for n in a.var_names]), annotations("genes")),
    "cells dropped in place": (
        lambda a: a._inplace_subset_obs(np.arange(N_CELLS) < 20),
        chain("20 cells now, 30 then"),
    ),
    "genes dropped in place": (
        lambda a: a._inplace_subset_var(np.arange(N_GENES) != 11),
        chain("11 genes now, 12 then", "other velocities", "other expression values", "other genes in use"),
    ),
    "cells in another order": (
        reorder,
        chain("the cells are in another order", "other velocities", "other expression values", "other neighbours"),
    ),
    "velocities replaced": (
        lambda a: a.layers.__setitem__("velocity", -a.layers["velocity"]),
        chain("other velocities"),
    ),
    "one velocity replaced": (one_velocity, chain("other velocities")),
    "velocities changed in place": (lambda a: a.layers["velocity"].__imul__(-1), chain("other velocities")),
    "velocities gone": (lambda a: a.layers.__delitem__("velocity"), chain("other velocities")),
    "a layer normalised in place": (lambda a: a.layers["Ms"].__imul__(2), chain("other expression values")),
    "a new graph": (neighbours, chain("other neighbours")),
    "other genes in use": (
        lambda a: a.var.__setitem__("velocity_genes", np.arange(N_GENES) < 6),
        chain("other genes in use"),
    ),
    "cells added": (
        lambda a: a._init_as_actual(ad.concat([a, a[:3]], index_unique="-", merge="same", pairwise=True)),
        chain("33 cells now, 30 then"),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_change(adata, kind):
    change, expected = KINDS[kind]
    reading = Reading(adata)
    change(adata)
    assert reading.changes(USED) == expected
    assert reading.changes(USED) == expected  # also when it is looked at again


SHARED = {
    "an embedding changed in place",
    "X normalised in place",
    "velocities changed in place",
    "a layer normalised in place",
    "a colour changed in place",
}


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - SHARED))
def test_what_was_read_stays(adata, kind):
    expected, reading = make_adata(), Reading(adata)
    KINDS[kind][0](adata)
    kept = reading.adata
    pd.testing.assert_frame_equal(kept.obs, expected.obs)
    pd.testing.assert_frame_equal(kept.var, expected.var)
    np.testing.assert_array_equal(kept.layers["velocity"], expected.layers["velocity"])
    np.testing.assert_array_equal(kept.obsm["X_umap"], expected.obsm["X_umap"])
    assert (kept.obsp["connectivities"] != expected.obsp["connectivities"]).nnz == 0
    assert list(kept.uns["clusters_colors"]) == expected.uns["clusters_colors"]


def test_a_snapshot_copies_no_array(adata):
    taken = snapshot(adata)
    assert taken.X is adata.X
    assert taken.layers["velocity"] is adata.layers["velocity"]
    assert taken.obsm["X_umap"] is adata.obsm["X_umap"]
    assert taken.obsp["connectivities"] is adata.obsp["connectivities"]
    assert taken.obs is not adata.obs


@pytest.mark.parametrize("of", [slice(5, 25), np.arange(29, 0, -2), np.arange(N_CELLS) % 3 > 0], ids=str)
def test_a_view_is_read_through_a_view(adata, of):
    view = adata[of, 1:]
    reading = Reading(view)
    assert reading.adata.is_view
    np.testing.assert_array_equal(reading.adata.layers["velocity"], view.layers["velocity"])
    assert reading.changes(USED) == NOTHING
    adata.obs["new"] = 1  # of what it is a view of
    assert reading.changes(USED) == NOTHING
    with pytest.warns(ad.ImplicitModificationWarning):
        view.obs["mine"] = 2  # makes it an AnnData of its own
    assert not view.is_view
    assert reading.changes(USED) == annotations("obs:mine", "view")
    view.layers["velocity"] = -view.layers["velocity"]
    assert reading.changes(USED) == chain("other velocities")


def test_a_view_outlives_what_it_is_a_view_of(adata):
    expected = make_adata()[5:25].layers["velocity"]
    reading = Reading(adata[5:25])
    adata._inplace_subset_obs(np.arange(N_CELLS) < 8)
    np.testing.assert_array_equal(reading.adata.layers["velocity"], expected)


@pytest.mark.parametrize("dense", [True, False])
def test_a_file_is_read_where_it_is(adata, tmp_path, dense):
    adata.X = np.asarray(adata.X) if dense else sp.csr_matrix(adata.X)
    adata.write_h5ad(tmp_path / "a.h5ad")
    backed = ad.read_h5ad(tmp_path / "a.h5ad", backed="r")
    reading = Reading(backed)
    assert not isinstance(reading.adata.X, np.ndarray)
    assert reading.changes(USED) == NOTHING
    backed.obs["new"] = 1
    assert reading.changes(USED) == annotations("obs:new")
    backed.file.close()


def test_damage_is_a_change_and_so_is_its_repair(adata):
    reading, good = Reading(adata), adata.layers["Ms"]
    adata._layers["Ms"] = np.zeros((3, 2))
    assert "other expression values" in reading.changes(USED).chain
    damaged = Reading(adata)
    assert damaged.changes(USED) == NOTHING
    adata._layers["Ms"] = good
    assert damaged.changes(USED).chain
    assert reading.changes(USED) == NOTHING


def test_other_settings_make_other_chains(adata):
    adata.layers["mine"], adata.obsp["mine"] = adata.layers["velocity"] + 0, adata.obsp["connectivities"]
    reading = Reading(adata)
    mine = Settings(vkey="mine", xkey=None, gene_subset=["gene1", "gene2"], conn_key="mine")
    adata.layers["velocity"] = -adata.layers["velocity"]
    assert reading.changes(mine) == annotations("layers:velocity")
    assert reading.changes(USED) == chain("other velocities")
    adata.obsp["connectivities"] = adata.obsp["connectivities"] * 2
    assert reading.changes(mine) == annotations("layers:velocity", "obsp:connectivities")
    assert reading.changes(USED) == chain("other velocities", "other neighbours")
    adata.X = adata.X + 1
    assert reading.changes(mine) == chain("other expression values")


def test_a_graph_that_is_recorded_under_another_key(adata):
    """What counts is which neighbours are meant, not what they are called."""
    adata.obsp["odd"] = adata.obsp["connectivities"].copy()
    adata.uns["mine"] = {"connectivities_key": "connectivities"}
    reading, mine = Reading(adata), Settings(conn_key="mine")
    adata.uns["mine"] = {"connectivities_key": "odd"}
    assert reading.changes(mine) == NOTHING
    adata.obsp["odd"] = adata.obsp["odd"][::-1].tocsr()
    assert reading.changes(mine) == chain("other neighbours")
    adata.uns["mine"] = {"connectivities_key": "gone"}
    assert reading.changes(mine) == chain("other neighbours")


@pytest.mark.parametrize(
    ("stored", "change"),
    [
        (lambda v: sp.csr_matrix(v), lambda s: s.data.__imul__(2)),
        (lambda v: np.ma.masked_less(v, 0), lambda s: s.__setitem__((0, 0), np.ma.masked)),
        (lambda v: np.asfortranarray(v), lambda s: s.__imul__(2)),
    ],
    ids=["sparse", "masked", "by columns"],
)
def test_layers_of_every_layout_are_sampled(adata, stored, change):
    adata.layers["Ms"] = stored(abs(adata.layers["Ms"]))
    reading = Reading(adata)
    assert reading.changes(USED) == NOTHING
    change(adata.layers["Ms"])
    assert reading.changes(USED) == chain("other expression values")


def test_a_table_among_the_embeddings(adata):
    adata.obsm["table"] = pd.DataFrame({"a": np.arange(30.0), "b": 1.0}, index=adata.obs_names)
    reading = Reading(adata)
    assert reading.changes(USED) == NOTHING
    adata.obsm["table"].iloc[3, 0] = -1
    assert reading.changes(USED) == annotations("obsm:table")


def test_large_arrays_are_sampled_in_every_column(adata):
    """The stride must meet all columns, whatever their number."""
    large = np.zeros((30, 100_000), dtype=np.float32)
    adata.obsm["large"] = large
    reading = Reading(adata)
    large[:, : 100_000 // 20] = 1
    assert reading.changes(USED) == annotations("obsm:large")


# -- masks -----------------------------------------------------------------------------------------

READ = pd.Index([f"cell{i}" for i in range(6)])


def mask(names, chosen):
    return pd.Series([name in chosen for name in names], index=names)


def test_a_mask_as_a_series_is_aligned_by_names():
    for names in (READ, READ[::-1], READ[[4, 1]]):
        found = cells_as_read(mask(names, {"cell1", "cell4"}), READ, READ, "selection")
        assert READ[found].tolist() == ["cell1", "cell4"]


def test_a_bare_mask_of_the_present_cells_is_translated():
    now = READ[[5, 2, 0]]
    found = cells_as_read(np.array([True, False, True]), READ, now, "selection")
    assert READ[found].tolist() == ["cell0", "cell5"]
    whole = np.array([True, *[False] * 5])
    assert cells_as_read(whole, READ, now, "selection").tolist() == whole.tolist()  # of those that were read


@pytest.mark.parametrize(
    ("cells", "now", "words"),
    [
        (np.ones(6, dtype=bool), READ[::-1], "a mask cannot be understood"),
        ([True, False, True], READ[[5, 2]], "a mask cannot be understood"),
        ([3, 4], READ[::-1], "numbers of cells cannot be understood"),
        (3, READ[[5, 2]], "numbers of cells cannot be understood"),
        (slice(2), READ[[5, 2]], "numbers of cells cannot be understood"),
        (mask(pd.Index(["cell1", "new"]), {"new"}), READ, "no cell 'new' among those that were read"),
        (np.array([True, False]), pd.Index(["new", "cell1"]), "no cell 'new' among those that were read"),
        (mask(pd.Index(["cell1", "cell1"]), {"cell1"}), READ, "not unique"),
    ],
)
def test_never_a_wrong_cell(cells, now, words):
    with pytest.raises(ValueError, match=words):
        cells_as_read(cells, READ, now, "selection")


@pytest.mark.parametrize("cells", [None, {"clusters": "a"}, "cell1", ["cell1"], [], [3, 4], slice(2), 2])
def test_everything_else_stays(cells):
    assert cells_as_read(cells, READ, READ, "start_ixs") is cells


def test_numbers_are_translated_by_names():
    assert translated(np.array([1, 4, 5]), READ, READ[[5, 4, 0]]).tolist() == [0, 1]
    twice = pd.Index(["a", "a"])
    assert translated(np.array([1]), twice, READ) is None
    assert translated(np.array([1]), twice, twice).tolist() == [1]
