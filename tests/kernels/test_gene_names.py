"""Symbols beside ids: found, accepted and shown wherever a gene is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from tests.deprecations import no_warnings
from tests.fingerprint import unchanged
from tests.kernels.conftest import N_GENES, make_adata
from velowidget.data.annotations import read_annotation
from velowidget.data.gene_names import find_genes, gene_of, labels
from velowidget.data.velocity import MissingKeyError, read_velocity
from velowidget.kernels import VelocityKernel
from velowidget.pipeline import VelocityPipeline
from velowidget.widget import messages

pytestmark = no_warnings

IDS = [f"ENSMUSG{i:011d}" for i in range(N_GENES)]
SYMBOLS = ["Gcg", "Ins1", "Ins2", "Actb", "Gnas", "Sst", "Ppy", "Ghrl", "Iapp", "Pyy", "Chga", "Nnat"]


def of_var(*, index=IDS, **columns):
    adata = make_adata()
    adata.var = pd.DataFrame(
        {"velocity_genes": np.arange(N_GENES) < 11, **{name: list(values) for name, values in columns.items()}},
        index=list(index),
    )
    return adata


COLUMNS = [
    *("gene_symbols", "gene_symbol", "symbol", "Symbol", "feature_name", "gene_name", "gene_names", "gene_short_name"),
    *("GeneSymbol", "gene.symbol", "hgnc_symbol", "Gene Name"),
]


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("stored", [list, pd.Categorical, lambda v: pd.array(v, dtype="string")])
def test_a_symbol_is_understood_wherever_a_gene_is_named(column, stored):
    adata = of_var()
    adata.var[column] = stored(SYMBOLS)
    with unchanged(adata):
        for name in ("Ins1", IDS[1], "gene:Ins1", f"gene:{IDS[1]}"):
            found = read_annotation(adata, name)
            assert (found.key, found.source) == ("Ins1", "gene")
            np.testing.assert_array_equal(found.values, adata.X[:, 1])
        assert find_genes(adata, "ins", 10) == (["Ins1", "Ins2"], 0)
        np.testing.assert_array_equal(np.flatnonzero(read_velocity(adata, gene_subset=["Gcg", IDS[5]]).genes), [0, 5])


@pytest.mark.parametrize("column", ["gene_ids", "gene_id", "ensembl_id", "Ensembl", "feature_id"])
def test_an_id_beside_symbols_is_understood_too(column):
    adata = of_var(index=SYMBOLS, **{column: IDS})
    assert read_annotation(adata, IDS[1]).key == "Ins1"
    assert read_annotation(adata, "Ins1").key == "Ins1"
    assert find_genes(adata, "usg00000000001", 10) == ([IDS[1]], 0)
    assert find_genes(adata, "ins1", 10) == (["Ins1"], 0)
    assert read_velocity(adata, gene_subset=[IDS[3], "Gcg"]).genes.sum() == 2


def test_numbers_as_ids():
    adata = of_var(index=SYMBOLS, gene_id=range(100, 100 + N_GENES))
    assert read_annotation(adata, "103").key == "Actb"


def test_in_figures():
    ax = Figure().subplots()
    kernel = VelocityKernel(of_var(gene_symbols=SYMBOLS), gene_subset=SYMBOLS[:6])
    assert kernel.plot_projection(color="Ins1", honest=False, ax=ax).get_title().startswith("Ins1")
    assert kernel.plot_projection(color=IDS[2], honest=False, ax=ax).get_title().startswith("Ins2")


def test_in_the_widget():
    adata = of_var(gene_symbols=SYMBOLS)
    pipeline = VelocityPipeline(adata)
    pipeline.color = "Gcg"
    assert pipeline.color == "Gcg"
    assert messages.color(pipeline)[0]["key"] == "Gcg"
    pipeline.color = IDS[1]
    assert messages.color(pipeline)[0]["key"] == "Ins1"
    assert messages.matches(pipeline, "gcG", 10, None)[0]["genes"] == ["Gcg"]
    pipeline.cancel()


# Several genes of a symbol, and symbols that are names --------------------------------------------


@pytest.fixture
def shared():
    """Gcg and Ins2 are the symbols of several genes, Actb is the name of another, and some have none."""
    symbols = ["Gcg", "Gcg", "Ins2", "Actb", None, "", "Ppy", "Ghrl", "Ins2", "Ins2", "Chga", "Nnat"]
    names = list(IDS)
    names[10] = "Actb"
    return of_var(index=names, gene_symbols=symbols)


def test_labels_mean_one_gene_each(shared):
    with unchanged(shared):
        found = list(labels(shared))
        assert found == [
            *(f"Gcg ({IDS[0]})", f"Gcg ({IDS[1]})", f"Ins2 ({IDS[2]})", f"Actb ({IDS[3]})", IDS[4], IDS[5]),
            *("Ppy", "Ghrl", f"Ins2 ({IDS[8]})", f"Ins2 ({IDS[9]})", "Chga", "Nnat"),
        ]
        assert [gene_of(shared, label) for label in found] == list(range(N_GENES))
        assert [gene_of(shared, name) for name in shared.var_names] == list(range(N_GENES))


def test_a_symbol_of_several_genes_is_not_chosen_for_the_user(shared):
    with pytest.raises(ValueError, match=f"3 genes have the symbol 'Ins2': '{IDS[2]}', '{IDS[8]}', '{IDS[9]}'. Name"):
        read_annotation(shared, "Ins2")
    assert read_annotation(shared, f"Ins2 ({IDS[8]})").key == f"Ins2 ({IDS[8]})"
    assert read_annotation(shared, IDS[8]).key == f"Ins2 ({IDS[8]})"
    assert find_genes(shared, "ins2", 10)[0] == [f"Ins2 ({IDS[i]})" for i in (2, 8, 9)]


def test_a_subset_by_such_a_symbol_has_them_all(shared):
    np.testing.assert_array_equal(np.flatnonzero(read_velocity(shared, gene_subset=["Gcg", "Ppy"]).genes), [0, 1, 6])


def test_a_name_comes_before_a_symbol(shared):
    np.testing.assert_array_equal(read_annotation(shared, "Actb").values, shared.X[:, 10])
    np.testing.assert_array_equal(np.flatnonzero(read_velocity(shared, gene_subset=["Actb", "Ppy"]).genes), [6, 10])


def test_a_column_of_obs_comes_before_a_symbol(shared):
    shared.obs["Ppy"] = 1.0
    assert read_annotation(shared, "Ppy").source == "obs"
    assert read_annotation(shared, "gene:Ppy").source == "gene"


@pytest.mark.parametrize("name", ["", "nan", "None"])
def test_missing_symbols_are_no_names(shared, name):
    with pytest.raises(MissingKeyError):
        read_annotation(shared, f"gene:{name}")


def test_unknown_names_propose_symbols(shared):
    with pytest.raises(MissingKeyError, match="did you mean 'Ghrl'"):
        read_annotation(shared, "gene:Ghr")
    with pytest.warns(UserWarning, match=r"1 name not among the genes, 'Ghr1' for one; did you mean 'Ghrl'"):
        VelocityKernel(shared, gene_subset=["Ghr1", *IDS[:5]])


def test_the_first_of_several_columns_is_shown_and_all_are_understood():
    adata = of_var(feature_name=SYMBOLS, gene_symbols=[s.upper() for s in SYMBOLS], hgnc_symbol=["X"] * N_GENES)
    assert labels(adata)[0] == "GCG"
    assert read_annotation(adata, "Gcg").key == read_annotation(adata, "GCG").key == "GCG"


def test_other_columns_are_no_names():
    adata = of_var(chromosome=SYMBOLS, name_of_file=SYMBOLS)
    assert list(labels(adata)) == IDS
    with pytest.raises(MissingKeyError):
        read_annotation(adata, "Gcg")


def test_find_genes():
    adata = of_var(index=["Actb", "CTLA4", "Fact2", "ACTA1", *(f"gene{g}" for g in range(4, N_GENES))])
    assert find_genes(adata, "act", 10) == (["Actb", "ACTA1", "Fact2"], 0)
    assert find_genes(adata, "act", 2) == (["Actb", "ACTA1"], 1)
    assert find_genes(adata, "zzz", 2) == ([], 0)
    assert find_genes(adata, "", 3)[1] == N_GENES - 3


def test_a_search_by_either_name(shared):
    assert find_genes(shared, "pp", 10) == (["Ppy"], 0)
    assert find_genes(shared, IDS[6].lower(), 10) == ([IDS[6]], 0)
    assert find_genes(shared, "ensmusg", 3)[1] == N_GENES - 1 - 3
