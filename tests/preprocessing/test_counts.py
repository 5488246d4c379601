"""Counts: read as they are stored, told from other numbers, normalised, and left alone."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tests.fingerprint import unchanged
from tests.preprocessing.conftest import cell_and_gene, dense
from velowidget import filter_genes
from velowidget.preprocessing.counts import holds_counts, normalized, read_layer, totals

pytestmark = [pytest.mark.filterwarnings("error::UserWarning"), pytest.mark.filterwarnings("error::RuntimeWarning")]

STORED = {
    "CSC": sp.csc_matrix,
    "sparse array": sp.csr_array,
    "dense": lambda m: m.toarray(),
    "integers": lambda m: m.astype(np.int64),
    "small integers": lambda m: m.toarray().astype(np.uint16),
    "float64": lambda m: m.astype(np.float64),
    "Fortran order": lambda m: np.asfortranarray(m.toarray()),
    "masked": lambda m: np.ma.masked_array(m.toarray(), mask=False),
    "entries twice and unsorted": lambda m: twice(m),
}


def twice(matrix):
    """The same matrix, with each entry stored as two halves in descending order."""
    indptr = 2 * matrix.indptr
    indices, data = np.repeat(matrix.indices, 2), np.repeat(matrix.data / 2, 2)
    for a, b in pairwise(indptr):
        indices[a:b], data[a:b] = indices[a:b][::-1].copy(), data[a:b][::-1].copy()
    return sp.csr_matrix((data, indices, indptr), shape=matrix.shape)


@pytest.mark.parametrize("kind", STORED)
def test_a_layer_is_read_however_it_is_stored(raw, kind):
    expected = dense(raw.layers["spliced"])
    stored = STORED[kind](raw.layers["spliced"])
    raw._layers["spliced"] = stored  # past what AnnData may convert
    with unchanged(raw):
        values = read_layer(raw, "spliced")
    assert values.has_canonical_format
    assert values.dtype in (np.float32, np.float64)
    np.testing.assert_array_equal(dense(values), expected)


def test_a_layer_of_coordinates_is_read(raw):
    expected = dense(raw.layers["spliced"])
    raw._layers["spliced"] = raw.layers["spliced"].tocoo()
    try:
        _ = raw.layers["spliced"]
    except ValueError as refused:
        pytest.skip(f"this AnnData gives out no such layer: {refused}")
    np.testing.assert_array_equal(dense(read_layer(raw, "spliced")), expected)


def test_a_float_layer_is_not_copied(raw):
    assert np.shares_memory(read_layer(raw, "spliced").data, raw.layers["spliced"].data)


def test_a_layer_is_read_from_a_file(raw, tmp_path):
    import anndata as ad

    raw.write_h5ad(tmp_path / "a.h5ad")
    backed = ad.read_h5ad(tmp_path / "a.h5ad", backed="r")
    np.testing.assert_array_equal(dense(read_layer(backed, "spliced")), dense(raw.layers["spliced"]))
    backed.file.close()


def test_counts_come_to_the_median_size(raw):
    counts = dense(raw.layers["spliced"])
    sizes = counts.sum(axis=1)
    with unchanged(raw):
        scaled = dense(normalized(raw, "spliced"))
    np.testing.assert_allclose(scaled, counts * (np.median(sizes) / sizes)[:, None], rtol=1e-6)


def test_sizes_noted_before_genes_were_dropped_are_used(raw):
    expected, names = dense(normalized(raw, "unspliced")), raw.var_names
    filter_genes(raw, min_shared_counts=150)
    part = raw[:, ::2].copy()
    kept = np.isin(names, part.var_names)
    np.testing.assert_allclose(dense(normalized(part, "unspliced")), expected[:, kept], rtol=1e-6)


def test_normalised_numbers_are_left_as_they_are(raw):
    raw.layers["spliced"] = normalized(raw, "spliced")
    again = normalized(raw, "spliced")
    np.testing.assert_array_equal(dense(again), dense(raw.layers["spliced"]))


def test_counts_are_told_from_normalised_numbers(raw):
    counts = raw.layers["spliced"]
    assert holds_counts(counts)
    shared_out = counts.copy()  # some reads go to two genes, half each
    shared_out.data[::5] += 0.5
    assert holds_counts(shared_out)
    assert not holds_counts(normalized(raw, "spliced"))
    assert not holds_counts(counts * 0.37)


def test_an_empty_cell_stays_empty(raw):
    values = raw.layers["spliced"].tolil()
    values[7] = 0
    raw.layers["spliced"] = values.tocsr()
    scaled = dense(normalized(raw, "spliced"))
    assert np.isfinite(scaled).all()
    assert not scaled[7].any()


# Counts that are none ---------------------------------------------------------------------------------------------


def drop(adata, layer):
    del adata.layers[layer]


def rename(adata, layer, name):
    adata.layers[name] = adata.layers.pop(layer)


def force(adata, layer, value):
    """Put a value where AnnData would not take it, as a file written by hand may."""
    adata._layers[layer] = value


def damaged(matrix):
    matrix = matrix.copy()
    matrix.indices[10] = 10**6
    return matrix


def scaled_logarithms(adata):
    adata.layers["spliced"] = normalized(adata, "spliced").log1p()


PROBLEMS = {
    "no unspliced": (
        lambda a: drop(a, "unspliced"),
        KeyError,
        ["no 'unspliced'", "velocyto", "alevin-fry", "STARsolo"],
    ),
    "another name": (lambda a: rename(a, "unspliced", "Unspliced"), KeyError, ["did you mean 'Unspliced'?"]),
    "spelled otherwise": (lambda a: rename(a, "spliced", "splicd"), KeyError, ["did you mean 'splicd'?"]),
    "no layers": (lambda a: [drop(a, k) for k in list(a.layers)], KeyError, ["no 'spliced'", "there are none"]),
    "another shape": (lambda a: force(a, "spliced", np.ones((3, 4))), ValueError, ["(3, 4)", "(200, 60)"]),
    "another shape, sparse": (lambda a: force(a, "unspliced", sp.eye(5, format="csr")), ValueError, ["(5, 5)"]),
    "damaged": (lambda a: force(a, "spliced", damaged(a.layers["spliced"])), ValueError, ["damaged"]),
    "damaged CSC": (lambda a: force(a, "spliced", damaged(a.layers["spliced"].tocsc())), ValueError, ["damaged"]),
    "text": (lambda a: force(a, "spliced", np.full((200, 60), "1")), TypeError, ["not real numbers"]),
    "objects": (lambda a: force(a, "spliced", np.full((200, 60), 1, dtype=object)), TypeError, ["object"]),
    "complex": (lambda a: force(a, "spliced", a.layers["spliced"].astype(complex)), TypeError, ["complex"]),
    "negative": (lambda a: cell_and_gene(a, "spliced", -1), ValueError, ["negative in 1 place", "{cell}", "{gene}"]),
    "NaN": (lambda a: cell_and_gene(a, "unspliced", np.nan), ValueError, ["NaN or infinite", "{cell}", "{gene}"]),
    "infinite": (lambda a: cell_and_gene(a, "unspliced", np.inf), ValueError, ["NaN or infinite", "{cell}", "{gene}"]),
    "zero": (
        lambda a: force(a, "unspliced", 0 * a.layers["unspliced"]),
        ValueError,
        ["'unspliced' is zero everywhere"],
    ),
    "logarithms": (lambda a: force(a, "spliced", a.layers["spliced"].log1p()), ValueError, ["logarithms", "expm1"]),
    "logarithms of normalised counts": (scaled_logarithms, ValueError, ["logarithms", "expm1"]),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_is_no_counts_is_one_error_and_nothing_changes(connected, problem):
    from velowidget import moments, velocity

    spoil, kind, words = PROBLEMS[problem]
    spoil(connected)
    names = {"cell": str(connected.obs_names[3]), "gene": str(connected.var_names[5])}
    for call in (filter_genes, moments, velocity):
        before = {k: id(v) for k, v in connected._layers.items()}
        columns = [*connected.obs, *connected.var, *connected.uns, *connected.obsm]
        with pytest.raises(kind) as caught:
            call(connected)
        for word in words:
            assert word.format(**names) in str(caught.value)
        assert {k: id(v) for k, v in connected._layers.items()} == before
        assert [*connected.obs, *connected.var, *connected.uns, *connected.obsm] == columns


@pytest.mark.parametrize("sizes", [np.nan, -1, 0, "many"])
def test_a_column_of_sizes_that_is_none(connected, sizes):
    from velowidget import moments

    noted = totals(read_layer(connected, "spliced")).astype(object)
    noted[4] = sizes
    connected.obs["initial_size_spliced"] = pd.Series(noted, index=connected.obs_names)
    with pytest.raises(ValueError, match=f"no size of 1 cell that have counts: '{connected.obs_names[4]}'"):
        moments(connected)
