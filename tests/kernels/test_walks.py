"""Walks of a kernel: its matrix, the rules and the counts."""

from __future__ import annotations

from pathlib import Path

import anndata as ad
import numpy as np
import pytest

from velowidget import ConnectivityKernel, PrecomputedKernel, VelocityKernel
from velowidget.analyses.walks import tally
from velowidget.core.walks import random_walks
from velowidget.data.annotations import read_annotation

PANCREAS = Path(__file__).resolve().parents[3] / "shared" / "data" / "pancreas.h5ad"


@pytest.fixture
def kernel(adata):
    return VelocityKernel(adata)


def test_walks_are_on_the_kernels_chain(kernel):
    walks = kernel.random_walks(200, 0.5, 3, start_ixs={"clusters": "early"}, stop_ixs=[2, 5], successive_hits=0)
    assert walks.shape == (200, 16)
    starts, stops = np.arange(0, 30, 3), np.isin(np.arange(30), [2, 5])
    assert np.array_equal(walks, random_walks(kernel.transition_matrix, starts, 200, 15, 3, stops=stops))
    assert (walks == -1).any()


def test_defaults(kernel):
    walks = kernel.random_walks(seed=0)
    assert walks.shape == (100, 9)  # a quarter of 30 cells, rounded up
    assert len(np.unique(walks[:, 0])) > 15
    assert (walks >= 0).all()


def test_seeds(kernel):
    assert np.array_equal(kernel.random_walks(seed=5), kernel.random_walks(seed=np.int64(5)))
    assert not np.array_equal(kernel.random_walks(), kernel.random_walks())


def test_the_same_numbers_on_another_chain(kernel):
    """Walks differ by the chain only: where rows are alike, so are the steps."""
    other = PrecomputedKernel(kernel.transition_matrix.copy(), kernel.adata)
    changed = kernel.transition_matrix.tolil()
    changed[4] = 0
    changed[4, 5] = 1
    other.transition_matrix = changed.tocsr()
    a, b = kernel.random_walks(100, 8, 0), other.random_walks(100, 8, 0)
    through = (a[:, :-1] == 4).any(axis=1)
    assert through.any()
    assert np.array_equal(a[~through], b[~through])
    assert not np.array_equal(a, b)


@pytest.mark.parametrize("make", [lambda k: ~k, lambda k: 0.5 * k + 0.5 * ConnectivityKernel(k.adata)])
def test_every_kernel_walks(kernel, make):
    other = make(kernel)
    walks = other.random_walks(50, 5, 1)
    assert np.array_equal(walks, random_walks(other.transition_matrix, np.arange(30), 50, 5, 1))


def test_stops_at_the_start(kernel):
    """The start does not count: each walk goes on until it comes back, or to the end."""
    walks = kernel.random_walks(100, 20, 0, start_ixs=[3, 4], stop_ixs=[3, 4])
    assert (walks[:, 1] >= 0).all()
    for path in walks.tolist():
        inside = [step for step, cell in enumerate(path) if cell in (3, 4) and step > 0]
        assert not inside or path[inside[0] + 1 :] == [-1] * (20 - inside[0])


def test_a_single_step(kernel):
    assert kernel.random_walks(10, 1, 0).shape == (10, 2)


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"n_sims": 0}, ValueError, "n_sims must be at least 1"),
        ({"n_sims": -3}, ValueError, "n_sims"),
        ({"n_sims": 2.5}, TypeError, "n_sims"),
        ({"n_sims": True}, TypeError, "n_sims"),
        ({"max_iter": 0}, ValueError, "max_iter must be finite and larger than 0"),
        ({"max_iter": -0.5}, ValueError, "max_iter"),
        ({"max_iter": np.nan}, ValueError, "max_iter"),
        ({"max_iter": np.inf}, ValueError, "max_iter"),
        ({"max_iter": 1e308}, ValueError, "max_iter must be finite"),
        ({"max_iter": "10"}, TypeError, "max_iter"),
        ({"max_iter": True}, TypeError, "max_iter"),
        ({"successive_hits": -1}, ValueError, "successive_hits"),
        ({"successive_hits": 1.0}, TypeError, "successive_hits"),
        ({"seed": -1}, ValueError, "seed"),
        ({"seed": "one"}, TypeError, "seed"),
        ({"start_ixs": []}, ValueError, "start_ixs lists no cell"),
        ({"stop_ixs": {"time": [5, 6]}}, ValueError, "stop_ixs: no cell has"),
    ],
)
def test_refused(kernel, changed, error, message):
    with pytest.raises(error, match=message):
        kernel.random_walks(**changed)


def test_cells_that_were_taken_away(kernel):
    kernel.adata._inplace_subset_obs(np.arange(20))
    with pytest.raises(ValueError, match="20 cells now"):
        kernel.random_walks()


def test_tally_is_a_recount(kernel):
    clusters = read_annotation(kernel.adata, "clusters")
    walks = kernel.random_walks(80, 10, 0, start_ixs={"clusters": "early"})
    frame = tally(walks, clusters)
    names = kernel.adata.obs["clusters"].astype(str).to_numpy()[walks[:, -1]]
    assert frame.index.tolist() == ["early", "late", "middle"]
    assert frame.index.name == "clusters"
    assert frame.columns.tolist() == ["arrivals", "share", "low", "high"]
    assert frame["arrivals"].tolist() == [int((names == name).sum()) for name in frame.index]
    assert frame["share"].to_numpy() == pytest.approx(frame["arrivals"].to_numpy() / 80)
    assert ((frame["low"] <= frame["share"]) & (frame["share"] <= frame["high"])).all()
    assert frame.attrs == {"over": "last cells", "n_over": 80, "n_walks": 80}


def test_tally_of_walks_that_ended(kernel):
    clusters = read_annotation(kernel.adata, "clusters")
    stops = np.isin(np.arange(30), [2, 4])
    walks = kernel.random_walks(80, 3, 0, stop_ixs=[2, 4])
    frame = tally(walks, clusters, stops)
    arrived = [path[step] for path in walks.tolist() for step in (1, 2, 3) if path[step] in (2, 4)]
    assert frame["arrivals"].to_dict() == {"early": 0, "late": arrived.count(2), "middle": arrived.count(4)}
    assert frame.attrs == {"over": "walks that ended", "n_over": len(arrived), "n_walks": 80}
    assert 0 < len(arrived) < 80


@pytest.mark.skipif(not PANCREAS.exists(), reason="needs ../shared/data/pancreas.h5ad, which is not here")
def test_ductal_cells_of_the_pancreas_become_endocrine():
    adata = ad.read_h5ad(PANCREAS)
    walks = VelocityKernel(adata).random_walks(1000, 100, 0, start_ixs={"clusters": "Ductal"})
    ends = adata.obs["clusters"].to_numpy()[walks[:, -1]]
    assert np.isin(ends, ["Pre-endocrine", "Alpha", "Beta", "Delta", "Epsilon"]).mean() >= 0.8
