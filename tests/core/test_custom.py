"""Callable schemes: the built-in ones written as such must give what is built in, and bad ones must be told so."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from tests.core.test_stochastic import second_derivatives
from tests.reference import graph_of, similarity_of
from velowidget.core.custom import custom_monte_carlo, custom_similarity, custom_stochastic
from velowidget.core.moments import draw_velocities
from velowidget.core.monte_carlo import monte_carlo
from velowidget.core.similarity import SCHEMES, similarity
from velowidget.core.softmax import row_softmax
from velowidget.core.stochastic import stochastic

each_scheme = pytest.mark.parametrize("name", SCHEMES)


class Own:
    """A built-in scheme as a user would write it; it spoils its arguments, as CellRank's do."""

    def __init__(self, name):
        self.name = name

    def __call__(self, v, d, scale):
        assert v.dtype == d.dtype == np.float64
        assert v.shape[0] in (1, len(d))
        s = np.array([similarity_of(a, b, self.name) for a, b in zip(np.broadcast_to(v, d.shape), d, strict=True)])
        v[:] = d[:] = np.nan
        if np.isnan(s).all():
            return s, s
        weights = np.nan_to_num(np.exp(scale * s - np.nanmax(scale * s)))
        return weights / weights.sum(), s

    def hessian(self, v, d, scale):
        return second_derivatives(v, d, self.name, scale)


@pytest.fixture
def odd(data):
    """With a cell alone, one without velocity, one with a constant one, and two in the same place."""
    graph, x, v = data
    pattern = graph.matrix(np.ones(graph.n_edges)).toarray()
    pattern[5] = 0
    v[7], v[8], x[graph.indices[graph.indptr[9]]] = 0, 1, x[9]
    return graph_of(pattern), x, v


def assert_same(found, expected):
    (similar, probabilities), (of_similar, of_probabilities) = found, expected
    np.testing.assert_allclose(probabilities, of_probabilities, atol=1e-12)
    np.testing.assert_allclose(similar.logits, of_similar.logits, atol=1e-12)
    np.testing.assert_array_equal(similar.undefined, of_similar.undefined)


@each_scheme
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("direction", ["forward", "transpose", "negate"])
def test_a_scheme_written_as_a_callable_is_the_scheme(odd, name, dtype, direction):
    graph, x, v = odd[0], odd[1].astype(dtype), odd[2].astype(dtype)
    transposed, sign = direction == "transpose", -1.0 if direction == "negate" else 1.0
    similar = similarity(graph, x, v, name, transposed=transposed)
    similar = similar.reversed() if sign < 0 else similar
    found = custom_similarity(graph, x, v, Own(name), 3.0, transposed=transposed, sign=sign)
    assert_same(found, (similar, row_softmax(graph, similar.logits, 3.0)))


@each_scheme
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_stochastic_with_second_derivatives(data, name, sign):
    graph, x, v = data
    similar, probabilities = stochastic(graph, x, v, name, sign * 2.0)
    expected = (similar.reversed() if sign < 0 else similar), probabilities
    assert_same(custom_stochastic(graph, x, v, Own(name), 2.0, sign=sign), expected)


def test_all_second_derivatives_or_their_diagonals(data):
    class Full(Own):
        def hessian(self, v, d, scale):
            diagonals = super().hessian(v, d, scale)
            full = np.random.default_rng(0).normal(size=(*d.shape, d.shape[1]))
            full[:, np.arange(d.shape[1]), np.arange(d.shape[1])] = diagonals
            return full

    assert_same(custom_stochastic(*data, Full("cosine"), 2.0), custom_stochastic(*data, Own("cosine"), 2.0))


def test_second_derivatives_of_another_shape(data):
    class Short(Own):
        def hessian(self, v, d, scale):
            return super().hessian(v, d, scale)[:, 1:]

    with pytest.raises(ValueError, match=r"hessian of .* has shape \(\d, 11\) for cell number 0.*\(v, d, scale\)"):
        custom_stochastic(*data, Short("cosine"), 2.0)


def test_odd_cells_in_random_modes(odd):
    for similar, probabilities in (
        custom_stochastic(*odd, Own("cosine"), 2.0),
        custom_monte_carlo(*odd, Own("cosine"), 2.0, 5, 0),
    ):
        rows = np.bincount(odd[0].sources, weights=probabilities, minlength=40)
        np.testing.assert_allclose(rows, np.arange(40) != 5, atol=1e-12)
        np.testing.assert_array_equal(np.flatnonzero(similar.undefined), [5])


@each_scheme
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_monte_carlo_is_the_mean_over_the_distribution(data, name, sign):
    graph, x, v = data
    built_in = monte_carlo(graph, x, v, name, sign * 2.0, 20_000, 1)
    if sign < 0:
        built_in = built_in[0].reversed(), built_in[1]
    similar, probabilities = custom_monte_carlo(graph, x, v, Own(name), 2.0, 300, 1, sign=sign)
    assert np.abs(probabilities - built_in[1]).max() < 5 * 0.5 / np.sqrt(300)
    assert np.abs(probabilities - built_in[1]).mean() < 0.02
    assert np.corrcoef(similar.logits, built_in[0].logits)[0, 1] > 0.98


def test_numbers_depend_on_seed_cell_and_sample(data):
    graph, x, v = data
    one, more = (custom_monte_carlo(graph, x, v, Own("cosine"), 2.0, n, 3)[1] for n in (1, 2))
    np.testing.assert_array_equal(one, custom_monte_carlo(graph, x, v, Own("cosine"), 2.0, 1, 3)[1])
    assert np.abs(one - custom_monte_carlo(graph, x, v, Own("cosine"), 2.0, 1, 4)[1]).max() > 0.01
    assert np.abs(2 * more - one - one).max() > 0.01, "the second sample is another"


def test_samples_without_a_defined_similarity_are_left_out(data):
    def sometimes(v, d, scale):
        found = Own("cosine")(v.copy(), d.copy(), scale)
        return found if v[0, 0] > 0 else (np.full(len(d), np.nan),) * 2

    def always(v, d, scale):
        return Own("cosine")(np.where(np.arange(v.shape[1]) == 0, np.abs(v), v), d, scale)

    graph, x, v = data
    v[:, 0] = 0.0
    v[0, 0] = 1e-3  # as good as no velocity: only its sign counts
    similar, probabilities = custom_monte_carlo(graph, x, v, sometimes, 2.0, 40, 1)
    with_sign = np.flatnonzero(~np.isnan(similar.logits))
    assert with_sign.size
    np.testing.assert_allclose(np.bincount(graph.sources, weights=probabilities), ~similar.undefined, atol=1e-12)
    assert similar.undefined.any()
    averaged = custom_monte_carlo(graph, x, v, always, 2.0, 400, 1)[1]
    assert np.abs(probabilities - averaged)[with_sign].max() < 6 * 0.5 / np.sqrt(15)


def test_sampling_uses_the_numbers_of_the_built_in_mode(data):
    graph, x, v = data
    drawn = draw_velocities(graph, v, 4)
    similar = similarity(graph, x, drawn, "cosine")
    assert_same(
        custom_similarity(graph, x, drawn, Own("cosine"), 2.0), (similar, row_softmax(graph, similar.logits, 2.0))
    )


def uniform(d):
    return np.full(len(d), 1 / len(d))


@pytest.mark.parametrize(
    ("scheme", "error", "words"),
    [
        (lambda v, d, scale: uniform(d), TypeError, "returned ndarray, not two arrays"),
        (lambda v, d, scale: None, TypeError, "returned NoneType"),
        (lambda v, d, scale: (uniform(d)[1:], uniform(d)), ValueError, r"shapes \(\d,\) and \(\d,\) for the \d"),
        (lambda v, d, scale: (uniform(d), uniform(d)[:, None]), ValueError, r"shapes \(\d,\) and \(\d, 1\)"),
        (lambda v, d, scale: (2 * uniform(d), uniform(d)), ValueError, "that sum to 2"),
        (lambda v, d, scale: (uniform(d) * [2, 0, *[1] * (len(d) - 3), np.nan], uniform(d)), ValueError, "sum to nan"),
        (
            lambda v, d, scale: (np.add(uniform(d), [2, -2, *[0] * (len(d) - 2)]), uniform(d)),
            ValueError,
            r"-1.*sum to 1",
        ),
        (lambda v, d, scale: (uniform(d), uniform(d) * np.inf), ValueError, "NaN or infinite where its probabilities"),
    ],
)
def test_what_breaks_the_contract(data, scheme, error, words):
    with pytest.raises(error, match=words) as caught:
        custom_similarity(*data, scheme, 1.0)
    assert "scheme(v, d, scale) and returns (probabilities, similarities)" in str(caught.value)


def test_errors_of_the_scheme_itself_keep_their_type_and_name_the_cell(data):
    def scheme(v, d, scale):
        return d[100]

    with pytest.raises(IndexError) as caught:
        custom_similarity(*data, scheme, 1.0)
    assert "about cell number 0" in caught.value.__notes__[0]


def test_sums_as_exact_as_float32(data):
    def scheme(v, d, scale):
        weights = np.random.default_rng(0).random(len(d)).astype(np.float32)
        return weights / weights.sum(), weights

    _, probabilities = custom_similarity(*data, scheme, 1.0)
    np.testing.assert_allclose(np.bincount(data[0].sources, weights=probabilities), 1, rtol=0, atol=1e-12)


def test_progress_and_stopping(data):
    reported = []
    custom_similarity(*data, Own("cosine"), 1.0, report=lambda *at: reported.append(at))
    assert reported == [(0, 40), (16, 40), (32, 40), (40, 40)]
    for slow in (custom_stochastic, functools.partial(custom_monte_carlo, n_samples=1, seed=0)):
        reported.clear()
        slow(*data, Own("cosine"), 1.0, report=lambda *at: reported.append(at))
        assert reported == [(done, 40) for done in range(41)]

    def stop(done, total):
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        custom_monte_carlo(*data, Own("cosine"), 1.0, 1, 0, report=stop)


def test_inputs_stay_unchanged(data):
    graph, x, v = data
    before = x.copy(), v.copy()
    custom_similarity(graph, x, v, Own("cosine"), 1.0)
    custom_similarity(graph, x, v, Own("cosine"), 1.0, transposed=True)
    custom_stochastic(graph, x, v, Own("cosine"), 1.0)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(v, before[1])
