"""What the velocity kernel promises its users."""

from __future__ import annotations

import numpy as np
import pytest

from tests import reference
from tests.deprecations import without_warnings
from tests.fingerprint import fingerprint, unchanged
from velowidget.core.similarity import similarity
from velowidget.core.softmax import row_softmax
from velowidget.data.graphs import read_graph
from velowidget.data.velocity import read_velocity
from velowidget.kernels import VelocityKernel
from velowidget.kernels.velocity import defined_transitions

SCHEMES = ("correlation", "cosine", "dot_product")
DIRECTIONS = [(False, "transpose"), (True, "transpose"), (True, "negate")]
each_scheme = pytest.mark.parametrize("scheme", SCHEMES)
each_direction = pytest.mark.parametrize(("backward", "backward_mode"), DIRECTIONS)


def expected_logits(adata, scheme, backward, backward_mode):
    genes = adata.var["velocity_genes"].to_numpy(bool)
    x, v = (np.asarray(adata.layers[key], dtype=float)[:, genes] for key in ("Ms", "velocity"))
    if backward and backward_mode == "negate":
        v = -v
    return reference.logits(read_graph(adata)[0], x, v, scheme, transposed=backward and backward_mode == "transpose")


@each_scheme
@each_direction
def test_equals_reference(adata, scheme, backward, backward_mode):
    kernel = VelocityKernel(adata, backward=backward)
    assert kernel.compute_transition_matrix(scheme=scheme, backward_mode=backward_mode) is kernel
    graph, logits = read_graph(adata)[0], expected_logits(adata, scheme, backward, backward_mode)
    scale = reference.automatic_scale(logits)
    assert kernel.params["softmax_scale"] == pytest.approx(scale, rel=1e-12)
    expected = reference.transition_matrix(graph, logits, scale)
    np.testing.assert_allclose(kernel.transition_matrix.toarray(), expected, atol=1e-13)
    np.testing.assert_allclose(kernel.logits.toarray(), graph.matrix(logits).toarray(), atol=1e-13)
    arrows = reference.projection(graph, expected, adata.obsm["X_umap"])
    found = kernel.compute_projection(copy=True)
    np.testing.assert_allclose(found / np.abs(found).max(), arrows / np.abs(arrows).max(), atol=1e-12)


def test_negate_is_forward_with_negated_velocities(adata):
    backward = VelocityKernel(adata, backward=True).compute_transition_matrix(backward_mode="negate")
    adata.layers["velocity"] = -adata.layers["velocity"]
    forward = VelocityKernel(adata).compute_transition_matrix()
    np.testing.assert_array_equal(backward.transition_matrix.toarray(), forward.transition_matrix.toarray())


@each_scheme
@each_direction
@pytest.mark.parametrize("scale", [None, 5.0])
def test_adata_is_bit_identical_afterwards(adata, scheme, backward, backward_mode, scale):
    adata.layers["velocity"] = adata.layers["velocity"].astype(np.float64)  # nothing to convert: used as it is
    adata.layers["Ms"] = adata.layers["Ms"].astype(np.float64)
    del adata.var["velocity_genes"]
    with unchanged(adata):
        kernel = VelocityKernel(adata, backward=backward)
        for _ in range(2):
            kernel.compute_transition_matrix(scheme=scheme, backward_mode=backward_mode, softmax_scale=scale)
            kernel.compute_projection(copy=True)


def test_the_proof_of_identity_sees_changes(adata):
    before = fingerprint(adata)
    assert fingerprint(adata) == before
    adata.layers["velocity"][3, 4] += 1e-3
    assert fingerprint(adata) != before
    adata.layers["velocity"].flags.writeable = False
    before = fingerprint(adata)
    adata.layers["velocity"].flags.writeable = True
    assert fingerprint(adata) != before
    before = fingerprint(adata)
    adata.obsp["connectivities"].indices[:2] = adata.obsp["connectivities"].indices[1::-1]
    assert fingerprint(adata) != before


def test_uncomputed(adata):
    kernel = VelocityKernel(adata)
    assert kernel.logits is None
    assert kernel.params == {}
    assert kernel.shape == (30, 30)
    assert len(kernel) == 1
    assert kernel.kernels == [kernel]
    assert kernel.adata is adata
    assert repr(kernel) == "VelocityKernel[n=30]"


def test_transition_matrix_computes_itself_with_the_defaults(adata):
    kernel = VelocityKernel(adata)
    matrix = kernel.transition_matrix
    assert kernel.params["scheme"] == "correlation"
    assert kernel.transition_matrix is matrix
    expected = VelocityKernel(adata).compute_transition_matrix().transition_matrix
    np.testing.assert_array_equal(matrix.toarray(), expected.toarray())


def test_params(adata):
    forward = VelocityKernel(adata).compute_transition_matrix(softmax_scale=4)
    assert forward.params == {
        "mode": "deterministic",
        "scheme": "correlation",
        "softmax_scale": 4.0,
        "degenerate": "error",
    }
    assert isinstance(forward.params["softmax_scale"], float)
    backward = VelocityKernel(adata, backward=np.True_).compute_transition_matrix(backward_mode="negate")
    assert backward.backward is True
    assert backward.params["bwd_mode"] == "negate"
    forward.params["scheme"] = "changed"
    assert forward.params["scheme"] == "correlation"


def test_repr_says_what_was_computed(adata):
    kernel = VelocityKernel(adata, backward=True).compute_transition_matrix(softmax_scale=4.0)
    assert repr(kernel).startswith(
        "~VelocityKernel[n=30, mode='deterministic', scheme='correlation', softmax_scale=4.0"
    )


@pytest.mark.parametrize("scale", [None, 3.0])
def test_identical_parameters_give_the_same_matrix(adata, scale):
    kernel = VelocityKernel(adata).compute_transition_matrix(softmax_scale=scale)
    matrix, logits = kernel.transition_matrix, kernel.logits
    kernel.compute_transition_matrix(softmax_scale=scale)
    assert kernel.transition_matrix is matrix
    assert kernel.logits is logits
    kernel.compute_transition_matrix(softmax_scale=kernel.params["softmax_scale"] * 2)
    assert kernel.transition_matrix is not matrix


@pytest.mark.parametrize("failing", [{"scheme": "cosin"}, {"softmax_scale": -1.0}, {"scheme": "dot_product"}])
def test_a_failure_changes_nothing(adata, failing):
    for layer in ("velocity", "Ms"):
        adata.layers[layer] = adata.layers[layer].astype(np.float64) * 1e200  # too large for a dot product
    kernel = VelocityKernel(adata).compute_transition_matrix()
    matrix, logits, params = kernel.transition_matrix, kernel.logits, kernel.params
    with pytest.raises(ValueError, match=r"not known|larger than 0|overflow"):
        kernel.compute_transition_matrix(**failing)
    assert kernel.transition_matrix is matrix
    assert kernel.logits is logits
    assert kernel.params == params


def test_a_failure_on_degenerate_cells_changes_nothing(adata):
    adata.layers["velocity"][4] = 0.5  # a constant has no correlation
    kernel = VelocityKernel(adata).compute_transition_matrix(scheme="cosine")
    matrix, params = kernel.transition_matrix, kernel.params
    with pytest.raises(ValueError, match="cell4"):
        kernel.compute_transition_matrix(scheme="correlation")
    assert kernel.transition_matrix is matrix
    assert kernel.params == params


def test_results_are_read_only(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix()
    for matrix in (kernel.transition_matrix, kernel.logits):
        for array in (matrix.data, matrix.indices, matrix.indptr):
            assert not array.flags.writeable
        assert matrix.format == "csr"
        assert matrix.dtype == np.float64
        assert matrix.has_canonical_format
        assert (matrix.data != 0).all()
    with pytest.raises(TypeError, match="real numbers"):
        kernel.transition_matrix = None


def test_logits_do_not_depend_on_the_scale(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix(softmax_scale=1.0)
    logits = kernel.logits
    kernel.compute_transition_matrix(softmax_scale=100.0)
    np.testing.assert_array_equal(kernel.logits.toarray(), logits.toarray())


@pytest.mark.parametrize("synonyms", [{"model": "deterministic"}, {"similarity": "cosine"}])
def test_synonyms_of_cellrank_2(adata, synonyms):
    kernel = VelocityKernel(adata).compute_transition_matrix(**synonyms)
    assert kernel.params["mode"] == "deterministic"
    assert kernel.params["scheme"] == synonyms.get("similarity", "correlation")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"similarty": "cosine"},
            r"compute_transition_matrix\(\) has no argument 'similarty'; did you mean 'similarity'\?",
        ),
        ({"sofmax_scale": 1}, "did you mean 'softmax_scale'"),
        ({"zzz": 1}, "has no argument 'zzz'; it takes mode, backward_mode, scheme"),
    ],
)
def test_unknown_keywords_of_compute(adata, wrong, message):
    with pytest.raises(TypeError, match=message):
        VelocityKernel(adata).compute_transition_matrix(**wrong)


def test_unknown_keywords_of_the_kernel(adata):
    with pytest.raises(TypeError, match=r"VelocityKernel\(\) has no argument 'gene_subst'; did you mean 'gene_subset'"):
        VelocityKernel(adata, gene_subst=None)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"mode": "stochstic"}, "mode='stochstic' is not known"),
        ({"scheme": "corelation"}, "did you mean 'correlation'"),
        ({"similarity": "cosin"}, "did you mean 'cosine'"),
        ({"backward_mode": "negated"}, "did you mean 'negate'"),
        ({"degenerate": "selfloop"}, "did you mean 'self_loop'"),
        ({"softmax_scale": 0}, "larger than 0, not 0"),
        ({"softmax_scale": -3.5}, "larger than 0, not -3.5"),
        ({"softmax_scale": float("nan")}, "finite"),
        ({"softmax_scale": np.inf}, "finite"),
        ({"softmax_scale": 10**400}, "finite"),
    ],
)
def test_unknown_values(adata, wrong, message):
    with pytest.raises(ValueError, match=message):
        VelocityKernel(adata).compute_transition_matrix(**wrong)


@pytest.mark.parametrize("wrong", ["auto", True, np.True_, [1.0], np.array(1.0), 1j])
def test_a_scale_is_a_number(adata, wrong):
    with pytest.raises(TypeError, match="softmax_scale must be a number"):
        VelocityKernel(adata).compute_transition_matrix(softmax_scale=wrong)


@pytest.mark.parametrize("scale", [2, 2.0, np.float32(2), np.int8(2), np.longdouble(2)])
def test_numbers_of_every_type_are_scales(adata, scale):
    assert VelocityKernel(adata).compute_transition_matrix(softmax_scale=scale).params["softmax_scale"] == 2.0


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_extreme_scales_still_give_probabilities(adata, scale):
    matrix = VelocityKernel(adata).compute_transition_matrix(softmax_scale=scale).transition_matrix
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0, atol=1e-12)


@pytest.mark.parametrize("wrong", [1, 0, "yes", None])
def test_backward_is_true_or_false(adata, wrong):
    with pytest.raises(TypeError, match="backward must be True or False"):
        VelocityKernel(adata, backward=wrong)


@pytest.mark.parametrize("basis", ["umap", "X_umap"])
def test_projection_writes_when_asked(adata, basis):
    with unchanged(adata):
        kernel = VelocityKernel(adata)
        arrows = kernel.compute_projection(basis, copy=True)
    assert arrows.shape == (30, 2)
    assert kernel.compute_projection(basis) is None
    np.testing.assert_array_equal(adata.obsm["T_fwd_umap"], arrows)
    assert adata.uns["T_fwd_params"] == {"embeddings": ["umap"]}
    kernel.compute_projection(basis, key_added="mine")
    np.testing.assert_array_equal(adata.obsm["mine_umap"], arrows)


def test_projection_keeps_what_was_recorded(adata):
    adata.obsm["X_pca"] = np.random.default_rng(0).normal(size=(30, 5))
    adata.uns["T_bwd_params"] = {"params": {"a": 1}, "embeddings": np.array(["umap"])}  # as read from a file
    kernel = VelocityKernel(adata, backward=True)
    kernel.compute_projection("pca")
    kernel.compute_projection("pca")
    assert adata.uns["T_bwd_params"] == {"params": {"a": 1}, "embeddings": ["pca", "umap"]}
    assert adata.obsm["T_bwd_pca"].shape == (30, 5)


def test_write_to_adata(adata, tmp_path):
    kernel = VelocityKernel(adata, backward=True).compute_transition_matrix(softmax_scale=3.0)
    kernel.compute_projection()
    kernel.write_to_adata()
    assert adata.uns["T_bwd_params"].pop("init")["backward"] is True
    rest = {"embeddings": ["umap"], "kernel": "VelocityKernel", "params": kernel.params}
    assert adata.uns["T_bwd_params"] == rest
    np.testing.assert_array_equal(adata.obsp["T_bwd"].toarray(), kernel.transition_matrix.toarray())
    adata.obsp["T_bwd"].data[:] = 0  # a copy: the kernel's own is safe
    np.testing.assert_allclose(kernel.transition_matrix.sum(axis=1), 1.0)
    kernel.write_to_adata("mine")
    assert "mine" in adata.obsp
    adata.write_h5ad(tmp_path / "written.h5ad")


@pytest.mark.parametrize("call", [lambda k: k.compute_projection(), lambda k: k.write_to_adata()])
def test_an_adata_that_shrank(adata, call):
    kernel = VelocityKernel(adata).compute_transition_matrix()
    adata._inplace_subset_obs(np.arange(20))
    with pytest.raises(ValueError, match=r"20 cells now, and had 30 .* Make a new kernel"):
        call(kernel)


def test_permuting_cells_permutes_the_matrix(adata):
    order = np.random.default_rng(0).permutation(30)
    original = VelocityKernel(adata).compute_transition_matrix()
    permuted = VelocityKernel(adata[order].copy()).compute_transition_matrix()
    assert permuted.params["softmax_scale"] == pytest.approx(original.params["softmax_scale"], rel=1e-12)
    np.testing.assert_allclose(
        permuted.transition_matrix.toarray(), original.transition_matrix.toarray()[np.ix_(order, order)], atol=1e-12
    )


def test_still_cells_go_to_each_neighbour_alike(adata):
    adata.layers["velocity"][2] = 0
    with pytest.warns(
        UserWarning, match=r"^1 cell with zero velocity, going to each of its neighbours alike: 'cell2'\.$"
    ):
        kernel = VelocityKernel(adata).compute_transition_matrix()
    row = kernel.transition_matrix[2]
    np.testing.assert_allclose(row.data, 1 / 5)
    assert kernel.logits[2].nnz == 0


@pytest.mark.parametrize("settings", [{"mode": "sampling", "seed": 0}, {"mode": "stochastic"}, {"scheme": "cosine"}])
def test_only_rows_that_are_uniform_for_it_are_said_to_be(adata, settings):
    adata.layers["velocity"][2] = 0
    backward = settings == {"scheme": "cosine"}  # by transpose: the neighbours' velocities count
    with without_warnings():
        kernel = VelocityKernel(adata, backward=backward).compute_transition_matrix(**settings)
    assert np.ptp(kernel.transition_matrix[2].data) > 1e-6


def test_a_still_cell_without_neighbours_goes_nowhere(adata):
    adata.layers["velocity"][2] = 0
    graph = adata.obsp["connectivities"].tolil()
    graph[2], graph[:, 2] = 0, 0
    adata.obsp["connectivities"] = graph.tocsr()
    with without_warnings():
        VelocityKernel(adata).compute_transition_matrix(degenerate="self_loop")


def test_a_kernel_of_results_shares_them(adata):
    computed = VelocityKernel(adata).compute_transition_matrix()
    graph, data = read_graph(adata)[0], read_velocity(adata)
    directed = similarity(graph, data.x, data.v)
    probabilities = row_softmax(graph, directed.logits, 3.0)
    chain = defined_transitions(adata, graph, directed, probabilities, "error", 3.0, "forward")
    params = {"mode": "deterministic", "scheme": "correlation", "softmax_scale": 3.0, "degenerate": "error"}
    kernel = VelocityKernel.of_chain(adata, data, "correlation", chain, params, {"conn_key": "connectivities"})
    matrix = kernel.transition_matrix
    assert np.shares_memory(matrix.data, chain.matrix.data)
    assert matrix is not chain.matrix, "what is done to a kernel's matrix leaves the others alone"
    assert kernel.params == params
    kernel.compute_transition_matrix(softmax_scale=3.0)
    assert kernel.transition_matrix is matrix
    computed.compute_transition_matrix(softmax_scale=3.0)
    np.testing.assert_array_equal(kernel.transition_matrix.toarray(), computed.transition_matrix.toarray())
