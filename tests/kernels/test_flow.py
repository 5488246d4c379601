"""Flow tables: CellRank's numbers, a slow reference, directions that are known, and input that is wrong."""

from __future__ import annotations

import os
from itertools import pairwise, product
from pathlib import Path

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from velowidget import datasets
from velowidget.data.groups import read_cells, read_times
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel

SHARED = Path(__file__).resolve().parents[3] / "shared"
FLOW, DATA = SHARED / "reference" / "pancreas-cellrank-flow.csv", SHARED / "data" / "pancreas.h5ad"
needs_reference = pytest.mark.skipif(
    not (FLOW.exists() and DATA.exists()) and os.environ.get("CI") != "true",
    reason=f"needs the reference {FLOW}, which is not in git",
)


@pytest.fixture(scope="module")
def pancreas():
    return VelocityKernel(ad.read_h5ad(DATA)).compute_transition_matrix()


@needs_reference
def test_single_flow_is_cellranks(pancreas):
    theirs = pd.read_csv(FLOW, index_col=["time", "source"])
    everything = pancreas.flow(time_key="day")
    for (time, source), row in theirs.iterrows():
        ours = pancreas.flow(source, "clusters", "day").loc[time]
        assert list(ours.index) == list(row.index)
        assert np.abs(ours - row).max() <= 1e-9
        assert np.abs(everything.loc[time, source] - row).max() <= 1e-9


@needs_reference
def test_proportions_are_cellranks(pancreas):
    theirs = pd.read_csv(FLOW.with_name("pancreas-cellrank-contingency.csv"), index_col="clusters")
    cells = read_cells(pancreas.adata, time_key="day")
    assert list(cells.names) == list(theirs.index)
    assert np.abs(cells.groups.proportions.T - theirs.to_numpy()).max() <= 1e-9


N, NAMES = 60, ["b", "a", "d", "c"]


def make(times, seed=0):
    """A random chain of cells in four clusters; `times` has one of each cell."""
    rng = np.random.default_rng(seed)
    obs = pd.DataFrame(
        {"clusters": pd.Categorical.from_codes(rng.integers(0, 4, N), NAMES), "time": times},
        index=[f"cell{i}" for i in range(N)],
    )
    matrix = rng.gamma(0.3, size=(N, N)) * (rng.random((N, N)) < 0.3) + np.eye(N) * 1e-3
    return PrecomputedKernel(matrix, ad.AnnData(np.zeros((N, 1), np.float32), obs=obs))


def numbers(seed=0):
    return np.random.default_rng(seed + 100).choice([12.5, 3.0, 7.0, 20.0], N)


def slow_flow(kernel, source, times, targets):
    matrix, clusters = kernel.transition_matrix.toarray(), kernel.adata.obs["clusters"].astype(str).to_numpy()
    at = kernel.adata.obs["time"].astype(float).to_numpy()
    rows = {}
    for now, then in pairwise(times):
        mass = dict.fromkeys(targets, 0.0)
        for i, j in product(range(N), repeat=2):
            if at[i] == now and at[j] == then and clusters[i] == source and clusters[j] in targets:
                mass[clusters[j]] += matrix[i, j]
        total = sum(mass.values())
        rows[now] = {target: m / total if total else 0.0 for target, m in mass.items()}
    return pd.DataFrame(rows).T


FORMS = {
    "numbers": lambda t: t,
    "integers": lambda t: (2 * t).astype(int) / 2,
    "text": lambda t: pd.Series(t).astype(str).to_numpy(),
    "descending categories": lambda t: pd.Categorical(t, [20.0, 12.5, 7.0, 3.0], ordered=True),
    "shuffled text categories": lambda t: pd.Categorical(t.astype(str), ["7.0", "20.0", "3.0", "12.5"]),
}


@pytest.mark.parametrize("form", FORMS)
def test_times_count_in_ascending_order_whatever_they_are_stored_as(form):
    kernel = make(FORMS[form](numbers()))
    table = kernel.flow("a", time_key="time")
    assert table.index.tolist() == [3.0, 7.0, 12.5]
    assert table.index.name == "time"
    assert table.columns.tolist() == NAMES
    pd.testing.assert_frame_equal(
        table, slow_flow(kernel, "a", [3.0, 7.0, 12.5, 20.0], NAMES), check_names=False, rtol=1e-12
    )


@pytest.mark.parametrize("points", [[20.0, 3.0], ["20.0", "3.0"], [3, 20, 20], np.array([3.0, 20.0])])
def test_time_points_pass_over_the_times_between(points):
    kernel = make(FORMS["shuffled text categories"](numbers()))
    table = kernel.flow("b", time_key="time", time_points=points)
    expected = slow_flow(kernel, "b", [3.0, 20.0], NAMES)
    pd.testing.assert_frame_equal(table, expected, check_names=False, rtol=1e-12)


def test_clusters_restrict_the_flow_and_its_mass():
    kernel = make(numbers())
    table = kernel.flow("a", time_key="time", clusters=["c", "b"])
    assert table.columns.tolist() == ["b", "a", "c"]
    expected = slow_flow(kernel, "a", [3.0, 7.0, 12.5, 20.0], ["b", "a", "c"])
    pd.testing.assert_frame_equal(table, expected, check_names=False, rtol=1e-12)


def test_a_time_that_loses_its_cells_is_passed_over():
    times = numbers()
    kernel = make(times)
    times[(kernel.adata.obs["clusters"].isin(["a", "b"])) & (times == 7.0)] = 12.5
    kernel.adata.obs["time"] = times
    assert kernel.flow("a", time_key="time").index.tolist() == [3.0, 7.0, 12.5]
    assert kernel.flow("a", time_key="time", clusters=["b"]).index.tolist() == [3.0, 12.5]


def test_all_clusters_over_time_have_two_levels():
    kernel = make(numbers())
    table = kernel.flow(time_key="time")
    assert table.index.names == ["time", "source"]
    for name in NAMES:
        one = kernel.flow(name, time_key="time")
        assert np.allclose(table.xs(name, level="source"), one)


def test_without_time_all_mass_is_accounted_for():
    kernel = make(numbers())
    table = kernel.flow()
    matrix, clusters = kernel.transition_matrix.toarray(), kernel.adata.obs["clusters"]
    for a, b in product(NAMES, NAMES):
        mass = matrix[np.ix_(clusters == a, clusters == b)].sum()
        assert table.loc[a, b] == pytest.approx(mass / (clusters == a).sum(), rel=1e-12)
    assert np.allclose(table.sum(axis=1), 1, atol=1e-12)
    pd.testing.assert_frame_equal(kernel.flow("d"), table.loc[["d"]])


def test_nothing_is_changed():
    kernel = make(FORMS["shuffled text categories"](numbers()))
    before, uns = kernel.adata.obs.copy(), dict(kernel.adata.uns)
    kernel.flow_null("a", time_key="time", n_permutations=2)
    kernel.plot_single_flow("a", "clusters", "time")
    pd.testing.assert_frame_equal(kernel.adata.obs, before)
    assert kernel.adata.uns == uns


def test_a_cluster_that_is_absent_has_no_flow():
    times = numbers()
    kernel = make(times)
    kernel.adata.obs.loc[(kernel.adata.obs["clusters"] == "a") & (times == 7.0), "clusters"] = "b"
    table = kernel.flow("a", time_key="time")
    assert (table.loc[7.0] == 0).all()
    assert (table.loc[3.0, "a"]) == 0
    assert table.loc[12.5].sum() == pytest.approx(1)


def test_cells_without_a_cluster_are_left_out_and_empty_categories_stay():
    kernel = make(numbers())
    clusters = kernel.adata.obs["clusters"].cat.add_categories("none")
    clusters.iloc[:20] = None
    kernel.adata.obs["clusters"] = clusters
    table = kernel.flow()
    assert (table["none"] == 0).all()
    assert (table.loc["none"] == 0).all()
    assert np.allclose(table.drop("none").sum(axis=1), 1)
    assert "none" not in set(kernel.flow_null(n_permutations=1)["source"])


@pytest.mark.parametrize("convert", [lambda c: c.astype(str), lambda c: c == "a"])
def test_text_and_booleans_are_clusters(convert):
    kernel = make(numbers())
    kernel.adata.obs["other"] = convert(kernel.adata.obs["clusters"])
    table = kernel.flow(cluster_key="other")
    assert [str(c) for c in table.columns] == sorted(set(kernel.adata.obs["other"].astype(str)))
    assert np.allclose(table.sum(axis=1), 1)


def test_numbered_clusters_are_found_by_number_and_by_text():
    kernel = make(numbers())
    kernel.adata.obs["leiden"] = kernel.adata.obs["clusters"].cat.codes.astype("category")
    pd.testing.assert_frame_equal(kernel.flow(2, "leiden"), kernel.flow("2", "leiden"))


def test_continuous_time_in_bins():
    kernel = make(np.random.default_rng(5).uniform(0, 10, N))
    kernel.adata.obs["bin"] = pd.cut(kernel.adata.obs["time"], [0, 2, 5, 10])
    assert kernel.flow("a", time_key="bin").index.tolist() == [1.0, 3.5]
    by_hand = kernel.adata.obs["time"].map(lambda t: 1.0 if t <= 2 else 3.5 if t <= 5 else 7.5)
    kernel.adata.obs["middle"] = by_hand
    ours, expected = kernel.flow("a", time_key="bin"), kernel.flow("a", time_key="middle")
    pd.testing.assert_frame_equal(ours, expected, check_names=False)


def test_a_hundred_times_are_enough():
    kernel = make(np.arange(N))
    times, codes = read_times(kernel.adata, "time")
    assert times.tolist() == codes.tolist() == list(range(N))


TIMES = {
    "NaN": (np.where(np.arange(N) < 3, np.nan, 1.0), ValueError, "no time for 3 of 60 cells"),
    "one": (np.ones(N), ValueError, "at least two times"),
    "infinite": (np.where(np.arange(N) < 3, np.inf, 1.0), ValueError, "infinite"),
    "words": (np.where(np.arange(N) < 3, "E12", "E13"), TypeError, "holds no numbers.*'E12'"),
    "booleans": (np.arange(N) < 3, TypeError, "holds no numbers"),
    "dates": (pd.date_range("2020", periods=N), TypeError, "holds no numbers"),
}


@pytest.mark.parametrize("case", TIMES)
def test_times_that_are_none(case):
    times, error, words = TIMES[case]
    with pytest.raises(error, match=words):
        make(times).flow("a", time_key="time")


def test_two_hundred_times_are_to_be_binned():
    adata = ad.AnnData(
        np.zeros((200, 1), np.float32),
        obs=pd.DataFrame({"time": np.arange(200.0)}, index=[f"cell{i}" for i in range(200)]),
    )
    with pytest.raises(ValueError, match=r"200 different values.*pandas\.cut"):
        read_times(adata, "time")


ARGUMENTS = {
    "unknown cluster": ({"cluster": "A"}, ValueError, "no cluster 'A'; did you mean 'a'"),
    "unknown target": ({"clusters": ["a", "z"]}, ValueError, "no cluster 'z'"),
    "clusters as text": ({"clusters": "a"}, TypeError, "must be a list"),
    "one cluster": ({"cluster": "a", "clusters": []}, ValueError, "at least two clusters"),
    "unknown column": ({"cluster_key": "cluster"}, KeyError, "did you mean 'clusters'"),
    "numbers as clusters": ({"cluster_key": "time"}, TypeError, r"astype\('category'\)"),
    "unknown time column": ({"time_key": "tmie"}, KeyError, "did you mean 'time'"),
    "points without a key": ({"time_points": [3.0, 7.0]}, ValueError, "without a time_key"),
    "unknown point": ({"time_key": "time", "time_points": [3.0, 8.0]}, ValueError, "no time 8.0; it has 3, 7"),
    "one point": ({"time_key": "time", "time_points": [3.0]}, ValueError, "at least two times, and there is one"),
    "points as text": ({"time_key": "time", "time_points": "3.0"}, TypeError, "must be a list"),
}


@pytest.mark.parametrize("case", ARGUMENTS)
@pytest.mark.parametrize("method", ["flow", "flow_null"])
def test_arguments_that_are_refused(case, method):
    arguments, error, words = ARGUMENTS[case]
    with pytest.raises(error, match=words):
        getattr(make(numbers()), method)(**arguments)


@pytest.mark.parametrize(("name", "value"), [("n_permutations", 0), ("n_permutations", 2.5), ("seed", -1)])
def test_null_arguments_that_are_refused(name, value):
    with pytest.raises((TypeError, ValueError), match=name):
        make(numbers()).flow_null(**{name: value})


def test_an_empty_source_is_refused():
    kernel = make(numbers())
    kernel.adata.obs["clusters"] = kernel.adata.obs["clusters"].cat.add_categories("none")
    with pytest.raises(ValueError, match=r"'none' .* has no cells"):
        kernel.flow("none")


def test_null_table_is_tidy_and_agrees_with_the_flow():
    kernel = make(numbers())
    table = kernel.flow_null(n_permutations=50, seed=3)
    assert table.columns.tolist() == ["source", "target", "flow", "expected", "ratio", "low", "high", "z"]
    wide = kernel.flow()
    assert all(row.flow == pytest.approx(wide.loc[row.source, row.target], rel=1e-12) for row in table.itertuples())
    assert np.allclose(table.groupby("source", observed=True)["expected"].sum(), 1)
    assert np.allclose(table["ratio"], table["flow"] / table["expected"])
    assert (table["low"] <= table["expected"]).all()
    assert (table["expected"] <= table["high"]).all()
    pd.testing.assert_frame_equal(table, kernel.flow_null(n_permutations=50, seed=3))
    assert not table["low"].equals(kernel.flow_null(n_permutations=50, seed=4)["low"])


def test_null_of_one_source_over_time_is_part_of_all():
    kernel = make(numbers())
    everything = kernel.flow_null(time_key="time", n_permutations=20)
    one = kernel.flow_null("c", time_key="time", n_permutations=20)
    assert one.columns[0] == "time"
    pd.testing.assert_frame_equal(one, everything[everything["source"] == "c"].reset_index(drop=True))


def test_connectivities_alone_point_nowhere(adata):
    uniform = adata.obsp["connectivities"].copy()
    uniform.data[:] = 1.0
    adata.obsp["connectivities"] = uniform
    kernel = ConnectivityKernel(adata).compute_transition_matrix(density_normalize=False)
    table = kernel.flow_null(n_permutations=5)
    assert np.allclose(table["ratio"], 1, rtol=1e-9)
    assert (table["z"] == 0).all()


def test_a_sum_is_compared_on_the_graph_of_all_its_parts(adata):
    velocity = VelocityKernel(adata).compute_transition_matrix()
    mixed = 0.8 * velocity + 0.2 * ConnectivityKernel(adata).compute_transition_matrix()
    assert np.allclose(mixed.flow(), 0.8 * velocity.flow() + 0.2 * mixed.kernels[1].flow(), atol=1e-12)
    assert np.allclose(mixed.flow_null(n_permutations=1)["expected"], velocity.flow_null(n_permutations=1)["expected"])


def test_true_edges_stand_out_from_the_null_and_their_reversals_below_it():
    for seed in range(2):
        adata = datasets.bifurcation(n_cells=2000, n_genes=300, seed=seed)
        kernel = VelocityKernel(adata).compute_transition_matrix()
        table = kernel.flow_null(n_permutations=1).set_index(["source", "target"])["z"]
        edges = [tuple(edge) for edge in adata.uns["simulation"]["edges"]]
        assert all(table[edge] > 3 for edge in edges)
        assert all(table[edge[::-1]] < -3 for edge in edges)
        bounded = {*edges, *(edge[::-1] for edge in edges)}
        assert {edge for edge in table.index if edge[0] != edge[1]} == bounded


@pytest.mark.parametrize("scheme", ["correlation", "cosine"])
def test_velocities_without_direction_rarely_stand_out(scheme):
    """The genes of each cell's velocity shuffled separately: at most 5 % of edges beyond three deviations."""
    adata = datasets.bifurcation(n_cells=2000, n_genes=300, seed=0)
    genes, true = adata.var["velocity_genes"].to_numpy(), adata.layers["velocity"].copy()
    found = []
    for seed in range(5):
        adata.layers["velocity"] = true.copy()
        adata.layers["velocity"][:, genes] = np.random.default_rng(seed).permuted(true[:, genes], axis=1)
        kernel = VelocityKernel(adata).compute_transition_matrix(scheme=scheme)
        found.extend(kernel.flow_null(n_permutations=1)["z"])
    assert len(found) == 80
    assert np.mean(np.abs(found) > 3) <= 0.05
