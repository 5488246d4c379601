"""The second-order expectation against an explicit Hessian, finite differences, CellRank's arrays and invariants."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import anndata as ad
import numba
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.reference import graph_of, neighbours, similarity_of
from velowidget.core import stochastic as module
from velowidget.core.moments import velocity_moments
from velowidget.core.similarity import SCHEMES, similarity
from velowidget.core.stochastic import stochastic
from velowidget.data.graphs import read_graph
from velowidget.data.velocity import read_velocity

SHARED = Path(__file__).resolve().parents[3] / "shared"
REFERENCE = SHARED / "reference" / "pancreas-cellrank.npz"

each_scheme = pytest.mark.parametrize("scheme", SCHEMES)


def probabilities_at(v, displacements, scheme, scale):
    """Softmax of the scaled similarities, 0 where undefined."""
    s = np.array([similarity_of(v, d, scheme) for d in displacements])
    weights = np.exp(scale * s - np.nanmax(scale * s)) if not np.isnan(s).all() else np.full(len(s), np.nan)
    weights[np.isnan(s)] = 0
    return weights / weights.sum() if weights.sum() else weights, s


def second_derivatives(v, displacements, scheme, scale):
    """d2 p_k / dv_g^2 from the closed form of every entry: shape (neighbours, genes)."""
    p, s = probabilities_at(v, displacements, scheme, scale)
    s = np.nan_to_num(s)
    d, n_genes = np.array(displacements, dtype=float), len(v)
    if scheme == "dot_product":
        a, b = d, np.zeros_like(d)
    else:
        kappa = 1.0
        if scheme == "correlation":
            d, v, kappa = d - d.mean(axis=1, keepdims=True), v - v.mean(), 1 - 1 / n_genes
        length = np.linalg.norm(d, axis=1, keepdims=True)
        e = np.divide(d, length, out=np.zeros_like(d), where=length != 0)
        r = np.linalg.norm(v)
        u = v / r
        a = (e - np.outer(s, u)) / r
        b = (-2 * u * e + np.outer(s, 3 * u**2 - kappa)) / r**2
    apart = (a - p @ a) ** 2
    return scale * p[:, None] * (b - p @ b) + scale**2 * p[:, None] * (apart - p @ apart)


def slow_stochastic(graph, x, v, scheme, scale):
    """Expected probabilities and similarities at the mean, one cell at a time."""
    means, variances = velocity_moments(graph, v)
    out, logits = [], []
    for i in range(graph.n_cells):
        around = neighbours(graph, i)
        if not around:
            continue
        if not means[i].any():
            out += [1 / len(around)] * len(around)
            logits += [0.0] * len(around)
            continue
        displacements = [x[j].astype(float) - x[i].astype(float) for j in around]
        p, s = probabilities_at(means[i], displacements, scheme, scale)
        logits += list(s)
        if p.any():
            p = np.clip(p + second_derivatives(means[i], displacements, scheme, scale) @ variances[i] / 2, 0, 1)
            p /= p.sum()
        out += list(p)
    return np.array(out), np.array(logits)


@each_scheme
@pytest.mark.parametrize("scale", [0.5, 4.0, -2.0])
def test_second_derivatives_of_the_reference_are_those_of_finite_differences(rng, scheme, scale):
    """What the other tests rest on."""
    v, displacements, step = rng.normal(size=6), [*rng.normal(size=(4, 6)), np.zeros(6)], 1e-3
    found = second_derivatives(v, displacements, scheme, scale)
    for g in range(6):
        at = [probabilities_at(v + n * step * np.eye(6)[g], displacements, scheme, scale)[0] for n in range(-2, 3)]
        fourth_order = (-at[0] + 16 * at[1] - 30 * at[2] + 16 * at[3] - at[4]) / (12 * step**2)
        np.testing.assert_allclose(found[:, g], fourth_order, atol=1e-7)


@each_scheme
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [0.3, 4.0, -4.0])
def test_equals_reference(data, scheme, dtype, scale):
    graph, x, v = data
    x, v = x.astype(dtype), v.astype(dtype)
    x[graph.indices[0]] = x[0]  # a neighbour in the same place
    found, probabilities = stochastic(graph, x, v, scheme, scale)
    expected, logits = slow_stochastic(graph, x, v, scheme, scale)
    np.testing.assert_allclose(probabilities, expected, atol=1e-12)
    np.testing.assert_allclose(found.logits, logits, atol=1e-13, rtol=1e-12)
    assert np.isnan(found.logits[0]) == (scheme != "dot_product")
    assert not found.still.any()
    assert not found.undefined.any()


@each_scheme
@given(values=arrays(np.int8, (2, 5, 4), elements=st.integers(-2, 2)), pattern=arrays(bool, (5, 5)))
def test_equals_reference_on_degenerate_data(scheme, values, pattern):
    """Small integers: zero and constant mean velocities, coinciding cells, self-edges, cells without neighbours."""
    graph, (x, v) = graph_of(pattern), values.astype(np.float64)
    means, _ = velocity_moments(graph, v)
    means[np.abs(means) < 1e-15] = 0.0
    found, probabilities = stochastic(graph, x, v, scheme, 0.7)
    expected = similarity(graph, x, means, scheme)
    np.testing.assert_allclose(found.logits, expected.logits, atol=1e-12)
    np.testing.assert_array_equal(found.still, expected.still)
    np.testing.assert_array_equal(found.undefined, expected.undefined)
    totals = np.bincount(graph.sources, weights=probabilities, minlength=5)
    np.testing.assert_allclose(totals, np.where(found.undefined, 0.0, 1.0), atol=1e-14)
    assert not probabilities[np.isnan(found.logits)].any()
    uniform = found.still[graph.sources]
    np.testing.assert_allclose(probabilities[uniform], 1 / graph.degree[graph.sources][uniform], rtol=1e-15)


@each_scheme
def test_without_variance_it_is_the_softmax(rng, scheme):
    """Every cell has the same velocity."""
    graph, x = graph_of(~np.eye(8, dtype=bool)), rng.normal(size=(8, 6))
    v = np.tile(rng.normal(size=6), (8, 1))
    found, probabilities = stochastic(graph, x, v, scheme, 3.0)
    weights = np.exp(3.0 * found.logits)
    expected = weights / np.bincount(graph.sources, weights=weights)[graph.sources]
    np.testing.assert_allclose(probabilities, expected, rtol=1e-12)


@each_scheme
def test_a_negative_scale_is_the_negated_velocity(data, scheme):
    graph, x, v = data
    negated, expected = stochastic(graph, x, -v, scheme, 4.0)
    found, probabilities = stochastic(graph, x, v, scheme, -4.0)
    np.testing.assert_allclose(probabilities, expected, atol=1e-14)
    np.testing.assert_allclose(found.reversed().logits, negated.logits, atol=1e-14)


@each_scheme
def test_close_to_the_expectation(rng, scheme):
    """Small variances, for which an expansion is meant: ten times closer to the truth than the mean velocity alone."""
    graph, x = graph_of(~np.eye(6, dtype=bool)), rng.normal(size=(6, 8))
    v = rng.normal(size=8) + 0.3 * rng.normal(size=(6, 8))
    means, variances = velocity_moments(graph, v)
    half = rng.normal(size=(20_000, 8))
    draws = means[0] + np.sqrt(variances[0]) * np.vstack([half, -half])
    d = x[1:] - x[0]
    if scheme == "correlation":
        d, draws = d - d.mean(axis=1, keepdims=True), draws - draws.mean(axis=1, keepdims=True)
    s = draws @ d.T
    if scheme != "dot_product":
        s /= np.linalg.norm(d, axis=1) * np.linalg.norm(draws, axis=1, keepdims=True)
    weights = np.exp(s)
    truth = (weights / weights.sum(axis=1, keepdims=True)).mean(axis=0)
    at_mean = probabilities_at(means[0], x[1:] - x[0], scheme, 1.0)[0]
    _, probabilities = stochastic(graph, x, v, scheme, 1.0)
    assert np.abs(probabilities[:5] - truth).max() < np.abs(at_mean - truth).max() / 5


@pytest.mark.parametrize("ripple", [1e-4, 1e-7, 0.0])
def test_nearly_constant_displacements_keep_their_digits(rng, ripple):
    """All genes rise alike, but for a ripple: what a single pass over genes would lose."""
    graph = graph_of([[0, 1, 1], [1, 0, 1], [1, 1, 0]])
    x = np.array([np.zeros(50), np.full(50, 0.7) + ripple * rng.normal(size=50), rng.normal(size=50)])
    v = rng.normal(size=(3, 50))
    expected, logits = slow_stochastic(graph, x, v, "correlation", 4.0)
    found, probabilities = stochastic(graph, x, v, "correlation", 4.0)
    np.testing.assert_allclose(probabilities, expected, atol=1e-7)
    np.testing.assert_allclose(found.logits, logits, atol=1e-7)
    assert np.isnan(found.logits[0]) == (ripple == 0)


@each_scheme
def test_velocities_that_cancel_are_still(rng, scheme):
    """To rounding: what is left of them has a direction, but means nothing."""
    v = rng.normal(size=(4, 5))
    v[3] = -v[:3].sum(axis=0)
    found, probabilities = stochastic(graph_of(~np.eye(4, dtype=bool)), rng.normal(size=(4, 5)), v, scheme, 4.0)
    assert found.still.all()
    np.testing.assert_allclose(probabilities, 1 / 3)


def test_an_overflowing_correction_falls_back_to_a_uniform_row(rng):
    graph, x, v = graph_of(~np.eye(4, dtype=bool)), rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    _, probabilities = stochastic(graph, x, v, "dot_product", 1e300)
    np.testing.assert_allclose(probabilities, 1 / 3)


@each_scheme
def test_blocks_and_threads_change_nothing(data, scheme, monkeypatch):
    graph, x, v = data
    _, expected = stochastic(graph, x, v, scheme, 4.0)
    monkeypatch.setattr(module, "_BLOCK_WORK", 1)
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    seen = []
    try:
        _, found = stochastic(graph, x, v, scheme, 4.0, report=lambda done, total: seen.append(done))
    finally:
        numba.set_num_threads(threads)
    np.testing.assert_array_equal(found, expected)
    assert seen == list(range(41))


def test_refuses_what_it_cannot_work_with(data):
    graph, x, v = data
    with pytest.raises(ValueError, match="both need one row for each of 40 cells"):
        stochastic(graph, x, v[:, :-1].copy(), "cosine", 1.0)
    with pytest.raises(ValueError, match="one gene is undefined"):
        stochastic(graph, x[:, :1].copy(), v[:, :1].copy(), "correlation", 1.0)
    with pytest.raises(ValueError, match="v has values beyond 1e\\+75"):
        stochastic(graph, x, v * 1e76, "cosine", 1.0)


@pytest.mark.skipif(
    not REFERENCE.exists() and os.environ.get("CI") != "true",
    reason=f"needs the reference arrays {REFERENCE}, which are not in git",
)
@each_scheme
def test_equals_cellrank(scheme):
    """CellRank computes these in float32: its own error is up to 2.3e-6."""
    case = f"stochastic-{scheme}-small"
    scale = json.loads(REFERENCE.with_suffix(".json").read_text())[case]["softmax_scale"]
    pancreas = ad.read_h5ad(SHARED / "data" / "pancreas.h5ad")
    graph, _ = read_graph(pancreas)
    with np.load(REFERENCE) as stored:
        data = read_velocity(pancreas, "velocity", "Ms", stored["small_genes"])
        expected, logits = (
            sp.csr_matrix(tuple(stored[f"{case}/{what}/{part}"] for part in ("data", "indices", "indptr")))
            for what in ("T", "logits")
        )
    automatic = similarity(graph, data.x, data.v, scheme).automatic_scale
    assert math.isclose(automatic, scale, rel_tol=1e-12)
    found, probabilities = stochastic(graph, data.x, data.v, scheme, automatic)
    assert np.abs(graph.matrix(probabilities) - expected).max() <= 5e-6
    assert np.abs(graph.matrix(found.logits) - logits).max() <= 1e-5 * np.abs(logits).max()
