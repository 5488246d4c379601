"""Which genes are in use: all, or those with the largest values of a column."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.deprecations import no_warnings
from tests.kernels.conftest import N_GENES
from velowidget.data.genes import gene_mask, plain_subset
from velowidget.data.velocity import read_velocity
from velowidget.kernels import VelocityKernel

pytestmark = no_warnings


def chosen(adata, subset):
    """Positions of the genes in use."""
    return np.flatnonzero(gene_mask(adata, "velocity", subset)[0]).tolist()


def test_all_genes_whatever_the_velocity_genes_are(adata):
    assert chosen(adata, None) == list(range(11))
    assert chosen(adata, "all") == list(range(N_GENES))
    assert read_velocity(adata, gene_subset="all").v.shape[1] == N_GENES


def test_a_column_called_all_is_a_column(adata):
    adata.var["all"] = np.arange(N_GENES) < 3
    assert chosen(adata, "all") == [0, 1, 2]


RANKED = {
    "floats": np.array([0.1, 5, 3, 4, 0, 0, 9, 0, 0, 0, 0, 2]),
    "float32": np.array([0.1, 5, 3, 4, 0, 0, 9, 0, 0, 0, 0, 2], dtype=np.float32),
    "whole numbers": np.array([0, 5, 3, 4, 0, 0, 9, 0, 0, 0, 0, 2]),
    "negative numbers": np.array([-9, -1, -3, -2, -9, -9, -0.5, -9, -9, -9, -9, -9]),
    "with gaps": np.array([np.nan, 5, 3, 4, np.nan, 0, 9, 0, 0, 0, 0, np.nan]),
    "of pandas, with gaps": pd.array([None, 5, 3, 4, None, 0, 9, 0, 0, 0, 0, None], dtype="Int64"),
    "infinite": np.array([0, 5, 3, 4, -np.inf, 0, np.inf, 0, 0, 0, 0, 0]),
}


@pytest.mark.parametrize("kind", RANKED)
def test_the_genes_with_the_largest_values(adata, kind):
    adata.var["fit_likelihood"] = RANKED[kind]
    assert chosen(adata, {"fit_likelihood": 4}) == [1, 2, 3, 6]


def test_of_equal_values_the_first_genes(adata):
    adata.var["rank"] = [1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2]
    assert chosen(adata, {"rank": 3}) == [1, 3, 5]
    assert chosen(adata, {"rank": np.int64(8)}) == [0, 1, 2, 3, 5, 7, 9, 11]


def test_more_genes_than_have_a_value(adata):
    adata.var["velocity_r2"] = np.where(np.arange(N_GENES) < 5, 1.0, np.nan)
    mask, notes = gene_mask(adata, "velocity", {"velocity_r2": 8})
    assert np.flatnonzero(mask).tolist() == [0, 1, 2, 3, 4]
    assert notes == ["gene_subset: adata.var['velocity_r2'] has a number for 5 genes only, all in use."]
    assert gene_mask(adata, "velocity", {"velocity_r2": 5})[1] == []


def test_a_kernel_of_the_best_genes_is_one_of_their_names(adata):
    adata.var["fit_likelihood"] = np.arange(N_GENES)[::-1] % 7
    names = adata.var_names[chosen(adata, {"fit_likelihood": 6})]
    ranked, named = (VelocityKernel(adata, gene_subset=s).transition_matrix for s in ({"fit_likelihood": 6}, names))
    np.testing.assert_array_equal(ranked.toarray(), named.toarray())


@pytest.mark.parametrize(
    ("subset", "error", "words"),
    [
        ({"a": 1, "b": 2}, TypeError, ["one column of adata.var and how many genes"]),
        ({1: 2}, TypeError, ["one column of adata.var"]),
        ({"velocity_r2": 0}, ValueError, ["number of genes by 'velocity_r2'", "at least 1"]),
        ({"velocity_r2": 2.5}, TypeError, ["number of genes by 'velocity_r2'", "2.5"]),
        ({"velocity_r2": True}, TypeError, ["whole number"]),
        ({"velocity_r3": 5}, KeyError, ["no column 'velocity_r3'", "did you mean 'velocity_r2'?", "numeric column"]),
        ({"fit_likelihood": 5}, KeyError, ["no column 'fit_likelihood'", "scvelo.tl.recover_dynamics(adata)"]),
        ("highly_variable", KeyError, ["no column", "scanpy.pp.highly_variable_genes(adata)", "boolean column"]),
        ({"name": 5}, TypeError, ["adata.var['name'] holds", "not numbers to rank genes by"]),
        ({"empty": 5}, ValueError, ["No gene is left", "{'empty': 5}"]),
    ],
)
def test_ranks_of_no_use(adata, subset, error, words):
    adata.var["velocity_r2"] = np.linspace(0, 1, N_GENES)
    adata.var["name"] = "a"
    adata.var["empty"] = np.nan
    with pytest.raises(error) as caught:
        VelocityKernel(adata, gene_subset=subset)
    for word in words:
        assert word in str(caught.value)


def test_two_columns_of_one_name(adata):
    adata.var = pd.concat(
        [adata.var, pd.DataFrame({"r": 1.0}, adata.var_names), pd.DataFrame({"r": 2.0}, adata.var_names)], axis=1
    )
    with pytest.raises(ValueError, match="several columns called 'r'"):
        VelocityKernel(adata, gene_subset={"r": 3})


# As values that JSON has --------------------------------------------------------------------------

NAMES = [f"gene{g}" for g in range(3)]
PLAIN = {
    "nothing": (None, None),
    "all": ("all", "all"),
    "a column": ("velocity_genes", "velocity_genes"),
    "ranks": ({"r": np.int64(3)}, {"r": 3}),
    "names": (NAMES, NAMES),
    "an index": (pd.Index(NAMES), NAMES),
    "a dict of names": (dict.fromkeys(NAMES), NAMES),
    "the mask of the velocity genes": (np.arange(N_GENES) < 11, None),
    "the mask of all": (np.ones(N_GENES, dtype=bool), "all"),
    "a mask": (np.arange(N_GENES) < 3, NAMES),
    "a list of booleans": ([g < 3 for g in range(N_GENES)], NAMES),
    "a series": (pd.Series(np.arange(N_GENES) < 3, [f"gene{g}" for g in range(N_GENES)]), NAMES),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_each_form_as_a_plain_one(adata, kind):
    adata.var["r"] = np.arange(N_GENES)
    subset, expected = PLAIN[kind]
    plain = plain_subset(adata, "velocity", subset)
    assert plain == expected
    assert json.loads(json.dumps(plain)) == expected
    np.testing.assert_array_equal(*(gene_mask(adata, "velocity", s)[0] for s in (subset, plain)))


def test_a_mask_over_genes_of_one_name(adata):
    adata.var_names = ["twin", "twin", *adata.var_names[2:]]
    mask = np.arange(N_GENES) == 1
    plain = plain_subset(adata, "velocity", mask)
    assert plain == mask.tolist()
    np.testing.assert_array_equal(gene_mask(adata, "velocity", plain)[0], mask)
