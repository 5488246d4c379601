"""`filter_genes`: which genes stay, what is noted, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tests.fingerprint import unchanged
from tests.preprocessing.conftest import dense
from velowidget import filter_genes

pytestmark = [pytest.mark.filterwarnings("error::UserWarning"), pytest.mark.filterwarnings("error::RuntimeWarning")]


def shared(adata):
    """Counts of genes in cells that have both, by a slow loop over cells."""
    s, u = dense(adata.layers["spliced"]), dense(adata.layers["unspliced"])
    return sum(np.where((a > 0) & (b > 0), a + b, 0) for a, b in zip(s, u, strict=True))


def test_genes_with_enough_shared_counts_stay(raw):
    before = raw.copy()
    expected = shared(raw) >= 150
    assert 0 < expected.sum() < raw.n_vars
    assert filter_genes(raw, min_shared_counts=150) is None
    assert list(raw.var_names) == list(before.var_names[expected])
    for layer in ("spliced", "unspliced"):
        np.testing.assert_array_equal(dense(raw.layers[layer]), dense(before.layers[layer])[:, expected])
        np.testing.assert_allclose(raw.obs[f"initial_size_{layer}"], dense(before.layers[layer]).sum(axis=1))


def test_exactly_enough_is_enough(raw):
    most = shared(raw).max()
    filter_genes(raw, min_shared_counts=int(most))
    assert raw.n_vars == 1


def test_sizes_of_the_first_time_are_kept(raw):
    filter_genes(raw, min_shared_counts=10)
    first = raw.obs.copy()
    filter_genes(raw, min_shared_counts=150)
    np.testing.assert_array_equal(raw.obs["initial_size_spliced"], first["initial_size_spliced"])


def test_a_copy_leaves_the_original_alone(raw):
    with unchanged(raw):
        copy = filter_genes(raw, min_shared_counts=150, copy=True)
    assert copy.n_vars < raw.n_vars


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        ({"min_shared_counts": 10**6}, ValueError, r"No gene is left: the most shared counts.*Choose fewer"),
        ({"min_shared_counts": 0}, ValueError, "at least 1"),
        ({"min_shared_counts": 20.5}, TypeError, "whole number"),
        ({"min_shared_counts": "20"}, TypeError, "whole number"),
        ({"copy": "yes"}, TypeError, "copy must be True or False"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(raw, arguments, kind, words):
    with unchanged(raw), pytest.raises(kind, match=words):
        filter_genes(raw, **arguments)


def test_something_else_than_an_anndata():
    with pytest.raises(TypeError, match="Expected an AnnData, got ndarray"):
        filter_genes(np.ones((3, 3)))
