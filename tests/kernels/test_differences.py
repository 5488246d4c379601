"""Where the kernel differs from CellRank on purpose: its number, by its formula, beside ours and the plain truth."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from tests import reference
from tests.fingerprint import unchanged
from velowidget.data.graphs import read_graph
from velowidget.kernels import VelocityKernel


def inputs(adata):
    genes = adata.var["velocity_genes"].to_numpy(bool)
    x, v = (np.asarray(adata.layers[key], dtype=float)[:, genes] for key in ("Ms", "velocity"))
    return read_graph(adata)[0], x, v


def off(matrix, other):
    return np.abs(matrix - other).max()


def test_negate_really_negates(adata):
    """CellRank turns a view of the stored velocities round in the pass for the scale, and back in the next one."""
    graph, x, v = inputs(adata)
    flipped = v.copy()
    flipped *= -1  # the pass that estimates the scale
    scale = reference.automatic_scale(reference.logits(graph, x, flipped, "correlation"))
    flipped *= -1  # the pass that computes probabilities
    theirs = reference.transition_matrix(graph, reference.logits(graph, x, flipped, "correlation"), scale)
    truth = reference.transition_matrix(graph, reference.logits(graph, x, -v, "correlation"), scale)
    forward = VelocityKernel(adata).transition_matrix.toarray()
    assert off(theirs, forward) < 1e-12, "CellRank's backward matrix is the forward one"
    assert off(theirs, truth) > 0.3
    kernel = VelocityKernel(adata, backward=True)
    with unchanged(adata):
        for _ in range(2):  # CellRank's sign alternates
            ours = kernel.compute_transition_matrix(backward_mode="negate").transition_matrix.toarray()
            assert off(ours, truth) < 1e-12
            kernel.compute_transition_matrix(scheme="cosine")


def test_monte_carlo_uses_the_standard_deviation(adata):
    """CellRank hands the variance to a function that takes a standard deviation."""
    adata.layers["velocity"] *= 20  # where a variance is far from its root
    graph, x, v = inputs(adata)
    rng, cells, n_samples = np.random.default_rng(0), (3, 14, 25), 20_000
    ours = VelocityKernel(adata).compute_transition_matrix(
        mode="monte_carlo", scheme="cosine", softmax_scale=4.0, n_samples=n_samples, seed=0
    )
    for i in cells:
        around = reference.neighbours(graph, i)
        velocities = v[[i, *around]]
        mean, variance = velocities.mean(axis=0), velocities.var(axis=0)
        d = x[around] - x[i]
        numbers = rng.normal(size=(n_samples, len(mean)))
        lengths = np.linalg.norm(d, axis=1)

        def expected(spread, mean=mean, d=d, lengths=lengths, numbers=numbers):
            drawn = mean + spread * numbers
            s = 4.0 * drawn @ d.T / lengths / np.linalg.norm(drawn, axis=1)[:, None]
            weights = np.exp(s - s.max(axis=1, keepdims=True))
            p = weights / weights.sum(axis=1, keepdims=True)
            return p.mean(axis=0), p.std(axis=0).max() / np.sqrt(n_samples)

        (truth, error), (theirs, _) = expected(np.sqrt(variance)), expected(variance)
        found = ours.transition_matrix[i].toarray().ravel()[around]
        assert off(found, truth) < 6 * error
        assert off(theirs, truth) > 30 * error


def test_a_seed_gives_the_same_numbers_whatever_the_order(adata):
    """CellRank seeds NumPy, not Numba, whose numbers it takes, and shuffles cells: a seed is as good as none."""
    options = {"mode": "monte_carlo", "n_samples": 30, "softmax_scale": 4.0}

    def matrix(seed, n_jobs):
        return VelocityKernel(adata).compute_transition_matrix(seed=seed, n_jobs=n_jobs, **options).transition_matrix

    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the user's own
    ours, again, unseeded = (matrix(*given).toarray() for given in ((42, 1), (42, -1), (7, 1)))
    assert off(ours, again) < 1e-15
    assert off(ours, unseeded) > 0.01, "what two runs of CellRank with one seed differ by"
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def without_neighbours(adata, cell):
    graph = adata.obsp["connectivities"].tolil()
    graph[cell] = 0
    adata.obsp["connectivities"] = graph.tocsr()


def test_a_cell_without_neighbours_is_named_and_can_stay(adata):
    """CellRank takes the largest of no similarities."""
    without_neighbours(adata, 4)
    with pytest.raises(ValueError, match="zero-size array"):
        np.max(np.array([]))
    with pytest.raises(ValueError, match=r"1 without neighbours \('cell4'\).*degenerate='self_loop'"):
        VelocityKernel(adata).compute_transition_matrix()
    T = VelocityKernel(adata).compute_transition_matrix(degenerate="self_loop").transition_matrix
    assert T[4, 4] == 1


def test_the_last_cells_may_be_nobodys_neighbours(adata):
    """CellRank makes its matrix without saying how many columns it has."""
    graph = adata.obsp["connectivities"].tolil()
    graph[:, 28:] = 0
    graph[28:, 0] = graph[29, 1] = 1
    adata.obsp["connectivities"] = graph = graph.tocsr()
    assert sp.csr_matrix((graph.data, graph.indices, graph.indptr)).shape == (30, 28)
    kernel = VelocityKernel(adata).compute_transition_matrix()
    assert kernel.transition_matrix.shape == kernel.logits.shape == (30, 30)


@pytest.mark.parametrize("what", ["constant velocity", "same place", "infinite"])
def test_rows_without_a_defined_similarity_are_named(adata, what):
    """CellRank divides 0 by 0 and says that a matrix is not row-stochastic."""
    if what == "constant velocity":
        adata.layers["velocity"][4] = 0.5
    elif what == "same place":
        adata.layers["Ms"][adata.obsp["connectivities"][4].indices] = adata.layers["Ms"][4]
    else:
        adata.layers["Ms"][4, 2] = np.inf
    graph, x, v = inputs(adata)
    if what != "infinite":
        s = reference.logits(graph, x, v, "correlation")[graph.indptr[4] : graph.indptr[5]]
        assert np.isnan(s).all()
        masked = np.where(np.isnan(s), 0, np.exp(s))
        with np.errstate(invalid="ignore"):
            assert np.isnan(masked / masked.sum()).all()
    words = "infinite in 1 place, the first for cell 'cell4' and gene 'gene2'" if what == "infinite" else "'cell4'"
    with pytest.raises(ValueError, match=words):
        VelocityKernel(adata).compute_transition_matrix()


@pytest.mark.parametrize("what", ["no genes", "no velocity"])
def test_nothing_to_compute_with_is_an_error(adata, what):
    """CellRank gives a uniform walk, with a scale of NaN."""
    if what == "no genes":
        adata.var["velocity_genes"] = False
    else:
        adata.layers["velocity"][:] = 0
    graph, x, v = inputs(adata)
    theirs = reference.transition_matrix(graph, np.zeros(graph.n_edges), 1.0)
    assert off(theirs[theirs > 0], 1 / 5) < 1e-12
    logits = reference.logits(graph, x, v, "cosine")
    with np.errstate(invalid="ignore"), pytest.warns(RuntimeWarning):
        assert np.isnan(1 / np.median(np.abs(logits[logits != 0])))
    with pytest.raises(ValueError, match="No gene is left" if what == "no genes" else "all velocities are zero"):
        VelocityKernel(adata).compute_transition_matrix()


def test_after_a_failure_nothing_stale_is_returned(adata):
    """CellRank notes parameters first: it shows the new ones with the old matrix, which it returns the next time."""
    adata.layers["velocity"][4] = 0.5  # no correlation
    kernel = VelocityKernel(adata).compute_transition_matrix(scheme="cosine", softmax_scale=2.0)
    T, params = kernel.transition_matrix, kernel.params
    for _ in range(2):
        with pytest.raises(ValueError, match="cell4"):
            kernel.compute_transition_matrix(scheme="correlation", softmax_scale=2.0)
        assert kernel.params == params
        assert kernel.transition_matrix is T


def test_an_inverted_kernel_is_read_back_in_its_direction(adata):
    """CellRank writes the direction that the kernel was made with."""
    inverse = (~VelocityKernel(adata)).compute_transition_matrix()
    inverse.write_to_adata()
    assert adata.uns["T_bwd_params"]["init"]["backward"] is True
    assert VelocityKernel.from_adata(adata, "T_bwd").backward is True
    adata.uns["T_bwd_params"]["init"]["backward"] = False  # as CellRank writes it
    assert VelocityKernel.from_adata(adata, "T_bwd").backward is True, "the parameters know"


def test_a_sum_leaves_its_parts_and_their_constants_alone(adata):
    """CellRank divides the constants of the user's own objects: 3 becomes 0.75."""
    vk = VelocityKernel(adata, backward=True).compute_transition_matrix()
    before, tripled = repr(vk), 3 * vk
    expression = tripled + vk
    np.testing.assert_allclose(expression.weights, [0.75, 0.25])
    assert expression.compute_transition_matrix() is expression
    assert tripled._constants == (3.0,)
    assert str(tripled) == "(3 * ~VelocityKernel[n=30])"
    assert repr(vk) == before


def test_numbers_of_numpy_are_constants(adata):
    """NumPy multiplies what is in CellRank's kernels itself, as they do not say that they are no arrays."""
    vk = VelocityKernel(adata).compute_transition_matrix()
    for constant in (np.float64(0.5), np.float32(0.5)):
        assert (constant * vk)._constants == (vk * constant)._constants == (0.5,)


def test_sparse_arrays_are_graphs(adata):
    """CellRank takes no graph that is not of SciPy's older kind."""
    expected = VelocityKernel(adata).transition_matrix.toarray()
    graph = sp.csr_array(adata.obsp["connectivities"])
    assert not isinstance(graph, sp.spmatrix)
    adata.obsp["connectivities"] = graph
    np.testing.assert_array_equal(VelocityKernel(adata).transition_matrix.toarray(), expected)
