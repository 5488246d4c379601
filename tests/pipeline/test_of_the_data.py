"""Velocities, genes and neighbours as live parameters: as a fresh kernel has them, and read once."""

from __future__ import annotations

import gc
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from traitlets import TraitError

from velowidget import ConnectivityKernel, PrecomputedKernel, VelocityKernel, VelocityPipeline
from velowidget.data.graphs import usable_graphs
from velowidget.pipeline.events import Read

CONSTRUCTOR = ("vkey", "xkey", "gene_subset", "conn_key", "n_neighbors", "symmetrize")


@pytest.fixture
def adata(adata):
    rng = np.random.default_rng(0)
    adata.layers["other"] = (adata.layers["velocity"] + rng.normal(size=adata.shape)).astype(np.float32)
    adata.var["other_genes"] = np.arange(adata.n_vars) % 2 == 0
    adata.var["fit_likelihood"] = np.where(np.arange(adata.n_vars) % 3 == 0, np.nan, rng.random(adata.n_vars))
    adata.obsp["directed"] = sp.csr_matrix(adata.obsp["connectivities"].multiply(rng.random((200, 200)) < 0.7))
    return adata


@pytest.fixture
def pipeline(adata):
    pipeline = VelocityPipeline(adata)
    pipeline.wait()
    return pipeline


def fresh(adata, **values):
    """The matrix of a kernel made with the same values."""
    kernel = VelocityKernel(adata, **{name: values.pop(name) for name in CONSTRUCTOR if name in values})
    return kernel.compute_transition_matrix(**values).transition_matrix


def difference(first, second):
    return abs(first - second).max()


CHANGES = {
    "another velocity layer, with its genes": {"vkey": "other"},
    "another expression layer": {"xkey": "spliced"},
    "adata.X": {"xkey": "X"},
    "all genes": {"gene_subset": "all"},
    "a boolean column": {"gene_subset": "other_genes"},
    "the best genes": {"gene_subset": {"fit_likelihood": 15}},
    "genes by name": {"gene_subset": ["gene_1", "gene_2", "gene_3", "gene_10", "gene_20"]},
    "another graph": {"conn_key": "directed"},
    "distances": {"conn_key": "distances", "n_neighbors": 5},
    "few neighbours": {"n_neighbors": 4},
    "few neighbours, and ways back": {"n_neighbors": 4, "symmetrize": True},
    "ways back": {"conn_key": "directed", "symmetrize": True},
    "a threshold": {"threshold": 0.05},
    "a policy": {"degenerate": "uniform"},
    "several": {"vkey": "other", "gene_subset": "all", "n_neighbors": 8, "threshold": 0.02, "scheme": "cosine"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_chain_is_that_of_a_fresh_kernel(adata, pipeline, change):
    values = dict(CHANGES[change])
    if change == "genes by name":
        values["gene_subset"] = list(adata.var_names[[1, 2, 3, 10, 20]])
    with pipeline.hold_trait_notifications():
        for name, value in values.items():
            setattr(pipeline, name, value)
    kernel = pipeline.kernel
    assert difference(kernel.transition_matrix, fresh(adata, **values)) <= 1e-12
    assert kernel.params["softmax_scale"] == pipeline.softmax_scale
    again = VelocityPipeline(kernel)
    assert difference(again.kernel.transition_matrix, kernel.transition_matrix) <= 1e-12
    for name in CONSTRUCTOR:  # of the genes, a kernel knows which
        assert getattr(again, name) == getattr(pipeline, name) or name == "gene_subset"
    settings = kernel._settings()
    remade = VelocityKernel(adata, **settings).compute_transition_matrix(
        **{name: value for name, value in kernel.params.items() if name in ("scheme", "threshold", "degenerate")}
    )
    assert difference(remade.transition_matrix, kernel.transition_matrix) <= 1e-12


@pytest.mark.parametrize("change", [c for c in CHANGES if c != "genes by name"])
def test_first_values_are_those_of_a_change(adata, change):
    pipeline = VelocityPipeline(adata, **CHANGES[change])
    assert difference(pipeline.kernel.transition_matrix, fresh(adata, **CHANGES[change])) <= 1e-12
    assert {name: getattr(pipeline, name) for name in CHANGES[change]} == CHANGES[change]


def test_everything_else_stays(adata, pipeline):
    with pipeline.hold_trait_notifications():
        pipeline.color, pipeline.field, pipeline.scheme = "gene:" + adata.var_names[0], "none", "cosine"
    pipeline.selection = [3, 4, 5]
    before = {name: value for name, value in pipeline.values().items() if name not in ("vkey", "softmax_scale")}
    pipeline.vkey = "other"
    pipeline.wait()
    after = {name: value for name, value in pipeline.values().items() if name not in ("vkey", "softmax_scale")}
    assert before == after
    assert pipeline.selection.tolist() == [3, 4, 5]


def test_the_number_of_genes_in_use(adata, pipeline):
    assert pipeline.n_genes == VelocityKernel(adata)._data.genes.sum()
    pipeline.gene_subset = {"fit_likelihood": 15}
    pipeline.wait()
    assert pipeline.n_genes == 15
    pipeline.vkey, pipeline.gene_subset = "other", None
    pipeline.wait()
    assert pipeline.n_genes == 30


def test_genes_that_are_left_out_are_told(adata, pipeline):
    adata.layers["gaps"] = adata.layers["velocity"].copy()
    adata.layers["gaps"][7, 5:9] = np.nan
    pipeline.vkey = "gaps"
    pipeline.wait()
    assert any("4 genes of" in notice and "left out" in notice for notice in pipeline.notices)
    pipeline.vkey = "velocity"
    pipeline.wait()
    assert not pipeline.notices


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("vkey", "velocty", ["no 'velocty'", "did you mean 'velocity'?", "velowidget.velocity(adata)"]),
        ("vkey", 3, ["must be text"]),
        ("xkey", "Mss", ["did you mean 'Ms'?", "velowidget.moments(adata)"]),
        ("xkey", "words", ["not real numbers"]),
        ("gene_subset", "fit_like", ["did you mean 'fit_likelihood'?"]),
        ("gene_subset", {"fit_likelihood": 0}, ["at least 1"]),
        ("gene_subset", {"velocity_r3": 10}, ["no column 'velocity_r3'"]),
        ("gene_subset", [], ["No gene is left"]),
        ("conn_key", "connectivity", ["did you mean 'connectivities'?", "scanpy.pp.neighbors(adata)"]),
        ("n_neighbors", 0, ["at least 1"]),
        ("n_neighbors", 2.5, ["whole number"]),
        ("symmetrize", "yes", ["True or False"]),
        ("threshold", 1.0, ["threshold must be", "1"]),
        ("threshold", -0.1, ["threshold must be"]),
        ("degenerate", "selfloop", ["did you mean 'self_loop'?"]),
    ],
)
def test_values_of_no_use(adata, name, value, words):
    adata.layers["words"] = np.full(adata.shape, "a", dtype=object)
    pipeline = VelocityPipeline(adata)
    pipeline.wait()
    before = pipeline.values()
    with pytest.raises(TraitError) as caught:
        setattr(pipeline, name, value)
    for word in words:
        assert word in str(caught.value)
    assert pipeline.values() == before
    refused = VelocityPipeline(adata, **{name: value})
    with pytest.raises(TraitError) as caught:
        refused.wait()
    assert words[0] in str(caught.value)


def test_a_layer_that_can_be_named_and_not_be_used_says_so_when_it_is_computed(adata, pipeline):
    adata.layers["infinite"] = adata.layers["velocity"].copy()
    adata.layers["infinite"][3, :] = np.inf
    pipeline.vkey = "infinite"
    with pytest.raises(ValueError, match="infinite in"):
        pipeline.wait()
    pipeline.vkey = "velocity"
    pipeline.wait()


def test_masks_read_back_as_names(adata, pipeline):
    mask = np.arange(adata.n_vars) < 4
    pipeline.gene_subset = mask
    assert pipeline.gene_subset == adata.var_names[:4].tolist()
    pipeline.gene_subset.append("nothing")  # a copy
    assert len(pipeline.gene_subset) == 4
    pipeline.gene_subset = np.ones(adata.n_vars, dtype=bool)
    assert pipeline.gene_subset in ("all", None)


def test_a_new_layer_is_found(adata, pipeline):
    read = []
    pipeline.listen(lambda event: read.append(event) if isinstance(event, Read) else None)
    adata.layers["new"] = 2 * adata.layers["velocity"]
    adata.obsp["new"] = adata.obsp["connectivities"].T.tocsr()
    with pipeline.hold_trait_notifications():
        pipeline.vkey, pipeline.conn_key = "new", "new"
    assert difference(pipeline.kernel.transition_matrix, fresh(adata, vkey="new", conn_key="new")) <= 1e-12
    assert read


def test_a_layer_that_changes_while_another_is_in_use(adata, pipeline):
    pipeline.vkey = "other"
    pipeline.wait()
    adata.layers["velocity"] = adata.layers["velocity"][:, ::-1].copy()
    pipeline.look()
    assert not pipeline.changed
    pipeline.vkey = "velocity"
    assert difference(pipeline.kernel.transition_matrix, fresh(adata)) <= 1e-12
    adata.layers["velocity"] = -adata.layers["velocity"]
    pipeline.look()
    assert "other velocities" in pipeline.changed


def test_what_is_in_use_now_is_what_changes_are_told_of(adata, pipeline):
    before = pipeline.kernel.transition_matrix.copy()
    pipeline.vkey = "other"
    pipeline.wait()
    adata.layers["other"] = -adata.layers["other"]
    with pytest.warns(UserWarning, match="other velocities"):
        kernel = pipeline.kernel
    old = adata.copy()
    old.layers["other"] = -adata.layers["other"]
    assert difference(kernel.transition_matrix, fresh(old, vkey="other")) <= 1e-12
    pipeline.vkey = "velocity"  # which is as it was
    assert difference(pipeline.kernel.transition_matrix, before) <= 1e-12
    assert not pipeline.changed


def test_a_layer_that_is_gone_gives_way_to_the_default(adata, pipeline):
    pipeline.vkey = "other"
    pipeline.wait()
    del adata.layers["other"]
    pipeline.refresh()
    assert pipeline.vkey == "velocity"
    assert any("vkey was 'other'" in notice for notice in pipeline.notices)
    pipeline.wait()


def test_similarities_are_not_computed_again_for_what_they_do_not_depend_on(pipeline):
    similar = pipeline.jobs.latest("similarity")
    pipeline.threshold, pipeline.degenerate = 0.1, "uniform"
    pipeline.wait()
    assert pipeline.jobs.latest("similarity") is similar
    pipeline.n_neighbors = 5
    pipeline.wait()
    assert pipeline.jobs.latest("similarity") is not similar


def test_kernels_that_are_shown_as_they_are_cannot_have_other_data(adata):
    kernel = PrecomputedKernel(ConnectivityKernel(adata).transition_matrix, adata)
    pipeline = VelocityPipeline(kernel)
    for name in (*CONSTRUCTOR, "threshold", "degenerate"):
        assert "given kernel" in pipeline.reason_against(name)
        with pytest.raises(TraitError, match="cannot be changed"):
            setattr(pipeline, name, getattr(pipeline, name))


def test_velocities_of_obsm_have_no_genes(adata):
    rng = np.random.default_rng(1)
    adata.obsm["X_p"], adata.obsm["v_p"], adata.obsm["w_p"] = rng.normal(size=(3, 200, 5))
    adata.obsm["wide"] = rng.normal(size=(200, 6))
    pipeline = VelocityPipeline(adata, attr="obsm", vkey="v_p", xkey="X_p")
    pipeline.wait()
    pipeline.vkey = "w_p"
    expected = VelocityKernel(adata, attr="obsm", vkey="w_p", xkey="X_p").compute_transition_matrix().transition_matrix
    assert difference(pipeline.kernel.transition_matrix, expected) <= 1e-12
    assert "not of genes" in pipeline.reason_against("gene_subset")
    with pytest.raises(TraitError, match="not of genes"):
        pipeline.gene_subset = "all"
    with pytest.raises(TraitError, match="both need the same columns"):
        pipeline.vkey = "wide"
    assert pipeline.n_genes == 5


def test_switching_back_and_forth_leaves_memory_flat(adata, pipeline):
    def there_and_back():
        for vkey, n_neighbors, genes in (("other", 5, "all"), ("velocity", None, None)):
            with pipeline.hold_trait_notifications():
                pipeline.vkey, pipeline.n_neighbors, pipeline.gene_subset = vkey, n_neighbors, genes
            pipeline.wait()

    for _ in range(3):
        there_and_back()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(50):
        there_and_back()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 2**20  # of 100 changes; velocities and expression take 96 kB


def test_what_is_offered(adata, pipeline):
    from velowidget.pipeline.table import entry_of
    from velowidget.pipeline.traits import TABLE

    adata.layers["words"] = np.full(adata.shape, "a", dtype=object)
    adata.obsp["words"] = np.full((200, 200), "a", dtype=object)
    adata.var["name"] = "a"
    pipeline.look()

    def offered(name):
        return [offer.key for offer in entry_of(TABLE[name]).control.offers(pipeline)]

    assert {"velocity", "other", "Ms", "spliced", "X"} <= set(offered("vkey"))
    assert "words" not in offered("vkey")
    assert offered("conn_key") == usable_graphs(adata)
    assert {"connectivities", "distances", "directed"} == set(offered("conn_key"))
    assert {"", "all", "other_genes", "top:fit_likelihood"} <= set(offered("gene_subset"))
    assert "top:name" not in offered("gene_subset")
    assert "name" not in offered("gene_subset")
    assert offered("degenerate") == ["error", "self_loop", "uniform"]
