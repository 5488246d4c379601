"""Walks against a walker that takes one step at a time, against the chain, and against what can be solved exactly."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from scipy import stats

from velowidget.core.blocks import compiled_code
from velowidget.core.random import WALKS, key_of, uniform
from velowidget.core.walks import arrivals, ends, random_walks, shares

N_CELLS = 40


@pytest.fixture
def chain():
    """Some neighbours each, some of probability 0, and a cell that stays where it is."""
    rng = np.random.default_rng(0)
    dense = rng.gamma(0.5, size=(N_CELLS, N_CELLS)) * (rng.random((N_CELLS, N_CELLS)) < 0.15)
    dense[np.arange(N_CELLS), (np.arange(N_CELLS) + 1) % N_CELLS] += 0.1
    dense[7] = 0
    dense[7, 7] = 1
    dense /= dense.sum(axis=1, keepdims=True)
    return with_zeros(sp.csr_matrix(dense))


def with_zeros(matrix):
    """The same with a stored 0 at the end of each row, and of the first at its beginning."""
    rows = [sp.csr_matrix(matrix[i]) for i in range(matrix.shape[0])]
    data, indices, lengths = [], [], []
    for i, row in enumerate(rows):
        absent = sorted(set(range(matrix.shape[0])) - set(row.indices))
        front, back = ([absent[0]] if i == 0 else []), [absent[-1]]
        indices += [*front, *row.indices, *back]
        data += [*[0.0] * len(front), *row.data, 0.0]
        lengths.append(len(front) + len(row.indices) + 1)
    return sp.csr_matrix((data, indices, np.concatenate([[0], np.cumsum(lengths)])), shape=matrix.shape)


def slow_walk(dense, starts, walk, n_steps, seed, stops, successive_hits):
    """One walk, one step at a time, on a dense matrix."""
    key = key_of(seed)
    path = [int(starts[int(uniform(key, WALKS, walk, 0, 0) * len(starts))])]
    hits = 0
    for step in range(1, n_steps + 1):
        cumulative = np.cumsum(dense[path[-1]])
        path.append(int(np.flatnonzero(cumulative > uniform(key, WALKS, walk, step, 0))[0]))
        hits = hits + 1 if stops is not None and stops[path[-1]] else 0
        if hits == successive_hits + 1:
            break
    return path + [-1] * (n_steps + 1 - len(path))


@pytest.mark.parametrize("successive_hits", [0, 1, 3])
@pytest.mark.parametrize("stopped", [False, True])
def test_equals_one_step_at_a_time(chain, stopped, successive_hits):
    stops = np.isin(np.arange(N_CELLS), [3, 7, 8, 9, 20, 21]) if stopped else None
    starts = np.array([1, 3, 5, 30])
    walks = random_walks(chain, starts, 300, 50, 11, stops=stops, successive_hits=successive_hits)
    dense = np.zeros(chain.shape)
    rows = np.repeat(np.arange(N_CELLS), np.diff(chain.indptr))
    dense[rows, chain.indices] = chain.data
    assert walks.dtype == np.int32
    assert walks.tolist() == [slow_walk(dense, starts, w, 50, 11, stops, successive_hits) for w in range(300)]


def test_steps_are_as_frequent_as_the_chain_says(chain):
    walks = random_walks(chain, np.arange(N_CELLS), 5000, 20, 3)
    assert stats.chisquare(np.bincount(walks[:, 0], minlength=N_CELLS)).pvalue > 1e-4
    seen = np.zeros(chain.shape)
    np.add.at(seen, (walks[:, :-1].ravel(), walks[:, 1:].ravel()), 1)
    dense = chain.toarray()
    assert not seen[dense == 0].any()
    pvalues = []
    for i in range(N_CELLS):
        possible = dense[i] > 0
        if possible.sum() > 1:
            pvalues.append(stats.chisquare(seen[i, possible], seen[i].sum() * dense[i, possible]).pvalue)
    # Many tests: their probabilities must be as even as by chance.
    assert min(pvalues) > 1e-4 / len(pvalues)
    assert stats.kstest(pvalues, "uniform").pvalue > 1e-3


def test_hitting_probabilities_are_those_of_the_linear_system():
    """A drunkard between two ends: h_i = sum_j T_ij h_j, 1 and 0 at the ends."""
    n, forward = 8, 0.6
    dense = np.zeros((n, n))
    for i in range(1, n - 1):
        dense[i, i + 1], dense[i, i - 1] = forward, 1 - forward
    dense[0, 0] = dense[-1, -1] = 1
    inner = np.arange(1, n - 1)
    exact = np.linalg.solve(np.eye(n - 2) - dense[np.ix_(inner, inner)], dense[inner, -1])
    stops = np.isin(np.arange(n), [0, n - 1])
    for start, expected in zip(inner, exact, strict=True):
        walks = random_walks(sp.csr_matrix(dense), np.array([start]), 4000, 500, 5, stops=stops)
        last, ended = ends(walks, stops)
        assert ended.all()
        arrived = int((walks[np.arange(4000), last] == n - 1).sum())
        assert stats.binomtest(arrived, 4000, expected).pvalue > 1e-4


def test_numbers_of_walks_and_steps_change_no_walk(chain):
    starts = np.arange(N_CELLS)
    many = random_walks(chain, starts, 500, 60, 2)
    assert np.array_equal(random_walks(chain, starts, 130, 60, 2), many[:130])
    assert np.array_equal(random_walks(chain, starts, 500, 9, 2), many[:, :10])


def test_blocks_change_nothing(chain, monkeypatch):
    whole, reports = random_walks(chain, np.arange(N_CELLS), 700, 12, 4), []
    monkeypatch.setattr("velowidget.core.walks._STEPS_PER_BLOCK", 1)
    blocks = random_walks(chain, np.arange(N_CELLS), 700, 12, 4, report=lambda *done: reports.append(done))
    assert np.array_equal(whole, blocks)
    assert len(reports) > 3
    assert reports[-1] == (700, 700)


def test_cancelling_ends_the_pass(chain, monkeypatch):
    monkeypatch.setattr("velowidget.core.walks._STEPS_PER_BLOCK", 1)

    def report(done, total):
        if done:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        random_walks(chain, np.arange(N_CELLS), 700, 12, 4, report=report)
    assert compiled_code.acquire(blocking=False), "the lock is given back"
    compiled_code.release()


def test_seeds_share_no_walk(chain):
    """Walk 0 of seed 1 is not walk 1 of seed 0, nor is any other."""
    runs = [random_walks(chain, np.arange(N_CELLS), 200, 40, seed) for seed in (0, 1, 2, 2**32)]
    paths = {tuple(path) for run in runs for path in run.tolist() if path[-1] != 7}
    assert len(paths) == sum(path[-1] != 7 for run in runs for path in run.tolist())


_RUN = """
import numba, numpy as np, scipy.sparse as sp, hashlib
from velowidget.core.walks import random_walks
rng = np.random.default_rng(0)
dense = rng.random((30, 30))
matrix = sp.csr_matrix(dense / dense.sum(axis=1, keepdims=True))
walks = random_walks(matrix, np.arange(30), 1000, 50, 9)
print(numba.get_num_threads(), hashlib.sha256(walks.tobytes()).hexdigest())
"""


def test_threads_change_nothing():
    outputs = {
        n: subprocess.run(
            [sys.executable, "-c", _RUN], env={**os.environ, "NUMBA_NUM_THREADS": n}, capture_output=True,
            text=True, check=True,
        ).stdout.split()
        for n in ("1", "2", "5")
    }  # fmt: skip
    assert [used for used, _ in outputs.values()] == ["1", "2", "5"]
    assert len({walks for _, walks in outputs.values()}) == 1


def test_rounding_at_the_end_of_a_row():
    """Rows that sum to a little less than 1, before stored zeros: about eight numbers are larger, and go no further."""
    row = [0.5, 0.5 - 1e-6, 0.0]
    matrix = sp.csr_matrix(([*row, *row, 1.0], [0, 1, 2, 0, 1, 2, 2], [0, 3, 6, 7]), shape=(3, 3))
    walks = random_walks(matrix, np.array([0]), 20_000, 400, 0)
    assert set(np.unique(walks)) == {0, 1}


def test_stop_sets_that_are_everything_or_the_start(chain):
    everywhere = np.ones(N_CELLS, dtype=bool)
    walks = random_walks(chain, np.arange(N_CELLS), 50, 10, 0, stops=everywhere)
    assert (walks[:, 1] >= 0).all()
    assert (walks[:, 2:] == -1).all()
    only = np.arange(N_CELLS) == 7
    walks = random_walks(chain, np.array([7]), 5, 6, 0, stops=only, successive_hits=2)
    assert walks.tolist() == [[7, 7, 7, 7, -1, -1, -1]] * 5


def test_ends():
    stops = np.array([False, True, True])
    walks = np.array(
        [
            [0, 0, 1, -1],  # ended
            [0, 0, 0, 1],  # ended with the last step
            [0, 0, 0, 0],  # did not
            [1, 0, 0, 0],  # a start does not count
        ],
        dtype=np.int32,
    )
    last, ended = ends(walks, stops)
    assert last.tolist() == [2, 3, 3, 3]
    assert ended.tolist() == [True, True, False, False]
    last, ended = ends(walks)
    assert ended.all()
    twice = np.array([[0, 1, 2, -1], [0, 2, 0, 1], [0, 0, 1, 1], [1, 1, 0, 0]], dtype=np.int32)
    assert ends(twice, stops, 1)[1].tolist() == [True, False, True, False]
    assert not ends(np.array([[1, 1]], dtype=np.int32), stops, 1)[1].any()
    # Shorter than what would end it.
    assert not ends(twice[:, :2], stops, 3)[1].any()
    assert not ends(twice, stops, 10**30)[1].any()


@pytest.mark.parametrize("successive_hits", [0, 2])
def test_arrivals_are_a_recount(chain, successive_hits):
    clusters = np.random.default_rng(1).integers(-1, 4, N_CELLS)
    stops = np.isin(np.arange(N_CELLS), [3, 4, 7, 20, 25])
    walks = random_walks(chain, np.arange(N_CELLS), 200, 10, 6, stops=stops, successive_hits=successive_hits)
    counts, totals = arrivals(walks, clusters, 4, stops, successive_hits)
    expected, expected_totals = np.zeros((11, 4), dtype=int), np.zeros(11, dtype=int)
    for path in walks.tolist():
        for step in range(successive_hits + 1, 11):
            if all(cell >= 0 and stops[cell] for cell in path[step - successive_hits : step + 1]):
                expected_totals[step:] += 1
                if clusters[path[step]] >= 0:
                    expected[step:, clusters[path[step]]] += 1
                break
    assert counts.tolist() == expected.tolist()
    assert totals.tolist() == expected_totals.tolist()
    assert 0 < totals[-1] < 200


def test_arrivals_without_stops_are_where_walks_are(chain):
    clusters = np.random.default_rng(1).integers(-1, 4, N_CELLS)
    walks = random_walks(chain, np.arange(N_CELLS), 100, 10, 6)
    counts, totals = arrivals(walks, clusters, 4)
    for step in range(11):
        assert counts[step].tolist() == [int((clusters[walks[:, step]] == c).sum()) for c in range(4)]
    assert totals.tolist() == [100] * 11


def test_wilson_intervals():
    """SciPy's, which solves the same equation."""
    counts, totals = np.array([0, 1, 5, 40, 99, 100]), np.array([7, 3, 10, 80, 100, 100])
    found = shares(counts, totals)
    for i in range(6):
        reference = stats.binomtest(int(counts[i]), int(totals[i])).proportion_ci(method="wilson")
        assert found.share[i] == counts[i] / totals[i]
        assert (found.low[i], found.high[i]) == pytest.approx((reference.low, reference.high), abs=1e-12)
    nothing = shares(np.zeros(2, dtype=int), np.array(0))
    assert np.isnan([nothing.share, nothing.low, nothing.high]).all()


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        (sp.csr_matrix(np.ones((2, 3)) / 3), "square"),
        (sp.csr_matrix([[0.5, 0.4], [0, 1]]), "row 0 sums to 0.9"),
        (sp.csr_matrix([[1.0, 0], [0, 0]]), "row 1 sums to 0"),
        (sp.csr_matrix([[1.0, 0], [0, np.nan]]), "row 1 sums to nan"),
        (sp.csr_matrix([[-0.5, 1.5], [0, 1]]), "negative"),
    ],
)
def test_what_is_no_chain(matrix, message):
    with pytest.raises(ValueError, match=message):
        random_walks(matrix, np.array([0]), 2, 2, 0)


@pytest.mark.parametrize(
    "changed",
    [
        {"starts": np.array([], dtype=int)},
        {"starts": np.array([N_CELLS])},
        {"starts": np.array([-1])},
        {"n_walks": 0},
        {"n_steps": 0},
        {"n_walks": 2**32},
        {"n_steps": 10**400},
        {"successive_hits": -1},
        {"stops": np.ones(3, dtype=bool)},
        {"seed": -1},
    ],
)
def test_refused(chain, changed):
    arguments = {"starts": np.array([0]), "n_walks": 2, "n_steps": 2, "seed": 0, **changed}
    with pytest.raises(ValueError, match=r"starts|must be|mask|At most 4,294,967,295 walks"):
        random_walks(chain, **arguments)


def test_more_than_fits_into_memory(chain):
    with pytest.raises(MemoryError, match=r"4,000,000,000 walks of 4,000,000,000 steps .* choose fewer"):
        random_walks(chain, np.array([0]), 4 * 10**9, 4 * 10**9, 0)


def test_more_hits_than_steps_end_no_walk(chain):
    everything = np.ones(N_CELLS, dtype=bool)
    walks = random_walks(chain, np.array([0]), 5, 6, 0, stops=everything, successive_hits=10**30)
    assert np.array_equal(walks, random_walks(chain, np.array([0]), 5, 6, 0))
