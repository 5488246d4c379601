"""The API of CellRank's velocity kernel, row by row: one compact statement for each; other tests go deeper."""

from __future__ import annotations

import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tests import reference
from tests.core.test_custom import Own
from tests.core.test_stochastic import slow_stochastic
from velowidget.data.graphs import read_graph
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel
from velowidget.kernels.base import Kernel

SCHEMES = ("correlation", "cosine", "dot_product")


def dense(kernel, **options):
    return kernel.compute_transition_matrix(**options).transition_matrix.toarray()


def inputs(adata):
    """Graph, expression and velocity of the genes in use, float64."""
    genes = adata.var["velocity_genes"].to_numpy(bool)
    x, v = (np.asarray(adata.layers[key], dtype=float)[:, genes] for key in ("Ms", "velocity"))
    return read_graph(adata)[0], x, v


def softmax_of(adata, scheme="correlation", scale=None, sign=1.0, *, transposed=False):
    """The slow reference, with its scale."""
    graph, x, v = inputs(adata)
    logits = reference.logits(graph, x, sign * v, scheme, transposed=transposed)
    scale = reference.automatic_scale(logits) if scale is None else scale
    return reference.transition_matrix(graph, logits, scale), scale


def test_ctor_adata(adata):
    kernel = VelocityKernel(adata)
    assert kernel.adata is adata
    assert kernel.shape == (30, 30)
    with pytest.raises(TypeError, match="Expected an AnnData"):
        VelocityKernel(adata.layers["Ms"])


def test_ctor_backward(adata):
    assert [VelocityKernel(adata, b).backward for b in (False, True, np.True_)] == [False, True, True]
    with pytest.raises(TypeError, match="backward must be True or False"):
        VelocityKernel(adata, 1)


def test_ctor_vkey_xkey(adata):
    expected = dense(VelocityKernel(adata))
    adata.layers["v"], adata.layers["x"] = adata.layers.pop("velocity"), adata.layers.pop("Ms")
    adata.var["v_genes"] = adata.var.pop("velocity_genes")
    np.testing.assert_array_equal(dense(VelocityKernel(adata, vkey="v", xkey="x")), expected)
    with pytest.raises(KeyError, match=r"velowidget.velocity\(adata\)"):
        VelocityKernel(adata, xkey="x")


def test_ctor_attr(adata):
    expected = dense(VelocityKernel(adata))
    genes = adata.var["velocity_genes"].to_numpy()
    adata.obsm["v"], adata.obsm["x"] = (adata.layers[key][:, genes] for key in ("velocity", "Ms"))
    np.testing.assert_array_equal(dense(VelocityKernel(adata, attr="obsm", vkey="v", xkey="x")), expected)


def test_ctor_gene_subset(adata):
    mask = np.arange(12) < 7
    adata.var["half"] = mask
    graph = read_graph(adata)[0]
    x, v = (np.asarray(adata.layers[key], dtype=float)[:, mask] for key in ("Ms", "velocity"))
    expected = reference.transition_matrix(graph, reference.logits(graph, x, v, "correlation"), 2.0)
    for subset in (mask, "half", [f"gene{g}" for g in range(7)]):
        np.testing.assert_allclose(
            dense(VelocityKernel(adata, gene_subset=subset), softmax_scale=2.0), expected, atol=1e-12
        )
    assert VelocityKernel(adata)._settings()["gene_subset"].sum() == 11, "velocity_genes by default"


def test_ctor_compute_cond_num(adata):
    kernel = VelocityKernel(adata, compute_cond_num=True)
    assert kernel.condition_number is None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ill-conditioned or not
        T = dense(kernel, softmax_scale=1.0)
    assert kernel.condition_number == pytest.approx(np.linalg.cond(T), rel=1e-6)


def test_ctor_check_connectivity(adata):
    graph = adata.obsp["connectivities"].tolil()
    graph[:10, 10:] = graph[10:, :10] = 0
    graph[np.arange(10), (np.arange(10) + 1) % 10] = 1
    adata.obsp["connectivities"] = sp.csr_matrix(graph)
    with pytest.warns(UserWarning, match="not connected: it has 2 components, of 20, 10 cells"):
        VelocityKernel(adata, check_connectivity=True)


def test_ctor_conn_key_check_symmetric(adata):
    ring = np.eye(30, k=1) + np.eye(30, k=-29)
    adata.obsp["ring"] = sp.csr_matrix(ring)
    with pytest.warns(UserWarning, match="not symmetric: 60 edges"):
        kernel = VelocityKernel(adata, conn_key="ring", check_symmetric=True)
    np.testing.assert_array_equal(dense(kernel), ring)


def test_adata_shape_backward_kernels_params(adata):
    kernel = VelocityKernel(adata)
    assert (kernel.shape, kernel.backward, kernel.kernels, kernel.params) == ((30, 30), False, [kernel], {})
    kernel.compute_transition_matrix(softmax_scale=4)
    settings = {"mode": "deterministic", "scheme": "correlation", "softmax_scale": 4.0, "degenerate": "error"}
    assert kernel.params == settings
    other = adata.copy()
    kernel.adata = other
    assert kernel.adata is other
    assert kernel.params == settings
    with pytest.raises(ValueError, match="The kernel has 30 cells, and the AnnData has 29"):
        kernel.adata = adata[:29]
    with pytest.raises(ValueError, match="in another order: number 0 is 'cell0' in the kernel and 'cell29'"):
        kernel.adata = adata[::-1]
    with pytest.raises(TypeError, match="Expected an AnnData"):
        kernel.adata = None


def test_connectivities(adata):
    kernel = VelocityKernel(adata)
    weights = kernel.connectivities
    assert weights.format == "csr"
    assert weights.dtype == np.float64
    np.testing.assert_array_equal(weights.toarray(), adata.obsp["connectivities"].toarray())
    assert not np.shares_memory(weights.data, adata.obsp["connectivities"].data)
    np.testing.assert_array_equal(ConnectivityKernel(adata).connectivities.toarray(), weights.toarray())
    fresh = VelocityKernel(adata)
    adata.obsp["connectivities"] = sp.csr_matrix(np.eye(30, k=1))
    assert kernel.connectivities is weights
    with pytest.raises(ValueError, match=r"is another than the kernel was made with. Make a new kernel"):
        assert fresh.connectivities


@pytest.mark.filterwarnings("ignore:The transition matrix is ill-conditioned")
def test_condition_number(adata):
    T = 0.5 * np.eye(30) + 0.5 * np.roll(np.eye(30), 1, axis=0) ** 2
    T[0] = np.eye(30)[0]
    kernel = PrecomputedKernel(T, adata, compute_cond_num=True)
    assert kernel.condition_number == pytest.approx(np.linalg.cond(T), rel=1e-6)
    kernel.transition_matrix = np.eye(30)
    assert kernel.condition_number == 1
    mixed = 0.5 * kernel + 0.5 * VelocityKernel(adata)
    expected = np.linalg.cond(mixed.compute_transition_matrix().transition_matrix.toarray())
    assert mixed.condition_number == pytest.approx(expected, rel=1e-6)
    assert PrecomputedKernel(T, adata).condition_number is None


def test_logits(adata):
    kernel = VelocityKernel(adata)
    assert kernel.logits is None
    kernel.compute_transition_matrix(softmax_scale=9.0)
    graph, x, v = inputs(adata)
    expected = graph.matrix(reference.logits(graph, x, v, "correlation")).toarray()
    np.testing.assert_allclose(kernel.logits.toarray(), expected, atol=1e-13)


def test_transition_matrix_get_and_set(adata):
    kernel = VelocityKernel(adata)
    np.testing.assert_allclose(kernel.transition_matrix.toarray(), softmax_of(adata)[0], atol=1e-12)
    kernel.transition_matrix = 2 * np.eye(30)
    np.testing.assert_array_equal(kernel.transition_matrix.toarray(), np.eye(30))
    assert kernel.logits is None
    for wrong, words in (
        (np.eye(29), r"shape \(29, 29\)"),
        (-np.eye(30), "negative"),
        (np.zeros((30, 30)), "empty|entry"),
    ):
        with pytest.raises(ValueError, match=words):
            kernel.transition_matrix = wrong


@pytest.mark.parametrize("name", ["mode", "model"])
def test_compute_deterministic(adata, name):
    found = dense(VelocityKernel(adata), **{name: "deterministic"}, softmax_scale=5)
    np.testing.assert_allclose(found, softmax_of(adata, scale=5)[0], atol=1e-12)


def test_compute_stochastic(adata):
    graph, x, v = inputs(adata)
    expected, _ = slow_stochastic(graph, x, v, "correlation", 2.0)
    found = dense(VelocityKernel(adata), mode="stochastic", softmax_scale=2.0)
    np.testing.assert_allclose(found, graph.matrix(expected).toarray(), atol=1e-6)


def test_compute_sampling(adata):
    one, other = (dense(VelocityKernel(adata), mode="sampling", seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(one, dense(VelocityKernel(adata), mode="sampling", seed=0))
    assert np.abs(one - other).max() > 0.01
    np.testing.assert_allclose(one.sum(axis=1), 1, atol=1e-12)


def test_compute_monte_carlo_n_samples_seed(adata):
    options = {"mode": "monte_carlo", "softmax_scale": 2.0}
    few, again, many, most = (
        dense(VelocityKernel(adata), n_samples=n, seed=seed, **options)
        for n, seed in ((10, 1), (10, 1), (2_000, 2), (20_000, 3))
    )
    np.testing.assert_array_equal(few, again)
    assert np.abs(many - most).max() < 0.2 * np.abs(few - most).max()
    assert VelocityKernel(adata).compute_transition_matrix(**options).params["n_samples"] == 1000


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", ["scheme", "similarity"])
def test_compute_scheme_strings(adata, scheme, name):
    found = dense(VelocityKernel(adata), **{name: scheme}, softmax_scale=1.5)
    np.testing.assert_allclose(found, softmax_of(adata, scheme, 1.5)[0], atol=1e-12)


def test_compute_scheme_callable(adata):
    for mode in ("deterministic", "stochastic"):  # the second by the callable's `hessian`
        found, expected = (
            dense(VelocityKernel(adata), scheme=scheme, softmax_scale=2.0, mode=mode)
            for scheme in (Own("cosine"), "cosine")
        )
        np.testing.assert_allclose(found, expected, atol=1e-11)


def test_compute_softmax_scale(adata):
    T, scale = softmax_of(adata, "dot_product")
    kernel = VelocityKernel(adata).compute_transition_matrix(scheme="dot_product")
    assert kernel.params["softmax_scale"] == pytest.approx(scale, rel=1e-12)
    np.testing.assert_allclose(kernel.transition_matrix.toarray(), T, atol=1e-12)


def test_compute_backward_mode(adata):
    transpose, negate = (
        dense(VelocityKernel(adata, True), backward_mode=mode, softmax_scale=3.0) for mode in ("transpose", "negate")
    )
    np.testing.assert_allclose(transpose, softmax_of(adata, scale=3.0, transposed=True)[0], atol=1e-12)
    np.testing.assert_allclose(negate, softmax_of(adata, scale=3.0, sign=-1.0)[0], atol=1e-12)
    with pytest.warns(UserWarning, match="computing the deterministic mode"):
        found = dense(VelocityKernel(adata, True), mode="stochastic", softmax_scale=3.0)
    np.testing.assert_array_equal(found, transpose)


def test_compute_check_irreducibility(adata):
    adata.obsp["connectivities"] = sp.csr_matrix(np.eye(30, k=1) + np.eye(30, k=-1) * (np.arange(30) < 20)[:, None])
    kernel = VelocityKernel(adata, gene_subset=[f"gene{g}" for g in range(11)])
    with pytest.warns(UserWarning, match="not irreducible: it has 11 communicating classes, of 20, 1"):
        kernel.compute_transition_matrix(check_irreducibility=True, degenerate="self_loop")
    np.testing.assert_array_equal(np.bincount(kernel.communicating_classes), [20, *[1] * 10])
    with pytest.warns(UserWarning, match="not irreducible"):  # in its place of CellRank 1.5
        kernel.compute_transition_matrix(
            "deterministic", "transpose", "correlation", None, 1000, None, True, degenerate="self_loop"
        )


def test_compute_n_jobs_backend_show_progress_bar(adata, capsys):
    expected = dense(VelocityKernel(adata))
    found = dense(VelocityKernel(adata), n_jobs=1, backend="multiprocessing", show_progress_bar=False)
    np.testing.assert_array_equal(found, expected)
    assert capsys.readouterr().err == ""


def test_caching(adata):
    kernel = VelocityKernel(adata)
    options = {"mode": "monte_carlo", "n_samples": 3, "seed": 1}
    T = kernel.compute_transition_matrix(**options).transition_matrix
    assert kernel.compute_transition_matrix(**options).transition_matrix is T
    assert kernel.compute_transition_matrix(**{**options, "seed": 2}).transition_matrix is not T


def test_copy(adata):
    kernel = VelocityKernel(adata, backward=True).compute_transition_matrix()
    copied, deep = kernel.copy(), kernel.copy(deep=True)
    assert copied.adata is adata
    assert deep.adata is not adata
    for other in (copied, deep):
        assert (other.backward, other.params) == (True, kernel.params)
        np.testing.assert_array_equal(other.logits.toarray(), kernel.logits.toarray())
    before = kernel.transition_matrix
    copied.compute_transition_matrix(softmax_scale=99.0)
    assert kernel.transition_matrix is before


def test_operators(adata):
    vk, ck = VelocityKernel(adata).compute_transition_matrix(), ConnectivityKernel(adata).compute_transition_matrix()
    V, C = vk.transition_matrix.toarray(), ck.transition_matrix.toarray()
    for kernel, expected in (
        (0.8 * vk + 0.2 * ck, 0.8 * V + 0.2 * C),
        (vk + (ck + ck), (V + 2 * C) / 3),
        (9 * vk + ck, 0.9 * V + 0.1 * C),
        (vk * ck, V * C / (V * C).sum(axis=1, keepdims=True)),
        (~~vk, V),
    ):
        np.testing.assert_allclose(kernel.transition_matrix.toarray(), expected, atol=1e-12)
    assert (~vk).backward is True
    assert vk.backward is False
    expression = 0.8 * vk + 0.2 * ck
    assert (len(vk), len(expression), vk[0], expression[1], list(expression)) == (1, 2, vk, ck, [vk, ck])
    assert str(expression) == "(0.8 * VelocityKernel[n=30] + 0.2 * ConnectivityKernel[n=30])"
    assert repr(ck) == "ConnectivityKernel[n=30, dnorm=True, key='connectivities']"


def test_write_to_adata(adata):
    kernel = VelocityKernel(adata, backward=True).compute_transition_matrix()
    kernel.compute_projection("umap")
    kernel.write_to_adata()
    np.testing.assert_array_equal(adata.obsp["T_bwd"].toarray(), kernel.transition_matrix.toarray())
    record = adata.uns["T_bwd_params"]
    assert (record["params"], record["init"]["backward"], record["embeddings"]) == (kernel.params, True, ["umap"])


def test_from_adata(adata):
    VelocityKernel(adata, backward=True).compute_transition_matrix(scheme="cosine").write_to_adata("mine")
    read = VelocityKernel.from_adata(adata, "mine")
    np.testing.assert_array_equal(read.transition_matrix.toarray(), adata.obsp["mine"].toarray())
    assert (read.backward, read.params["scheme"], read.adata is adata) == (True, "cosine", True)
    assert VelocityKernel.from_adata(adata, "mine", copy=True).adata is not adata
    with pytest.raises(KeyError, match="did you mean 'mine'"):
        VelocityKernel.from_adata(adata, "mne")


def test_write_read(adata, tmp_path):
    kernel = VelocityKernel(adata, backward=True).compute_transition_matrix()
    path = kernel.write(tmp_path / "with")
    assert path.name == "with.velo"
    read = Kernel.read(tmp_path / "with")
    np.testing.assert_array_equal(read.transition_matrix.toarray(), kernel.transition_matrix.toarray())
    np.testing.assert_array_equal(read.logits.toarray(), kernel.logits.toarray())
    assert (read.params, read.backward) == (kernel.params, True)
    without = kernel.write(tmp_path / "without", write_adata=False, ext="h5")
    assert without.name == "without.h5"
    assert Kernel.read(without, adata).adata is adata
    assert Kernel.read(without, adata, copy=True).adata is not adata
    with pytest.raises(TypeError, match="give it with `adata`"):
        Kernel.read(without)
    with pytest.raises(ValueError, match="not pickled"):
        kernel.write(tmp_path / "k", ext="pickle")


def test_compute_projection(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix()
    arrows = kernel.compute_projection("umap", copy=True)
    graph = read_graph(adata)[0]
    expected = reference.projection(graph, kernel.transition_matrix.toarray(), adata.obsm["X_umap"])
    np.testing.assert_allclose(arrows / arrows[0, 0], expected / expected[0, 0], atol=1e-9)
    assert "T_fwd_umap" not in adata.obsm
    assert kernel.compute_projection("umap", key_added="mine") is None
    np.testing.assert_array_equal(adata.obsm["mine_umap"], arrows)


def test_cbc(adata):
    adata.obs["clusters"] = pd.Categorical(["a"] * 15 + ["b"] * 15)
    adata.obsp["distances"] = adata.obsp["connectivities"]
    adata.obsm["X_pca"] = np.asarray(adata.layers["Ms"])[:, :5]
    scores = VelocityKernel(adata).cbc("a", "b", "clusters", "X_pca")
    boundary = np.diff(adata.obsp["distances"][:15, 15:].indptr) > 0
    assert scores.shape == (boundary.sum(),)
    assert (np.abs(scores) <= 1 + 1e-12).all()


@pytest.mark.parametrize("density_normalize", [True, False])
def test_connectivity_kernel(adata, density_normalize):
    A = adata.obsp["connectivities"].toarray()
    D = A.sum(axis=0) if density_normalize else np.ones(30)
    D[D == 0] = 1.0  # nobody's neighbour
    expected = A / D[:, None] / D
    found = dense(ConnectivityKernel(adata, "connectivities"), density_normalize=density_normalize)
    np.testing.assert_allclose(found, expected / expected.sum(axis=1, keepdims=True), atol=1e-13)


def test_precomputed_kernel(adata):
    vk = VelocityKernel(adata, backward=True).compute_transition_matrix()
    T = vk.transition_matrix
    vk.write_to_adata()
    for kernel, origin, backward in (
        (PrecomputedKernel(T, adata), "array", None),
        (PrecomputedKernel(T.toarray(), adata, backward=True), "array", True),
        (PrecomputedKernel("T_bwd", adata), "adata.obsp['T_bwd']", True),
        (PrecomputedKernel(True, adata), "adata.obsp['T_bwd']", True),
        (PrecomputedKernel(adata), "adata.obsp['T_bwd']", True),
        (PrecomputedKernel(vk), str(vk), True),
    ):
        assert (kernel.params, kernel.backward) == ({"origin": origin}, backward)
        assert kernel.compute_transition_matrix() is kernel
        np.testing.assert_array_equal(kernel.transition_matrix.toarray(), T.toarray())
    made = PrecomputedKernel(T).adata
    assert isinstance(made, ad.AnnData)
    assert made.shape == (30, 1)
