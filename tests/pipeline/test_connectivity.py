"""The chain of the graph's weights, mixed in: as the sum of both kernels has it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from traitlets import TraitError

from velowidget import ConnectivityKernel, VelocityKernel, VelocityPipeline
from velowidget.pipeline.events import Computed


def difference(first, second):
    return abs(first - second).max()


def expected(adata, weight, conn_key="connectivities", constructor=None, **values):
    """The sum of fresh kernels."""
    velocity = VelocityKernel(adata, conn_key=conn_key, **(constructor or {})).compute_transition_matrix(**values)
    connectivity = ConnectivityKernel(adata, conn_key).compute_transition_matrix()
    return ((1 - weight) * velocity + weight * connectivity).transition_matrix


@pytest.fixture
def adata(adata):
    rng = np.random.default_rng(0)
    adata.obsp["directed"] = sp.csr_matrix(adata.obsp["connectivities"].multiply(rng.random((200, 200)) < 0.8))
    return adata


@pytest.mark.parametrize("weight", [1e-6, 0.2, 0.5, 0.999])
@pytest.mark.parametrize(
    ("constructor", "values"),
    [
        ({}, {}),
        ({"n_neighbors": 5}, {"threshold": 0.05}),
        ({"n_neighbors": 3, "symmetrize": True}, {"mode": "stochastic"}),
        ({"conn_key": "directed"}, {"scheme": "cosine", "softmax_scale": 9.0}),
    ],
    ids=["as it is", "few neighbours", "ways back", "another graph"],
)
def test_the_chain_is_that_of_the_sum(adata, weight, constructor, values):
    pipeline = VelocityPipeline(adata, connectivity_weight=weight, **constructor, **values)
    pipeline.wait()
    sum_of_both = expected(adata, weight, constructor.pop("conn_key", "connectivities"), constructor, **values)
    assert difference(pipeline.kernel.transition_matrix, sum_of_both) <= 1e-12
    chain = pipeline.jobs.latest("T").value
    assert difference(chain.matrix, sum_of_both) <= 1e-12
    parts = pipeline.kernel
    assert [type(part) for part in parts] == [VelocityKernel, ConnectivityKernel]
    np.testing.assert_allclose(parts.weights, [1 - weight, weight], rtol=1e-12)


def test_what_is_drawn_walked_and_flowed_is_of_the_mixed_chain(adata):
    pipeline = VelocityPipeline(adata, connectivity_weight=0.4, n_sims=20, max_iter=10, cluster_key="clusters")
    for stage in ("projection", "walks", "flow", "diagnostics"):
        pipeline.want(stage)
    pipeline.wait()
    shown = VelocityPipeline(pipeline.kernel, n_sims=20, max_iter=10, cluster_key="clusters")
    for stage in ("projection", "walks", "flow", "diagnostics"):
        shown.want(stage)
    shown.wait()
    first, second = (
        {stage: p.jobs.latest(stage).value for stage in ("projection", "walks", "flow", "diagnostics")}
        for p in (pipeline, shown)
    )
    np.testing.assert_allclose(first["projection"].vectors, second["projection"].vectors, atol=1e-12)
    np.testing.assert_allclose(first["flow"].values, second["flow"].values, atol=1e-12)
    for name in ("fidelity", "support", "entropy"):
        np.testing.assert_allclose(getattr(first["diagnostics"], name), getattr(second["diagnostics"], name), atol=1e-9)
    np.testing.assert_array_equal(first["walks"].paths, second["walks"].paths)


def test_the_ends_are_one_kernel(adata):
    pipeline = VelocityPipeline(adata)
    velocity = VelocityKernel(adata).compute_transition_matrix().transition_matrix
    assert isinstance(pipeline.kernel, VelocityKernel)
    assert difference(pipeline.kernel.transition_matrix, velocity) <= 1e-12
    pipeline.connectivity_weight = 1
    assert isinstance(pipeline.kernel, ConnectivityKernel)
    whole = ConnectivityKernel(adata).compute_transition_matrix()
    assert difference(pipeline.kernel.transition_matrix, whole.transition_matrix) <= 1e-12
    assert difference(pipeline.jobs.latest("T").value.matrix, whole.transition_matrix) <= 1e-12
    assert pipeline.kernel.params == whole.params
    pipeline.connectivity_weight = 0
    assert isinstance(pipeline.kernel, VelocityKernel)


def test_a_drag_computes_nothing_that_does_not_depend_on_it(adata):
    pipeline = VelocityPipeline(adata, mode="stochastic", connectivity_weight=0.1)
    pipeline.wait()
    kept = pipeline.jobs.latest("similarity"), pipeline.jobs.latest("velocity")
    computed = []
    pipeline.listen(lambda event: computed.append(event.stage) if isinstance(event, Computed) else None)
    for weight in (0.2, 0.3, 0.0):
        pipeline.connectivity_weight = weight
        pipeline.wait()
    assert set(computed) == {"T", "projection", "particles", "grid"}
    assert (pipeline.jobs.latest("similarity"), pipeline.jobs.latest("velocity")) == kept


@pytest.mark.parametrize(("value", "words"), [(-0.1, "from 0 to 1"), (1.1, "from 0 to 1"), ("half", "a number")])
def test_weights_of_no_use(adata, value, words):
    pipeline = VelocityPipeline(adata)
    with pytest.raises(TraitError, match=words):
        pipeline.connectivity_weight = value


def test_a_graph_of_negative_weights_has_no_such_chain(adata):
    adata.obsp["directed"].data[5] = -1
    pipeline = VelocityPipeline(adata, conn_key="directed")
    pipeline.wait()
    pipeline.connectivity_weight = 0.2
    with pytest.raises(ValueError, match=r"negative weight.*scanpy.pp.neighbors"):
        pipeline.wait()
    pipeline.connectivity_weight = 0
    pipeline.wait()
