"""Pipelines of kernels that exist already, and of velocities in obsm."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import traitlets as t

from velowidget import ConnectivityKernel, PrecomputedKernel, VelocityKernel, VelocityPipeline
from velowidget.core.custom import Scheme

N_CELLS = 200


@pytest.fixture
def velocity(adata):
    return VelocityKernel(adata).compute_transition_matrix(scheme="cosine", softmax_scale=7)


@pytest.fixture
def others(adata, velocity):
    """Kernels that cannot be tuned, by name."""
    connectivity = ConnectivityKernel(adata).compute_transition_matrix()
    lazy = sp.csr_matrix(0.75 * velocity.transition_matrix + 0.25 * sp.identity(N_CELLS))
    given = VelocityKernel(adata)
    given.transition_matrix = lazy
    return {
        "sum": 0.8 * velocity + 0.2 * connectivity,
        "product": velocity * connectivity,
        "connectivity": connectivity,
        "precomputed": PrecomputedKernel(lazy, adata),
        "matrix that was set": given,
    }


def shown(kernel, **settings) -> VelocityPipeline:
    pipeline = VelocityPipeline(kernel, **settings)
    pipeline.wait()
    return pipeline


def same(matrix, other) -> bool:
    return (matrix != other).nnz == 0


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"scheme": "cosine", "softmax_scale": 7.0},
        {"mode": "stochastic"},
        {"mode": "monte_carlo", "n_samples": 20, "seed": 5},
        {"mode": "sampling", "seed": 3},
    ],
    ids=lambda parameters: parameters.get("mode", parameters.get("scheme", "defaults")),
)
def test_a_velocity_kernel_goes_on_from_its_own_parameters(adata, parameters):
    kernel = VelocityKernel(adata).compute_transition_matrix(**parameters)
    pipeline = shown(kernel)
    assert same(pipeline.kernel.transition_matrix, kernel.transition_matrix)
    for name, value in {**parameters, "softmax_scale": kernel.params["softmax_scale"]}.items():
        assert getattr(pipeline, name) == value
    pipeline.softmax_scale = 3
    tuned = VelocityKernel(adata).compute_transition_matrix(**{**parameters, "softmax_scale": 3})
    assert same(pipeline.kernel.transition_matrix, tuned.transition_matrix), "and can be tuned"


@pytest.mark.parametrize("backward_mode", ["transpose", "negate"])
def test_a_backward_kernel_is_shown_backward(adata, backward_mode):
    kernel = VelocityKernel(adata, backward=True).compute_transition_matrix(backward_mode=backward_mode)
    pipeline = shown(kernel)
    assert (pipeline.backward, pipeline.backward_mode) == (True, backward_mode)
    assert same(pipeline.kernel.transition_matrix, kernel.transition_matrix)


def test_what_a_kernel_reads_is_read(adata):
    adata.layers["other"] = -np.asarray(adata.layers["velocity"])
    adata.obsp["mine"] = adata.obsp["connectivities"]
    del adata.obsp["connectivities"]
    kernel = VelocityKernel(adata, vkey="other", conn_key="mine", gene_subset=list(adata.var_names[:30]))
    pipeline = shown(kernel)
    assert same(pipeline.kernel.transition_matrix, kernel.compute_transition_matrix().transition_matrix)


def test_its_policy_for_cells_without_probabilities_is_kept(adata):
    graph = adata.obsp["connectivities"].tolil()
    graph[3] = 0
    adata.obsp["connectivities"] = graph.tocsr()
    kernel = VelocityKernel(adata).compute_transition_matrix(degenerate="self_loop")
    assert same(shown(kernel).kernel.transition_matrix, kernel.transition_matrix)


def test_a_kernel_with_a_condition_number_is_shown(adata):
    kernel = VelocityKernel(adata, compute_cond_num=True).compute_transition_matrix()
    assert same(shown(kernel).kernel.transition_matrix, kernel.transition_matrix)


@pytest.mark.parametrize("name", ["sum", "product", "connectivity", "precomputed", "matrix that was set"])
def test_any_other_kernel_is_shown_as_it_is(others, name):
    kernel = others[name]
    pipeline = shown(kernel)
    assert same(pipeline.kernel.transition_matrix, kernel.transition_matrix)
    assert pipeline.kernel is not kernel
    np.testing.assert_allclose(pipeline.flow.to_numpy(), kernel.flow().to_numpy(), atol=1e-12)
    np.testing.assert_array_equal(pipeline.walks, kernel.random_walks(pipeline.n_sims, pipeline.max_iter, seed=0))
    arrows = pipeline._result("projection")[0].value.vectors
    positions = pipeline.positions(pipeline.basis)
    np.testing.assert_allclose(arrows, kernel.arrows_on(positions), atol=1e-12)


@pytest.mark.parametrize("name", ["sum", "precomputed"])
def test_what_its_chain_does_not_depend_on_cannot_be_changed(others, name):
    pipeline = shown(others[name])
    before = pipeline.values()
    changes = {"softmax_scale": 3, "auto_scale": True, "scheme": "dot_product", "mode": "sampling", "backward": True}
    for parameter, value in changes.items():
        with pytest.raises(t.TraitError, match=f"{parameter} cannot be changed.*given kernel"):
            setattr(pipeline, parameter, value)
    assert pipeline.values() == before
    pipeline.n_sims, pipeline.field = 5, "arrows"
    assert len(pipeline.walks) == 5


def test_what_is_said_of_a_sum_is_of_its_velocities(adata, velocity, others):
    diagnostics = shown(others["sum"], color="support")._result("diagnostics")[0].value
    np.testing.assert_allclose(diagnostics.support, velocity.diagnostics("umap")["support"], atol=1e-12)
    assert np.isfinite(diagnostics.fidelity).mean() > 0.9


def test_without_velocities_only_the_entropy_is_known(others):
    pipeline = shown(others["precomputed"], color="entropy")
    assert pipeline.diagnostics == ("entropy",)
    assert not pipeline.honest
    with pytest.raises(t.TraitError, match="fidelity"):
        pipeline.color = "fidelity"
    assert np.isfinite(pipeline.annotation.values).all()


def test_a_scheme_without_a_name_is_shown_as_it_is(adata):
    def nearest(_v, d, _scale):
        similarities = -np.linalg.norm(d, axis=1)
        weights = np.exp(similarities - similarities.max())
        return weights / weights.sum(), similarities

    scheme: Scheme = nearest
    kernel = VelocityKernel(adata).compute_transition_matrix(scheme=scheme)
    pipeline = shown(kernel)
    assert same(pipeline.kernel.transition_matrix, kernel.transition_matrix)
    with pytest.raises(t.TraitError, match="cannot be changed"):
        pipeline.scheme = "cosine"


def test_the_given_kernel_is_left_alone(others):
    kernel = others["sum"]
    pipeline = shown(kernel)
    matrix = pipeline.kernel.transition_matrix.copy()
    kernel[0].compute_transition_matrix(softmax_scale=50)
    assert same(pipeline.kernel.transition_matrix, matrix)


def test_a_kernel_of_another_package_is_shown(adata, velocity):
    velocity.write_to_adata()
    pipeline = shown(PrecomputedKernel(adata, obsp_key="T_fwd"))
    assert same(pipeline.kernel.transition_matrix, velocity.transition_matrix)


def test_settings_beside_a_kernel_are_refused(velocity):
    with pytest.raises(TypeError, match="attr is the given kernel's own"):
        VelocityPipeline(velocity, attr="obsm")
    assert shown(velocity, softmax_scale=2.0).softmax_scale == 2.0
    assert shown(velocity, xkey="spliced").xkey == "spliced"


def test_parameters_beside_a_kernel_that_is_shown_as_it_is_are_refused(others):
    with pytest.raises(TypeError, match="softmax_scale is the given kernel's own"):
        VelocityPipeline(others["sum"], softmax_scale=3)
    assert shown(others["sum"], n_sims=7).n_sims == 7


def test_a_kernel_of_other_cells_than_the_data_have_now_is_said(adata, others):
    pipeline = shown(others["sum"])
    matrix = pipeline.kernel.transition_matrix
    adata._inplace_subset_obs(np.arange(100))
    pipeline.look()
    assert "100 cells now" in pipeline.changed
    with pytest.warns(UserWarning, match="100 cells now"):
        assert same(pipeline.kernel.transition_matrix, matrix), "until the data are read again"
    pipeline.refresh()
    with pytest.raises(ValueError, match="kernel has 200 cells"):
        pipeline.wait()


def test_the_kernel_of_a_pipeline_writes_to_the_data_of_the_user(adata, others):
    shown(others["sum"]).kernel.write_to_adata()
    assert "T_fwd" in adata.obsp


def test_nothing_else_is_taken():
    with pytest.raises(TypeError, match="AnnData"):
        VelocityPipeline(np.eye(3))


def test_velocities_of_obsm_are_shown_and_refused_as_the_kernel_does(adata):
    adata.obsm["velocity_pca"] = np.random.default_rng(0).normal(size=adata.obsm["X_pca"].shape)
    keys = {"vkey": "velocity_pca", "xkey": "X_pca", "attr": "obsm"}
    kernel = VelocityKernel(adata, **keys).compute_transition_matrix()
    assert same(shown(adata, **keys).kernel.transition_matrix, kernel.transition_matrix)
    assert same(shown(kernel).kernel.transition_matrix, kernel.transition_matrix)
    with pytest.raises(t.TraitError, match="obsm"):
        shown(adata, vkey="velocity_umap", xkey="X_pca", attr="obsm")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown(adata, **keys)
