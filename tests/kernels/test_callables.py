"""Schemes of the user's own, through the kernel: every mode and direction, parameters, files."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from tests.core.test_custom import Own
from tests.fingerprint import unchanged
from velowidget.kernels import VelocityKernel
from velowidget.kernels.base import Kernel

SCHEMES = ("correlation", "cosine", "dot_product")


def by_length(v, d, scale):
    """A scheme of its own: near neighbours are likely, whatever the velocity."""
    s = -np.linalg.norm(d, axis=1)
    weights = np.exp(scale * (s - s.max()))
    return weights / weights.sum(), s


class Unhashable(Own):
    __hash__ = None


@pytest.mark.parametrize("name", SCHEMES)
@pytest.mark.parametrize(
    ("backward", "options"),
    [
        (False, {}),
        (True, {"backward_mode": "transpose"}),
        (True, {"backward_mode": "negate"}),
        (False, {"mode": "stochastic"}),
        (True, {"mode": "stochastic", "backward_mode": "negate"}),
        (False, {"mode": "sampling", "seed": 3}),
        (True, {"mode": "sampling", "seed": 3, "backward_mode": "negate"}),
    ],
)
def test_a_built_in_scheme_as_a_callable(adata, name, backward, options):
    built_in = VelocityKernel(adata, backward).compute_transition_matrix(scheme=name, **options)
    with unchanged(adata):
        own = VelocityKernel(adata, backward).compute_transition_matrix(scheme=Unhashable(name), **options)
    assert own.params["softmax_scale"] == pytest.approx(built_in.params["softmax_scale"], rel=1e-12)
    assert own.params["scheme"].endswith("test_callables.Unhashable")
    assert {**own.params, "scheme": 0, "softmax_scale": 0} == {**built_in.params, "scheme": 0, "softmax_scale": 0}
    np.testing.assert_allclose(own.transition_matrix.toarray(), built_in.transition_matrix.toarray(), atol=1e-11)
    np.testing.assert_allclose(own.logits.toarray(), built_in.logits.toarray(), atol=1e-11)


def test_monte_carlo_of_a_callable(adata):
    options = {"mode": "monte_carlo", "softmax_scale": 2, "seed": 1}
    own = VelocityKernel(adata).compute_transition_matrix(scheme=Own("cosine"), n_samples=200, **options)
    again = VelocityKernel(adata).compute_transition_matrix(scheme=Own("cosine"), n_samples=200, **options)
    built_in = VelocityKernel(adata).compute_transition_matrix(scheme="cosine", n_samples=20_000, **options)
    np.testing.assert_array_equal(own.transition_matrix.toarray(), again.transition_matrix.toarray())
    difference = np.abs((own.transition_matrix - built_in.transition_matrix).toarray())
    assert difference.max() < 5 * 0.5 / np.sqrt(200)


def test_negate_calls_with_the_negated_velocity(adata):
    genes = adata.var["velocity_genes"].to_numpy()
    velocities = {row.tobytes() for row in -adata.layers["velocity"][:, genes].astype(np.float64)}
    seen = set()

    def scheme(v, d, scale):
        seen.add(v[0].tobytes())
        return by_length(v, d, scale)

    VelocityKernel(adata, backward=True).compute_transition_matrix(scheme=scheme, backward_mode="negate")
    assert seen == velocities


def test_stochastic_needs_second_derivatives(adata):
    kernel = VelocityKernel(adata)
    with pytest.raises(TypeError, match=r"no method hessian\..*mode='monte_carlo', which needs none"):
        kernel.compute_transition_matrix(mode="stochastic", scheme=by_length)
    kernel.compute_transition_matrix(mode="monte_carlo", scheme=by_length, n_samples=2)
    with pytest.warns(UserWarning, match="computing the deterministic mode"):  # which needs none
        (~kernel).compute_transition_matrix(mode="stochastic", scheme=by_length)


def test_the_same_callable_is_not_asked_again_and_another_is(adata):
    asked = []

    def scheme(v, d, scale):
        asked.append(scale)
        return by_length(v, d, scale)

    kernel = VelocityKernel(adata).compute_transition_matrix(scheme=scheme)
    matrix = kernel.transition_matrix
    assert len(asked) == 60, "once for the automatic scale, once for the probabilities"
    assert kernel.compute_transition_matrix(scheme=scheme).transition_matrix is matrix
    assert len(asked) == 60
    kernel.compute_transition_matrix(scheme=scheme, softmax_scale=2.0)
    assert asked[60:] == [2.0] * 30
    for power in (1, 2):  # of the same name
        other = functools.partial(lambda power, v, d, scale: by_length(v, d**power, scale), power)
        kernel.compute_transition_matrix(scheme=other, softmax_scale=2.0)
        assert kernel.params["scheme"] == "functools.partial"
        fresh = VelocityKernel(adata).compute_transition_matrix(scheme=other, softmax_scale=2.0)
        np.testing.assert_array_equal(kernel.transition_matrix.toarray(), fresh.transition_matrix.toarray())


def test_names_of_callables(adata, tmp_path):
    kernel = VelocityKernel(adata).compute_transition_matrix(scheme=by_length)
    name = kernel.params["scheme"]
    assert name.endswith("test_callables.by_length")
    read = Kernel.read(kernel.write(tmp_path / "k"))
    assert read.params == kernel.params
    np.testing.assert_array_equal(read.transition_matrix.toarray(), kernel.transition_matrix.toarray())
    np.testing.assert_array_equal(read.logits.toarray(), kernel.logits.toarray())
    kernel.write_to_adata()
    adata.write_h5ad(tmp_path / "a.h5ad")
    assert VelocityKernel.from_adata(adata, "T_fwd").params["scheme"] == name
    read.compute_transition_matrix(scheme=by_length, softmax_scale=3.0)
    assert read.params["softmax_scale"] == 3.0
    with pytest.raises(ValueError, match=r"scheme='.*by_length' is not known"):
        read.compute_transition_matrix(scheme=name)


def test_a_failing_scheme_changes_nothing(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix()
    matrix, params = kernel.transition_matrix, kernel.params
    with pytest.raises(ValueError, match="sum to"):
        kernel.compute_transition_matrix(scheme=lambda v, d, scale: (d[:, 0], d[:, 1]))
    with pytest.raises(TypeError, match="returned Own"):
        kernel.compute_transition_matrix(scheme=lambda v, d, scale: Own("cosine"))
    assert kernel.transition_matrix is matrix
    assert kernel.params == params


def test_cells_that_a_scheme_leaves_undefined_follow_the_policy(adata):
    adata.layers["velocity"][4] = 0.5  # a constant has no correlation
    with pytest.raises(ValueError, match="cell4"):
        VelocityKernel(adata).compute_transition_matrix(scheme=Own("correlation"))
    kernel = VelocityKernel(adata).compute_transition_matrix(scheme=Own("correlation"), degenerate="self_loop")
    assert kernel.transition_matrix[4, 4] == 1
    assert kernel.logits[4].nnz == 0
