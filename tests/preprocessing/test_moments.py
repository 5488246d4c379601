"""`moments`: what is written, over which neighbours, and what is left alone."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from tests.fingerprint import fingerprint, unchanged
from tests.preprocessing.conftest import dense, raw_counts
from velowidget import datasets, moments
from velowidget.preprocessing.counts import normalized

pytestmark = [pytest.mark.filterwarnings("error::UserWarning"), pytest.mark.filterwarnings("error::RuntimeWarning")]


def slow_means(adata, layer, members):
    values = dense(normalized(adata, layer))
    return np.array([values[sorted(of_cell)].mean(axis=0) for of_cell in members])


def members_of(adata, n_neighbors=None):
    """Each cell and its neighbours, the strongest if there is a limit."""
    graph = adata.obsp["connectivities"].toarray()
    fewest = (graph > 0).sum(axis=1).min()
    for i, row in enumerate(graph):
        near = np.flatnonzero(row > 0)
        if n_neighbors is not None:
            near = sorted(near, key=lambda j: -row[j])[: min(n_neighbors, fewest)]
        yield {i, *map(int, near)}


def test_moments_are_means_of_normalised_counts_over_the_cell_and_its_neighbours(connected):
    before = fingerprint(connected)
    assert moments(connected) is None
    for key, layer in (("Ms", "spliced"), ("Mu", "unspliced")):
        values = connected.layers[key]
        assert values.dtype == np.float32
        assert values.flags.c_contiguous
        np.testing.assert_allclose(values, slow_means(connected, layer, members_of(connected)), rtol=1e-5)
    del connected.layers["Ms"], connected.layers["Mu"]
    assert fingerprint(connected) == before, "nothing else is written"


def test_only_the_strongest_of_many_neighbours_count(connected):
    rng = np.random.default_rng(0)
    graph = connected.obsp["connectivities"]
    graph.data[:] = rng.uniform(0.01, 1, graph.nnz)  # no ties, where any choice would do
    assert connected.uns["neighbors"]["params"]["n_neighbors"] == 30
    moments(connected, n_neighbors=12)
    np.testing.assert_allclose(
        connected.layers["Ms"], slow_means(connected, "spliced", members_of(connected, 12)), rtol=1e-5
    )


def test_a_graph_that_was_made_with_fewer_neighbours_is_used_whole(connected):
    moments(connected, n_neighbors=31)
    np.testing.assert_allclose(
        connected.layers["Ms"], slow_means(connected, "spliced", members_of(connected)), rtol=1e-5
    )


def test_a_graph_by_another_name(connected):
    moments(connected)
    expected = connected.layers["Ms"].copy()
    connected.obsp["other_connectivities"] = connected.obsp.pop("connectivities")
    for key in ("other", "other_connectivities"):
        del connected.layers["Ms"]
        moments(connected, conn_key=key)
        np.testing.assert_array_equal(connected.layers["Ms"], expected)
    with pytest.raises(KeyError, match="no 'othr'; there are 'other_connectivities'"):
        moments(connected, conn_key="othr")


def test_a_graph_is_made_where_there_is_none(raw):
    stored = {layer: values.copy() for layer, values in raw.layers.items()}
    moments(raw, n_neighbors=15)
    assert raw.uns["neighbors"]["params"]["n_neighbors"] == 15
    assert raw.obsm["X_pca"].shape == (200, 30)
    np.testing.assert_allclose(raw.layers["Ms"], slow_means(raw, "spliced", members_of(raw)), rtol=1e-5)
    assert raw.X is None
    for layer, values in stored.items():
        np.testing.assert_array_equal(dense(raw.layers[layer]), dense(values))


def test_components_that_are_there_make_the_graph(raw):
    place = np.linspace(0, 1, raw.n_obs)
    raw.obsm["X_pca"] = np.column_stack([place, np.zeros(raw.n_obs)])
    moments(raw, n_neighbors=4)
    np.testing.assert_array_equal(raw.obsm["X_pca"][:, 0], place)
    graph = raw.obsp["connectivities"].tocoo()
    assert np.abs(graph.row - graph.col).max() <= 4


def test_a_copy_leaves_the_original_alone(connected):
    with unchanged(connected):
        copy = moments(connected, copy=True)
    assert "Ms" in copy.layers


def test_cells_without_any_counts_are_named(connected):
    for layer in ("spliced", "unspliced"):
        values = connected.layers[layer].tolil()
        values[[4, 9]] = 0
        connected.layers[layer] = values.tocsr()
    named = ", ".join(repr(str(connected.obs_names[i])) for i in (4, 9))
    with pytest.warns(UserWarning, match=f"2 cells of 200 without counts: {named}"):
        moments(connected)
    assert np.isfinite(connected.layers["Ms"]).all()


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"n_neighbors": 0}, ValueError, "n_neighbors must be at least 1"),
        ({"n_neighbors": 7.5}, TypeError, "whole number"),
        ({"conn_key": 3}, TypeError, "conn_key must be text"),
        ({"copy": 1}, TypeError, "copy must be True or False"),
        ({"show_progress_bar": None}, TypeError, "show_progress_bar must be True or False"),
    ],
)
def test_wrong_arguments_are_refused_and_nothing_changes(connected, arguments, kind, words):
    with unchanged(connected), pytest.raises(kind, match=words):
        moments(connected, **arguments)


def test_a_graph_without_edges(connected):
    connected.obsp["connectivities"] = sp.csr_matrix((200, 200))
    with unchanged(connected), pytest.raises(ValueError, match=r"has no edges.*scanpy\.pp\.neighbors"):
        moments(connected)


def test_the_simulated_data_have_moments_of_this_kind():
    adata = datasets.cycle(n_cells=60, n_genes=30)
    again = raw_counts(adata)
    again.obsp["connectivities"] = adata.obsp["connectivities"]
    moments(again)
    np.testing.assert_array_equal(again.layers["Mu"], adata.layers["Mu"])
