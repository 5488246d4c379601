"""Expressions of kernels against dense arithmetic, and that nothing ever changes what it is made of."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fingerprint import unchanged
from tests.kernels.conftest import make_adata
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel
from velowidget.kernels.base import Kernel

N = 8


def dense(kernel):
    return kernel.transition_matrix.toarray()


def random_matrix(seed, n=N):
    """Row-stochastic, about half of it zeros, never on the diagonal, so that products have no empty row."""
    rng = np.random.default_rng(seed)
    matrix = rng.random((n, n)) * (rng.random((n, n)) < 0.5) + np.diag(rng.uniform(0.1, 1, n))
    return matrix / matrix.sum(axis=1, keepdims=True)


def state(kernel):
    """What an expression could change of one of its parts."""
    T = kernel.transition_matrix
    return repr(kernel), kernel.backward, kernel.params, id(T), T.data.tobytes(), T.indices.tobytes()


@pytest.fixture
def vk(adata):
    return VelocityKernel(adata).compute_transition_matrix(softmax_scale=4.0)


@pytest.fixture
def ck(adata):
    return ConnectivityKernel(adata).compute_transition_matrix()


def shared(a, b):
    """Whether two matrices are two objects around the same arrays: what is done to the one leaves the other alone."""
    return a is not b and np.shares_memory(a.data, b.data)


LEAVES = [PrecomputedKernel(random_matrix(seed)) for seed in range(3)]
CONSTANTS = st.one_of(
    st.floats(0.01, 100.0), st.integers(1, 9), st.sampled_from([np.float32(0.5), np.float64(0.25), np.int8(3)])
)


def rows(matrix):
    return matrix / matrix.sum(axis=1, keepdims=True)


# An expression, its dense matrix, and its terms if it is a sum without a constant of its own.
def leaf(i):
    T = LEAVES[i].transition_matrix.toarray()
    return LEAVES[i], T, [(1.0, T)], False


def summed(a, b):
    terms = a[2] + b[2]
    total = sum(c for c, _ in terms)
    return a[0] + b[0], sum(c / total * T for c, T in terms), terms, False


def multiplied(a, b):
    T = rows(a[1] * b[1])
    constant = (a[2][0][0] if a[3] else 1.0) * (b[2][0][0] if b[3] else 1.0)
    return a[0] * b[0], T, [(constant, T)], a[3] or b[3]


def scaled(constant, a, left):
    own = a[2][0][0] if a[3] else 1.0
    return (constant * a[0] if left else a[0] * constant), a[1], [(float(constant) * own, a[1])], True


EXPRESSIONS = st.recursive(
    st.integers(0, 2).map(leaf),
    lambda inner: st.one_of(
        st.builds(summed, inner, inner),
        st.builds(multiplied, inner, inner),
        st.builds(scaled, CONSTANTS, inner, st.booleans()),
    ),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(EXPRESSIONS)
def test_expressions_are_dense_arithmetic(expression):
    before = [state(kernel) for kernel in LEAVES]
    kernel, expected, _, _ = expression
    np.testing.assert_allclose(dense(kernel), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(dense(kernel).sum(axis=1), 1, atol=1e-12)
    assert kernel.transition_matrix is kernel.transition_matrix
    assert kernel.backward is None
    assert [state(kernel) for kernel in LEAVES] == before
    assert all(k in LEAVES for k in kernel.kernels)
    np.testing.assert_array_equal(dense(kernel.copy()), dense(kernel))


def test_sum_is_the_weighted_mean(vk, ck):
    np.testing.assert_allclose(dense(0.8 * vk + 0.2 * ck), 0.8 * dense(vk) + 0.2 * dense(ck), atol=1e-15)
    np.testing.assert_allclose(dense(9 * vk + ck * 1), 0.9 * dense(vk) + 0.1 * dense(ck), atol=1e-15)
    np.testing.assert_allclose(dense(vk + ck), (dense(vk) + dense(ck)) / 2, atol=1e-15)


def test_sums_are_taken_apart_unless_they_have_a_constant():
    a, b, c = LEAVES
    assert (a + (b + c)).weights == ((a + b) + c).weights == [1 / 3] * 3
    assert list(a + (b + c)) == [a, b, c]
    nested = 1 * a + 1 * (b + c)
    assert nested.weights == [0.5, 0.5]
    np.testing.assert_allclose(dense(nested), dense(a) / 2 + (dense(b) + dense(c)) / 4, atol=1e-15)
    assert (9 * a + b + c).weights == [9 / 11, 1 / 11, 1 / 11]


def test_product_is_entrywise_and_normalised():
    a, b, c = LEAVES
    expected = rows(dense(a) * dense(b) * dense(c))
    for product in (a * b * c, a * (b * c), (2 * a) * (b * c)):
        np.testing.assert_allclose(dense(product), expected, atol=1e-14)
    assert list(a * (b * c)) == [a, b, c]
    assert ((2 * a) * (3 * b) + c).weights == [6 / 7, 1 / 7]


def test_products_in_a_sum_are_normalised_first_with_or_without_a_constant():
    a, b, _ = LEAVES
    expected = (rows(dense(a) * dense(b)) + dense(a)) / 2
    np.testing.assert_allclose(dense(a * b + a), expected, atol=1e-14)
    np.testing.assert_allclose(dense(1 * (a * b) + 1 * a), expected, atol=1e-14)
    cellranks = rows(dense(a) * dense(b) + dense(a))  # what it makes of the first; another of the second
    assert np.abs(expected - cellranks).max() > 0.01


def test_long_products_do_not_underflow():
    rng = np.random.default_rng(0)
    matrix = rng.uniform(0.5, 1, (400, 400))
    kernel = PrecomputedKernel(matrix / matrix.sum(axis=1, keepdims=True))
    product = kernel
    for _ in range(199):
        product = product * kernel
    logs = 200 * np.log(matrix)
    expected = np.exp(logs - logs.max(axis=1, keepdims=True))
    np.testing.assert_allclose(dense(product), rows(expected), atol=1e-10)


@pytest.mark.parametrize(
    ("apart", "message"), [(2, r"empty for 2 cells \('0', '1'\)"), (1, r"empty for 1 cell \('0'\)")]
)
def test_empty_overlap_counts_cells(apart, message):
    shifted = np.eye(4)
    shifted[:apart] = np.roll(np.eye(4), 1, axis=1)[:apart]
    product = PrecomputedKernel(np.eye(4)) * PrecomputedKernel(shifted)
    with pytest.raises(ValueError, match=message):
        product.compute_transition_matrix()


@pytest.mark.parametrize("constant", [2, 0.5, np.float64(0.5), np.float32(2), np.int64(3), Fraction(1, 3)])
def test_constants_of_every_type_on_either_side(vk, constant):
    for scaled_kernel in (constant * vk, vk * constant):
        assert isinstance(scaled_kernel, Kernel)
        assert (scaled_kernel + vk).weights[0] == pytest.approx(float(constant) / (1 + float(constant)))
        assert shared(scaled_kernel.transition_matrix, vk.transition_matrix)


def test_constants_collapse(vk, ck):
    assert (2 * (3 * vk) + 4 * ck).weights == [0.6, 0.4]
    assert repr((2 * vk) * 3).startswith("(6 * VelocityKernel")


@pytest.mark.parametrize("constant", [0, -1, 0.0, -0.5, np.nan, np.inf, 10**400, np.float64(-2)])
def test_constants_are_larger_than_0(vk, constant):
    with pytest.raises(ValueError, match="finite and larger than 0"):
        constant * vk
    with pytest.raises(ValueError, match="finite and larger than 0"):
        vk * constant


def test_collapsed_constants_stay_in_range(vk):
    for constant in (1e200, 1e-200):
        with pytest.raises(ValueError, match="finite and larger than 0"):
            constant * (constant * vk)
        with pytest.raises(ValueError, match="finite and larger than 0"):
            (constant * vk) * (constant * vk)
    assert (1e308 * vk + 1e308 * vk + 1e308 * vk).weights == pytest.approx([1 / 3] * 3)


@pytest.mark.parametrize("wrong", [True, np.True_, "2", None, 1j, [2.0], np.ones(2), np.array(2.0)])
def test_what_is_no_constant(vk, wrong):
    with pytest.raises(TypeError):
        wrong * vk
    with pytest.raises(TypeError):
        vk * wrong


@pytest.mark.parametrize("wrong", [1, 1.0, np.float64(1), None, np.ones(3)])
def test_only_kernels_are_added(vk, wrong):
    with pytest.raises(TypeError):
        wrong + vk
    with pytest.raises(TypeError):
        vk + wrong
    with pytest.raises(TypeError):
        sum([vk, vk])


def test_no_other_operators(vk, ck):
    for operator in ("__sub__", "__truediv__", "__matmul__", "__xor__", "__pow__", "__neg__"):
        assert not hasattr(vk, operator)


def test_directions(adata, vk, ck):
    backward = VelocityKernel(adata, backward=True)
    assert (vk + ck).backward is (ck + vk).backward is False
    assert (backward * ck).backward is True
    assert (ck + ck).backward is None
    for combine in (lambda a, b: a + b, lambda a, b: a * b, lambda a, b: (a + ck) + 2 * (b * ck)):
        with pytest.raises(ValueError, match=r"VelocityKernel\[n=30\].* is forward, .*~VelocityKernel.* is backward"):
            combine(vk, backward)


def test_cells_must_be_the_same(adata, vk):
    with pytest.raises(ValueError, match=r"shape \(30, 30\), and .* has \(20, 20\)"):
        vk + ConnectivityKernel(adata[:20].copy())
    other = make_adata()[::-1].copy()
    with pytest.raises(ValueError, match="cell number 0 is 'cell0' in one and 'cell29' in the other"):
        vk + ConnectivityKernel(other)
    numbered = PrecomputedKernel(random_matrix(0, 30))
    assert (numbered + vk).adata is adata
    assert (numbered * numbered + numbered).adata is numbered.adata
    with pytest.raises(ValueError, match="cell number 0"):
        numbered + ConnectivityKernel(other) + vk


def test_inverse_is_new_and_uncomputed(adata, vk):
    before = state(vk)
    inverse = ~vk
    assert inverse is not vk
    assert (inverse.backward, inverse.params, inverse.logits) == (True, {}, None)
    assert inverse.adata is adata
    assert state(vk) == before
    expected = VelocityKernel(adata, backward=True).compute_transition_matrix()
    np.testing.assert_array_equal(dense(inverse), dense(expected))
    assert repr(inverse).startswith("~VelocityKernel[n=30, ")


@settings(max_examples=15, deadline=None)
@given(
    st.booleans(),
    st.sampled_from(["correlation", "cosine", "dot_product"]),
    st.sampled_from(["transpose", "negate"]),
    st.one_of(st.none(), st.floats(0.1, 20)),
)
def test_backward_twice_is_forward(backward, scheme, backward_mode, softmax_scale):
    asked = {"scheme": scheme, "backward_mode": backward_mode, "softmax_scale": softmax_scale}
    kernel = VelocityKernel(make_adata(), backward=backward).compute_transition_matrix(**asked)
    inverse = (~kernel).compute_transition_matrix(**asked)
    again = (~inverse).compute_transition_matrix(**asked)
    assert inverse.backward is not backward
    assert again.backward is backward
    assert again.params == kernel.params
    np.testing.assert_array_equal(dense(again), dense(kernel))
    np.testing.assert_array_equal(again.logits.toarray(), kernel.logits.toarray())
    assert np.abs(dense(inverse) - dense(kernel)).max() > 1e-6


def test_inverse_of_an_expression(vk, ck):
    expression = 0.5 * vk + 0.5 * (vk * ck)
    before = state(expression)
    inverse = ~expression
    assert inverse.backward is True
    assert state(expression) == before
    assert inverse.kernels[0] is inverse[0]
    assert len(inverse.kernels) == 2, "the velocity kernel is still one, not two"
    assert shared(inverse.kernels[1].transition_matrix, ck.transition_matrix)
    back, walk = dense(~vk), dense(ck)
    np.testing.assert_allclose(dense(inverse), (back + rows(back * walk)) / 2, atol=1e-14)
    directionless = ~(ck + ck)
    assert directionless.backward is None
    np.testing.assert_array_equal(dense(directionless), dense(ck + ck))


def test_the_matrix_follows_its_parts(vk, ck):
    expression = vk + 1 * (vk * ck)
    first = expression.transition_matrix
    assert expression.transition_matrix is first
    vk.compute_transition_matrix(softmax_scale=20.0)
    assert expression.transition_matrix is not first
    np.testing.assert_allclose(dense(expression), (dense(vk) + rows(dense(vk) * dense(ck))) / 2, atol=1e-14)
    second = expression.transition_matrix
    ck.compute_transition_matrix(density_normalize=False)
    assert np.abs((expression.transition_matrix - second).toarray()).max() > 1e-3


def test_uncomputed_parts_compute_themselves(adata):
    expression = VelocityKernel(adata) + ConnectivityKernel(adata)
    assert expression.compute_transition_matrix() is expression
    assert expression.kernels[0].params["mode"] == "deterministic"
    expected = dense(VelocityKernel(adata)) / 2 + dense(ConnectivityKernel(adata)) / 2
    np.testing.assert_allclose(dense(expression), expected, atol=1e-15)


def test_expressions_do_not_change_their_parts(adata, vk, ck):
    before = state(vk), state(ck)
    with unchanged(adata):
        a = 3 * vk
        shown = repr(a)
        expression = a + (vk * ck) + ck * 2
        assert dense(expression).any()
        (~expression).compute_transition_matrix()
        expression.copy()
    assert (state(vk), state(ck)) == before
    assert repr(a) == shown
    assert expression.weights == pytest.approx([0.5, 1 / 6, 1 / 3])


def test_results_are_read_only_canonical_csr(vk, ck):
    for matrix in ((vk + ck).transition_matrix, (vk * ck).transition_matrix, ck.transition_matrix):
        assert matrix.format == "csr"
        assert matrix.dtype == np.float64
        assert matrix.has_canonical_format
        assert (matrix.data > 0).all()
        for array in (matrix.data, matrix.indices, matrix.indptr):
            assert not array.flags.writeable


def test_an_expression_has_no_matrix_of_its_own(vk, ck):
    with pytest.raises(AttributeError, match="made of its parts"):
        (vk + ck).transition_matrix = np.eye(30)


def test_a_matrix_can_be_set(vk):
    given_matrix = np.ones((30, 30))
    vk.transition_matrix = given_matrix
    np.testing.assert_allclose(dense(vk), 1 / 30)
    assert vk.logits is None
    assert vk.params == {"origin": "array"}
    matrix = vk.transition_matrix
    with pytest.raises(ValueError, match=r"shape \(3, 3\) where \(30, 30\)"):
        vk.transition_matrix = np.eye(3)
    with pytest.raises(ValueError, match="negative in 1"):
        vk.transition_matrix = np.eye(30) - 0.1 * np.eye(30, k=29)
    assert vk.transition_matrix is matrix
    assert vk.compute_transition_matrix(softmax_scale=4.0).params["mode"] == "deterministic"
    assert vk.logits is not None


def test_length_items_and_order(vk, ck):
    expression = 2 * ck + vk * ck
    assert len(expression) == 2
    assert expression[0] is ck
    assert [type(part).__name__ for part in expression] == ["ConnectivityKernel", "Product"]
    assert expression[-1][0] is vk
    assert (ck + (vk * ck) + vk).kernels == [ck, vk]
    assert (vk[0], vk[-1], list(vk), len(vk), vk.kernels) == (vk, vk, [vk], 1, [vk])
    for kernel, index in ((vk, 1), (expression, 2)):
        with pytest.raises(IndexError):
            kernel[index]


def test_repr_and_str(vk, ck):
    assert str(0.8 * vk + 0.2 * ck) == "(0.8 * VelocityKernel[n=30] + 0.2 * ConnectivityKernel[n=30])"
    assert str(vk * (vk + 3 * ck)) == (
        "(VelocityKernel[n=30] * (0.25 * VelocityKernel[n=30] + 0.75 * ConnectivityKernel[n=30]))"
    )
    assert "softmax_scale=4.0" in repr(vk + ck)
    assert repr(ck) == "ConnectivityKernel[n=30, dnorm=True, key='connectivities']"
    assert str(~vk) == "~VelocityKernel[n=30]"


def test_params_of_expressions(vk, ck):
    assert (2 * vk).params == (vk + vk * vk).params == vk.params
    assert (vk + ck).params == {"VelocityKernel[n=30]:0": vk.params, "ConnectivityKernel[n=30]:1": ck.params}


@pytest.mark.parametrize("deep", [False, True])
def test_copy(adata, vk, deep):
    copied = vk.copy(deep=deep)
    assert type(copied) is VelocityKernel
    assert copied is not vk
    assert (copied.adata is adata) is not deep
    assert repr(copied) == repr(vk)
    assert shared(copied.transition_matrix, vk.transition_matrix)
    before = state(vk)
    copied.compute_transition_matrix(softmax_scale=1.0)
    assert state(vk) == before
    copied.compute_transition_matrix(softmax_scale=4.0)
    np.testing.assert_array_equal(dense(copied), dense(vk))


@pytest.mark.parametrize("deep", [False, True])
def test_copy_of_an_expression(adata, vk, ck, deep):
    expression = vk + 1 * (vk * ck)
    before = expression.transition_matrix
    copied = expression.copy(deep=deep)
    assert shared(copied.transition_matrix, before), "not combined again"
    assert len(copied.kernels) == 2, "a part that is used twice is copied once"
    assert not {id(kernel) for kernel in copied.kernels} & {id(vk), id(ck)}
    assert {id(kernel.adata) for kernel in copied.kernels} == {id(copied.adata)}
    assert (copied.adata is adata) is not deep
    copied.kernels[0].compute_transition_matrix(softmax_scale=1.0)
    assert np.abs(dense(copied) - before.toarray()).max() > 1e-3
    assert expression.transition_matrix is before


def test_copy_of_an_expression_whose_parts_have_changed(vk, ck):
    expression = 0.5 * vk + 0.5 * ck
    stale = dense(expression)
    vk.compute_transition_matrix(softmax_scale=50.0)
    copied = dense(expression.copy())
    np.testing.assert_allclose(copied, (dense(vk) + dense(ck)) / 2, atol=1e-14)
    assert np.abs(copied - stale).max() > 1e-3


def test_projection_of_an_expression(adata, vk, ck):
    one = (vk + vk).compute_projection(copy=True)
    np.testing.assert_allclose(one, vk.compute_projection(copy=True), atol=1e-13)
    staying = PrecomputedKernel(np.eye(30), adata)
    wide = PrecomputedKernel(random_matrix(1, 30), adata)
    assert np.isnan(staying.compute_projection(copy=True)).all(), "it leads nowhere"
    assert np.isfinite((wide + ck).compute_projection(copy=True)).all()
    (vk + ck).compute_projection("umap")
    assert adata.uns["T_fwd_params"]["embeddings"] == ["umap"]
