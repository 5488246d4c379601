"""Velocities taken as random: the modes of the kernel, in both directions."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fingerprint import unchanged
from tests.kernels.conftest import make_adata
from velowidget.kernels import VelocityKernel

SCHEMES = ("correlation", "cosine", "dot_product")


@pytest.fixture
def adata():
    return make_adata()


def dense(adata, backward=False, **options):
    with unchanged(adata):
        kernel = VelocityKernel(adata, backward=backward).compute_transition_matrix(**options)
    return kernel.transition_matrix.toarray(), kernel


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("mode", ["stochastic", "sampling", "monte_carlo"])
def test_rows_sum_to_one_and_params_say_what_was_done(adata, mode, scheme):
    matrix, kernel = dense(adata, mode=mode, scheme=scheme, seed=3, n_samples=50)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-12)
    expected = {"mode": mode, "scheme": scheme, "softmax_scale": kernel.params["softmax_scale"]}
    if mode == "monte_carlo":
        expected["n_samples"] = 50
    if mode != "stochastic":
        expected["seed"] = 3
    assert kernel.params == {**expected, "degenerate": "error"}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_stochastic_is_close_to_the_mean_of_many_samples(adata, scheme):
    adata.layers["velocity"] += 3  # far from zero velocity, where an expansion is good
    exact, _ = dense(adata, mode="stochastic", scheme=scheme, softmax_scale=0.5)
    sampled, _ = dense(adata, mode="monte_carlo", scheme=scheme, softmax_scale=0.5, n_samples=20_000, seed=0)
    plain, _ = dense(adata, scheme=scheme, softmax_scale=0.5)
    assert np.abs(exact - sampled).max() < 0.5 * np.abs(plain - sampled).max()
    assert np.abs(exact - sampled).max() < 0.01


def test_many_single_samples_average_to_monte_carlo(adata):
    single = np.mean([dense(adata, mode="sampling", softmax_scale=2, seed=s)[0] for s in range(400)], axis=0)
    together, _ = dense(adata, mode="monte_carlo", softmax_scale=2, n_samples=20_000, seed=0)
    assert np.abs(single - together).max() < 5 * 0.5 / np.sqrt(400)


@pytest.mark.parametrize("mode", ["stochastic", "sampling", "monte_carlo"])
def test_negate_is_forward_with_negated_velocities(adata, mode):
    backward, kernel = dense(adata, True, mode=mode, backward_mode="negate", softmax_scale=2, seed=1, n_samples=100)
    logits = kernel.logits.toarray()
    adata.layers["velocity"] *= -1
    forward, kernel = dense(adata, mode=mode, softmax_scale=2, seed=1, n_samples=100)
    if mode == "stochastic":
        np.testing.assert_allclose(backward, forward, atol=1e-12)
        np.testing.assert_allclose(logits, kernel.logits.toarray(), atol=1e-12)
    else:  # the same distribution, other draws
        assert np.corrcoef(backward[backward > 0], forward[backward > 0])[0, 1] > 0.2


@pytest.mark.parametrize("mode", ["stochastic", "sampling", "monte_carlo"])
def test_transpose_is_deterministic_with_a_warning(adata, mode):
    with pytest.warns(UserWarning, match="computing the deterministic mode"):
        matrix, kernel = dense(adata, True, mode=mode)
    np.testing.assert_array_equal(matrix, dense(adata, True)[0])
    assert kernel.params["mode"] == "deterministic"


def test_seeds(adata):
    options = {"mode": "monte_carlo", "n_samples": 30}
    first, kernel = dense(adata, **options)
    again, _ = dense(adata, **options, seed=kernel.params["seed"])
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - dense(adata, **options, seed=kernel.params["seed"] + 1)[0]).max() > 0
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the user's global state
    dense(adata, **options)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"mode": "stochastik"}, ValueError, "did you mean 'stochastic'"),
        ({"mode": "monte_carlo", "n_samples": 0}, ValueError, "n_samples must be at least 1"),
        ({"mode": "monte_carlo", "n_samples": 2.5}, TypeError, "n_samples must be a whole number"),
        ({"mode": "sampling", "seed": -1}, ValueError, "seed must be from 0"),
        ({"mode": "sampling", "seed": "a"}, TypeError, "seed must be a whole number"),
    ],
)
def test_bad_arguments(adata, options, error, words):
    with pytest.raises(error, match=words):
        VelocityKernel(adata).compute_transition_matrix(**options)
