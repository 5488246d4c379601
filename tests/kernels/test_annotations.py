"""Embeddings, columns and genes as files hold them."""

from __future__ import annotations

import warnings

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from tests.deprecations import no_warnings
from tests.fingerprint import unchanged
from tests.kernels.conftest import N_CELLS, N_GENES
from velowidget.data.annotations import (
    CategoricalAnnotation,
    ContinuousAnnotation,
    columns,
    default_column,
    read_annotation,
)
from velowidget.data.velocity import MissingKeyError

pytestmark = no_warnings

EVEN = np.arange(N_CELLS) % 2 == 0


def of_obs(adata, values, name="column"):
    adata.obs[name] = values
    with unchanged(adata):
        return read_annotation(adata, name)


# Columns ------------------------------------------------------------------------------------------


def test_columns_that_can_colour(adata):
    adata.obs["many"] = [f"barcode{i}" for i in range(N_CELLS)]
    adata.obs["lists"] = [[i] for i in range(N_CELLS)]
    adata.obs["complex"] = np.zeros(N_CELLS, complex)
    adata.obs[7] = 1.0
    adata.obs = pd.concat([adata.obs, adata.obs[["time"]]], axis=1)
    with unchanged(adata):
        assert columns(adata) == ["clusters", "many"]


def test_too_many_categories_cannot_colour():
    names = [f"b{i}" for i in range(10_001)]
    adata = ad.AnnData(obs=pd.DataFrame({"barcode": names}, index=map(str, range(10_001))))
    assert columns(adata) == []
    assert default_column(adata) is None
    with pytest.raises(ValueError, match=r"adata\.obs\['barcode'\] cannot colour cells: .* 10,000 categories"):
        read_annotation(adata, "barcode")
    adata.obs.loc["10000", "barcode"] = "b0"
    assert columns(adata) == ["barcode"]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["time", "leiden", "clusters"], "clusters"),
        (["time", "batch", "leiden"], "leiden"),
        (["time", "batch"], "batch"),
        (["time"], "time"),
        ([], None),
    ],
)
def test_default_column(names, expected):
    values = {"time": np.arange(60.0), "batch": ["a", "b"] * 30, "leiden": ["0", "1"] * 30, "clusters": ["x"] * 60}
    obs = pd.DataFrame({name: values[name] for name in names}, index=[f"c{i}" for i in range(60)])
    assert default_column(ad.AnnData(obs=obs)) == expected


def test_default_column_has_few_categories():
    obs = pd.DataFrame({"barcode": [f"b{i}" for i in range(60)], "batch": ["a", "b"] * 30}, index=map(str, range(60)))
    assert default_column(ad.AnnData(obs=obs)) == "batch"
    assert default_column(ad.AnnData(obs=obs[["barcode"]])) == "barcode"
    assert default_column(ad.AnnData(obs=obs[["barcode"]].assign(time=np.arange(60.0)))) == "time"


def test_categories(adata):
    with unchanged(adata):
        found = read_annotation(adata, "clusters")
    assert isinstance(found, CategoricalAnnotation)
    assert (found.key, found.source) == ("clusters", "obs")
    assert found.categories == ("early", "late", "middle")
    assert found.codes.dtype == np.int32
    np.testing.assert_array_equal(found.codes[:3], [0, 2, 1])
    assert found.stored_colors == ("#111111", "#222222", "#333333")


def test_missing_and_unused_categories(adata):
    found = of_obs(adata, pd.Categorical(["b", None] * 15, categories=["c", "b", "a"]))
    assert found.categories == ("c", "b", "a")
    np.testing.assert_array_equal(found.codes[:2], [1, -1])


@pytest.mark.parametrize(
    ("values", "categories", "first"),
    [
        (EVEN, ("False", "True"), 1),
        (pd.array([True, None] * 15, dtype="boolean"), ("True",), 0),
        (["b", "a"] * 15, ("a", "b"), 1),
        (np.array(["b", np.nan] * 15, dtype=object), ("b",), 0),
        (pd.array(["b", None] * 15, dtype="string"), ("b",), 0),
        (np.array([1, "a"] * 15, dtype=object), ("1", "a"), 0),
        (np.array([True, None] * 15, dtype=object), ("True",), 0),
        (pd.Categorical([2, 10] * 15), ("2", "10"), 0),
        (pd.to_datetime(["2020-01-02", "2020-01-01"] * 15), ("2020-01-01 00:00:00", "2020-01-02 00:00:00"), 1),
        (["<script>alert(1)</script>", 'ü "quoted" \''] * 15, ("<script>alert(1)</script>", 'ü "quoted" \''), 0),
    ],
    ids=["bool", "nullable bool", "str", "str, NaN", "string", "mixed", "bool, None", "numbers", "dates", "markup"],
)
def test_what_becomes_categories(adata, values, categories, first):
    found = of_obs(adata, values)
    assert isinstance(found, CategoricalAnnotation)
    assert found.categories == categories
    assert found.codes[0] == first
    second_is_missing = len(categories) == 1
    assert (found.codes[1] == -1) == second_is_missing


@pytest.mark.parametrize(
    ("values", "second"),
    [
        ([3, 7] * 15, 7.0),
        (np.array([3, 7] * 15, dtype=np.uint8), 7.0),
        (np.array([3, 7] * 15, dtype=np.float16), 7.0),
        (np.array([3, 7] * 15, dtype=np.longdouble), 7.0),
        (np.array([3, np.longdouble(10) ** 400] * 15), np.nan),
        (pd.array([3, None] * 15, dtype="Int64"), np.nan),
        (pd.array([3, None] * 15, dtype="Float32"), np.nan),
        ([3, np.nan] * 15, np.nan),
        ([3, np.inf] * 15, np.nan),
        ([3, -np.inf] * 15, np.nan),
    ],
)
def test_numbers(adata, values, second):
    found = of_obs(adata, values)
    assert isinstance(found, ContinuousAnnotation)
    assert (found.key, found.source) == ("column", "obs")
    assert found.values.dtype == np.float64
    np.testing.assert_array_equal(found.values[:2], [3.0, second])


def test_no_stored_colors(adata):
    del adata.uns["clusters_colors"]
    assert read_annotation(adata, "clusters").stored_colors is None


def test_duplicated_columns(adata):
    adata.obs = pd.concat([adata.obs, adata.obs[["time"]]], axis=1)
    with pytest.raises(ValueError, match=r"adata\.obs has several columns called 'time'; rename all but one"):
        read_annotation(adata, "time")


@pytest.mark.parametrize(
    ("values", "dtype"), [([[i] for i in range(N_CELLS)], "object"), (np.zeros(N_CELLS, complex), "complex128")]
)
def test_columns_of_no_use(adata, values, dtype):
    with pytest.raises(ValueError, match=rf"adata\.obs\['column'\] cannot colour cells: its {dtype} values"):
        of_obs(adata, values)


# Genes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_matrix, sp.csc_array, np.asfortranarray])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, bool])
def test_gene(adata, kind, dtype):
    values = np.asarray(adata.X).astype(dtype)
    adata.X = kind(values)
    with unchanged(adata):
        found = read_annotation(adata, "gene3")
    assert isinstance(found, ContinuousAnnotation)
    assert (found.key, found.source) == ("gene3", "gene")
    assert found.values.dtype == np.float64
    np.testing.assert_array_equal(found.values, values[:, 3])


def test_gene_with_nan_and_inf(adata):
    adata.X[:2, 3] = np.nan, np.inf
    found = read_annotation(adata, "gene3")
    assert np.isnan(found.values[:2]).all()
    np.testing.assert_array_equal(found.values[2:], adata.X[2:, 3])


@pytest.mark.parametrize("layer", ["Ms", "spliced"])
def test_gene_without_x(adata, layer):
    adata.X = None
    values = adata.layers["Ms"] + 1
    del adata.layers["Ms"]
    adata.layers[layer] = values
    np.testing.assert_array_equal(read_annotation(adata, "gene3").values, values[:, 3])


def test_no_expression_at_all(adata):
    adata.X = None
    del adata.layers["Ms"]
    with pytest.raises(MissingKeyError, match=r"No expression to show for gene 'gene3': adata\.X is empty.*'Ms'"):
        read_annotation(adata, "gene3")


def test_complex_expression(adata):
    adata.X = adata.X.astype(complex)
    with pytest.raises(TypeError, match=r"expression in adata\.X holds complex128 values"):
        read_annotation(adata, "gene3")


@pytest.mark.parametrize("sparse", [False, True])
def test_gene_in_a_file(adata, tmp_path, sparse):
    expected = read_annotation(adata, "gene3").values
    adata.X = sp.csr_matrix(adata.X) if sparse else adata.X
    adata.write_h5ad(tmp_path / "file.h5ad")
    backed = ad.read_h5ad(tmp_path / "file.h5ad", backed="r")
    np.testing.assert_array_equal(read_annotation(backed, "gene3").values, expected)
    backed.file.close()


def test_duplicated_genes(adata):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        adata.var_names = ["same", "same", *(f"gene{g}" for g in range(2, N_GENES))]
        with pytest.raises(ValueError, match=r"2 genes are called 'same'; .*adata\.var_names_make_unique\(\)"):
            read_annotation(adata, "same")


# Names --------------------------------------------------------------------------------------------


def test_a_column_comes_before_a_gene_and_prefixes_decide(adata):
    adata.obs["gene3"] = np.arange(N_CELLS)
    assert read_annotation(adata, "gene3").source == "obs"
    assert read_annotation(adata, "obs:gene3").source == "obs"
    found = read_annotation(adata, "gene:gene3")
    assert (found.key, found.source) == ("gene3", "gene")


def test_names_with_colons(adata):
    assert of_obs(adata, EVEN, "a:b").key == "a:b"
    assert of_obs(adata, EVEN, "gene:gene3").source == "obs"
    assert read_annotation(adata, "obs:a:b").key == "a:b"


@pytest.mark.parametrize(
    ("color", "message"),
    [
        ("Clusters", "neither a column of adata.obs nor a gene is called 'Clusters'; did you mean 'clusters'?"),
        ("gene33", "did you mean 'gene3'?"),
        ("obs:gene3", "adata.obs has no column 'gene3'; there are 'clusters', 'time'."),
        ("gene:clusters", "adata.var_names has no gene 'clusters'"),
        ("gene:Gene3", "did you mean 'gene3'?"),
    ],
)
def test_unknown_names(adata, color, message):
    with pytest.raises(MissingKeyError) as caught:
        read_annotation(adata, color)
    assert str(caught.value).startswith("Nothing to colour by: ")
    assert message in str(caught.value)
