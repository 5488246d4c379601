"""The chain of a kernel: the same for every kind, and whole."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
import scipy.sparse as sp

from velowidget.core.chain import chain_of
from velowidget.core.graph import Graph
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel

KINDS = {
    "velocity": VelocityKernel,
    "backward": lambda adata: VelocityKernel(adata, backward=True),
    "connectivity": ConnectivityKernel,
    "sum": lambda adata: 0.7 * VelocityKernel(adata) + 0.3 * ConnectivityKernel(adata),
    "product": lambda adata: VelocityKernel(adata) * ConnectivityKernel(adata),
    "precomputed": lambda adata: PrecomputedKernel(ConnectivityKernel(adata).transition_matrix, adata, backward=False),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_chain_has_all_of_the_matrix(adata, kind):
    kernel = KINDS[kind](adata)
    chain, matrix = kernel.chain, kernel.transition_matrix.toarray()
    np.testing.assert_array_equal(chain.matrix.toarray(), matrix)
    on_edges = chain.graph.matrix(chain.probabilities).toarray() + np.diag(chain.staying)
    np.testing.assert_array_equal(on_edges, matrix)
    assert kernel.chain is chain, "computed once"
    assert chain.direction == {"velocity": "forward", "backward": "transpose", "connectivity": None}.get(
        kind, "forward"
    )


def test_a_velocity_kernel_has_its_similarities_in_the_chain(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix(softmax_scale=3.0)
    before = kernel.chain
    assert before.softmax_scale == 3.0
    stored = kernel.logits.toarray()
    np.testing.assert_array_equal(before.graph.matrix(np.nan_to_num(before.similarity.logits)).toarray(), stored)
    kernel.compute_transition_matrix(softmax_scale=5.0)
    assert kernel.chain.softmax_scale == 5.0
    assert before.softmax_scale == 3.0, "a chain is a value"
    kernel.transition_matrix = np.eye(adata.n_obs)
    assert kernel.chain.similarity is None
    np.testing.assert_array_equal(kernel.chain.staying, 1.0)
    assert (~kernel.copy()).chain.direction == "transpose"


def test_probabilities_to_where_no_edge_leads_are_in_the_matrix_only():
    matrix = sp.csr_matrix(np.array([[0.25, 0.25, 0.5], [0, 1, 0], [1, 0, 0]]))
    graph = Graph(np.array([0, 1, 2, 3]), np.array([2, 1, 1], dtype=np.int32))
    chain = chain_of(matrix, graph, None)
    np.testing.assert_array_equal(chain.probabilities, [0.5, 1, 0])
    np.testing.assert_array_equal(chain.staying, [0.25, 0, 0])  # the second cell has an edge to itself
    assert chain.matrix is matrix


@pytest.mark.parametrize("name", ["plot_projection", "plot_random_walks", "plot_single_flow", "random_walks", "flow"])
def test_every_argument_of_a_method_is_named_and_described(name):
    method = getattr(VelocityKernel, name)
    parameters = inspect.signature(method).parameters
    described = re.findall(r"^ {8}([*\w, ]+)$", inspect.getdoc(method).replace("\n", "\n        "), re.MULTILINE)
    named = {word.strip(" *") for line in described for word in line.split(",")}
    assert set(parameters) - {"self"} <= named
    assert all(p.kind is not inspect.Parameter.VAR_POSITIONAL for p in parameters.values())
    assert {n for n, p in parameters.items() if p.kind is inspect.Parameter.VAR_KEYWORD} <= {"unknown"}
