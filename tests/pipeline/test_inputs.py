"""What is read of an AnnData for a chain: each part once, while there is room, and never of two readings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from tests.kernels.conftest import N_GENES, make_adata
from velowidget.data.reading import Reading, Settings
from velowidget.kernels import ConnectivityKernel, VelocityKernel
from velowidget.pipeline import inputs as module
from velowidget.pipeline.inputs import Inputs

FIRST = Settings()
SECOND = Settings(vkey="other", gene_subset=["gene1", "gene2", "gene3"])


@pytest.fixture
def adata():
    adata = make_adata()
    adata.layers["other"] = -adata.layers["velocity"]
    adata.obsp["mine"] = sp.csr_matrix(adata.obsp["connectivities"].T)
    return adata


@pytest.fixture
def reads(monkeypatch):
    """Settings of each time that velocities are read, as (vkey, xkey)."""
    found = []
    read = module.read_velocity

    def counted(adata, vkey, xkey, *more):
        found.append((vkey, xkey))
        return read(adata, vkey, xkey, *more)

    monkeypatch.setattr(module, "read_velocity", counted)
    return found


def test_each_is_read_once(adata, reads):
    inputs = Inputs(Reading(adata), None)
    for _ in range(3):
        for settings in (FIRST, SECOND, replace(FIRST, xkey="X")):
            data = inputs.data(settings)
            assert data is inputs.data(settings)
    assert reads == [("velocity", "Ms"), ("other", "Ms"), ("velocity", "X")]
    assert inputs.n_genes(FIRST) == 11
    assert inputs.n_genes(SECOND) == 3


def test_the_same_genes_in_other_words_are_the_same(adata, reads):
    inputs = Inputs(Reading(adata), None)
    data = inputs.data(FIRST)
    assert inputs.data(replace(FIRST, gene_subset="velocity_genes")) is data
    assert inputs.data(replace(FIRST, gene_subset=list(adata.var_names[:11]))) is data
    assert inputs.data(replace(FIRST, gene_subset="all")) is not data


def test_graphs_are_those_of_a_kernel(adata):
    inputs = Inputs(Reading(adata), None)
    for options in ({}, {"conn_key": "mine"}, {"n_neighbors": 2}, {"n_neighbors": 2, "symmetrize": True}):
        kernel = VelocityKernel(adata, **options)
        graph = inputs.graph(replace(FIRST, **options))
        np.testing.assert_array_equal(
            graph.matrix(np.ones(graph.n_edges)).toarray() > 0, kernel.connectivities.toarray() > 0
        )
        assert inputs.graph(replace(FIRST, **options)) is graph


def test_only_what_there_is_room_for_is_kept(adata, reads, monkeypatch):
    columns = 30 * 4 * 2
    monkeypatch.setattr(module, "LAYERS_LIMIT", 3 * columns * 3)
    inputs = Inputs(Reading(adata), None)
    for i in range(N_GENES - 3):
        inputs.data(replace(FIRST, gene_subset=[f"gene{i}", f"gene{i + 1}", f"gene{i + 2}"]))
        assert inputs._layers.n_bytes <= 3 * columns * 3
    assert len(inputs._layers.items()) in (2, 3)


def test_arrays_of_the_data_themselves_take_no_room(adata):
    inputs = Inputs(Reading(adata), None)
    data = inputs.data(replace(FIRST, gene_subset="all"))
    assert np.shares_memory(data.v, adata.layers["velocity"])
    assert inputs._layers.n_bytes == 0
    inputs.data(FIRST)
    assert inputs._layers.n_bytes == 2 * 30 * 11 * 4


def test_what_has_changed_is_read_anew_and_nothing_else(adata, reads):
    before = Inputs(Reading(adata), None)
    kept, graph = before.data(FIRST), before.graph(FIRST)
    old = before.data(SECOND)
    adata.layers["other"] = adata.layers["other"] * 2
    changes = before.reading.changes(FIRST)
    after = Inputs(Reading(adata), None, before, changes)
    assert after.data(FIRST) is kept
    assert after.graph(FIRST) is graph
    np.testing.assert_array_equal(after.data(SECOND).v, 2 * old.v)
    assert before.data(SECOND) is old
    assert len(reads) == 3


def test_a_graph_that_has_changed_is_read_anew(adata):
    before = Inputs(Reading(adata), None)
    mine = replace(FIRST, conn_key="mine")
    kept, old = before.graph(FIRST), before.graph(mine)
    adata.obsp["mine"] = adata.obsp["connectivities"].copy()
    after = Inputs(Reading(adata), None, before, before.reading.changes(FIRST))
    assert after.graph(FIRST) is kept
    assert after.graph(mine) is not old
    np.testing.assert_array_equal(after.graph(mine).indices, kept.indices)


def test_layers_that_are_used_where_they_lie_must_not_change(adata):
    inputs = Inputs(Reading(adata), None)
    every = replace(FIRST, gene_subset="all")
    with inputs.velocities(every):
        pass
    adata.layers["Ms"] *= 2
    with pytest.raises(ValueError, match="changed in place"), inputs.velocities(every):
        pass
    with inputs.velocities(every, are_used=False):
        pass


def test_errors_are_raised_each_time_and_read_once(adata, reads):
    inputs = Inputs(Reading(adata), None)
    missing = replace(FIRST, vkey="gone")
    inputs.read(missing)
    for _ in range(2):
        with pytest.raises(KeyError, match="no 'gone'"):
            inputs.data(missing)
    assert inputs.graph(missing).n_edges  # which does not need them
    assert reads == [("gone", "Ms")]
    assert inputs.notes(missing) == ()
    assert inputs.n_genes(missing) is None


def test_notes_are_of_what_is_in_use(adata):
    adata.layers["other"][3, 1] = np.nan
    inputs = Inputs(Reading(adata), None)
    assert inputs.notes(SECOND) == ()  # not read yet
    inputs.read(SECOND)
    inputs.read(FIRST)
    assert len(inputs.notes(SECOND)) == 1
    assert "1 gene of 3 left out" in inputs.notes(SECOND)[0]
    assert inputs.notes(FIRST) == ()


@pytest.mark.parametrize("options", [{}, {"conn_key": "mine"}, {"n_neighbors": 2, "symmetrize": True}])
def test_the_chain_of_the_weights_is_that_of_a_kernel(adata, options):
    inputs, settings = Inputs(Reading(adata), None), replace(FIRST, **options)
    found = inputs.connectivity(settings)
    kernel = ConnectivityKernel(adata, settings.conn_key).compute_transition_matrix()
    np.testing.assert_array_equal(found.chain.matrix.toarray(), kernel.transition_matrix.toarray())
    assert inputs.connectivity(settings) is found
    velocity = inputs.graph(settings)
    both = velocity.matrix(np.ones(velocity.n_edges)).toarray() + kernel.connectivities.toarray() > 0
    assert found.union.graph.n_edges == both.sum()
    assert (found.union.graph is velocity) == (velocity.n_edges == both.sum())
    made = ConnectivityKernel.of_chain(adata, settings.conn_key, found.weights, found.chain)
    assert made.params == kernel.params
    np.testing.assert_array_equal(made.transition_matrix.toarray(), kernel.transition_matrix.toarray())
    np.testing.assert_array_equal(made.connectivities.toarray(), kernel.connectivities.toarray())


def test_weights_that_make_no_chain(adata):
    weights = adata.obsp["mine"].tolil()
    weights[3, 5] = -1
    adata.obsp["mine"] = weights.tocsr()
    inputs, mine = Inputs(Reading(adata), None), replace(FIRST, conn_key="mine")
    assert inputs.graph(mine).n_edges
    with pytest.raises(ValueError, match="negative weight"):
        inputs.connectivity(mine)
