"""Arguments of every wrong kind: our errors, never NumPy's or pandas', and results that no two kernels share."""

from __future__ import annotations

import threading
import warnings

import numba
import numpy as np
import pandas as pd
import pytest

from tests.fingerprint import unchanged
from velowidget.data import running
from velowidget.kernels import ConnectivityKernel, PrecomputedKernel, VelocityKernel

ARRAY = np.array([1.0, 2.0])


@pytest.mark.parametrize("odd", [ARRAY, ["correlation"], None, 3, object()])
@pytest.mark.parametrize("name", ["scheme", "mode", "backward_mode", "degenerate"])
def test_words_that_are_none(adata, name, odd):
    error = TypeError if name == "scheme" else ValueError
    with pytest.raises(error, match=rf"{name}(=| must be)"):
        VelocityKernel(adata).compute_transition_matrix(**{name: odd})


@pytest.mark.parametrize("odd", [ARRAY, [1], "4", 1j])
def test_scales_that_are_no_numbers(adata, odd):
    with pytest.raises(TypeError, match="softmax_scale must be a number"):
        VelocityKernel(adata).compute_transition_matrix(softmax_scale=odd)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_samples": ARRAY}, "n_samples must be a whole number"),
        ({"n_samples": True}, "n_samples must be a whole number"),
        ({"seed": ARRAY}, "seed must be a whole number"),
        ({"seed": 1.0}, "seed must be a whole number"),
        ({"n_jobs": ARRAY}, "n_jobs must be a whole number"),
        ({"n_jobs": True}, "n_jobs must be a whole number"),
        ({"backend": 3}, "backend must be text"),
        ({"show_progress_bar": ARRAY}, "show_progress_bar must be True or False"),
        ({"check_irreducibility": ARRAY}, "check_irreducibility must be True or False"),
    ],
)
def test_other_arguments_of_compute(adata, options, words):
    kernel = VelocityKernel(adata)
    with pytest.raises(TypeError, match=words):
        kernel.compute_transition_matrix(mode="monte_carlo", **options)
    assert kernel.params == {}


@pytest.mark.parametrize("n_samples", [2**32, 2**70])
def test_more_samples_than_there_are_numbers(adata, n_samples):
    with pytest.raises(ValueError, match=r"n_samples must be less than 2\^32"):
        VelocityKernel(adata).compute_transition_matrix(mode="monte_carlo", n_samples=n_samples)


@pytest.mark.parametrize("odd", [ARRAY, 3, ["velocity"], b"velocity"])
@pytest.mark.parametrize("name", ["vkey", "xkey", "conn_key"])
def test_keys_are_text(adata, name, odd):
    with pytest.raises(TypeError, match=f"{name} must be text"):
        VelocityKernel(adata, **{name: odd})
    with pytest.raises(TypeError, match="conn_key must be text"):
        ConnectivityKernel(adata, odd)


@pytest.mark.parametrize("kind", [VelocityKernel, ConnectivityKernel])
@pytest.mark.parametrize("name", ["compute_cond_num", "check_connectivity", "check_symmetric"])
def test_flags(adata, kind, name):
    with pytest.raises(TypeError, match=f"{name} must be True or False"):
        kind(adata, **{name: ARRAY})
    kind(adata, **{name: np.False_})


def test_flags_of_numpy(adata):
    assert VelocityKernel(adata, backward=np.True_).backward is True
    with pytest.raises(TypeError, match="backward must be True or False"):
        VelocityKernel(adata, backward=np.array([True, False]))


@pytest.mark.parametrize("call", [lambda k: k.compute_projection(3), lambda k: k.write_to_adata(ARRAY[0])])
def test_names_to_write_to_are_text(adata, call):
    kernel = VelocityKernel(adata).compute_transition_matrix()
    with unchanged(adata), pytest.raises(TypeError, match="must be text"):
        call(kernel)


def test_names_to_write_to_are_no_folders(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix()
    for write in (kernel.write_to_adata, lambda key: kernel.compute_projection(key_added=key)):
        with unchanged(adata), pytest.raises(ValueError, match=r"'runs/first' has a '/'"):
            write("runs/first")


def test_a_table_is_no_choice_of_genes(adata):
    with pytest.raises(TypeError, match=r"gene_subset is a table; give one of its columns \('a', 'b'\)"):
        VelocityKernel(adata, gene_subset=pd.DataFrame({"a": ["gene1"], "b": [True]}))


def test_no_two_kernels_share_a_matrix_object(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix()
    others = {
        "copy": kernel.copy(),
        "copy of a copy": kernel.copy().copy(),
        "with a constant": 2 * kernel,
        "precomputed": PrecomputedKernel(kernel),
        "sum": (0.5 * kernel + 0.5 * kernel).copy(),
    }
    before = {name: other.transition_matrix.toarray() for name, other in others.items()}
    logits = others["copy"].logits.toarray()
    for matrix in (kernel.transition_matrix, kernel.logits):
        matrix.data = np.zeros(matrix.nnz)
        matrix.indices = np.zeros(matrix.nnz, dtype=np.int32)
    for name, other in others.items():
        np.testing.assert_array_equal(other.transition_matrix.toarray(), before[name], err_msg=name)
    np.testing.assert_array_equal(others["copy"].logits.toarray(), logits)


def test_logits_are_made_when_asked_for(adata):
    kernel = VelocityKernel(adata).compute_transition_matrix()
    assert kernel._logits is None
    assert kernel.logits is kernel.logits
    assert kernel.logits.nnz == 150


@pytest.mark.parametrize("n_jobs", [1, 2, 99, -1, -2, -99, None])
def test_threads_change_nothing_and_are_put_back(adata, n_jobs):
    expected = VelocityKernel(adata).compute_transition_matrix().transition_matrix.toarray()
    before = numba.get_num_threads()
    found = VelocityKernel(adata).compute_transition_matrix(n_jobs=n_jobs, backend="loky").transition_matrix
    np.testing.assert_array_equal(found.toarray(), expected)
    assert numba.get_num_threads() == before


def test_number_of_threads_within():
    available = numba.config.NUMBA_NUM_THREADS
    for n_jobs, within in ((1, 1), (available, available), (available + 7, available), (-1, available), (-99, 1)):
        with running.threads(n_jobs):
            assert numba.get_num_threads() == within
    with pytest.raises(RuntimeError, match="inside"), running.threads(1):
        raise RuntimeError("inside")
    assert numba.get_num_threads() == available
    with pytest.raises(ValueError, match="n_jobs must not be 0"), running.threads(0):
        pass


@pytest.fixture
def bars(monkeypatch):
    """Every bar that is made."""
    import tqdm.auto

    made = []

    class Bar(tqdm.auto.tqdm):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    return made


def test_a_bar_for_each_long_pass(bars, monkeypatch, capsys):
    monkeypatch.setattr(running, "_DELAY", -1.0)
    with running.progress_bar(shown=True) as report:
        for done in (0, 4, 10, 0, 7, 10):
            report(done, 10)
    assert [(bar.n, bar.total, bar.disable) for bar in bars] == [(10, 10, True), (10, 10, True)]
    assert "10/10" in capsys.readouterr().err


def test_no_bar_for_short_passes_or_if_not_wanted(adata, bars, monkeypatch, capsys):
    VelocityKernel(adata).compute_transition_matrix()
    monkeypatch.setattr(running, "_DELAY", -1.0)
    VelocityKernel(adata).compute_transition_matrix(mode="monte_carlo", show_progress_bar=False)
    assert bars == []
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("mode", ["deterministic", "stochastic", "sampling", "monte_carlo"])
def test_an_interrupt_changes_nothing(adata, mode, monkeypatch):
    kernel = VelocityKernel(adata).compute_transition_matrix(scheme="cosine")
    matrix, logits, params = kernel.transition_matrix, kernel.logits, kernel.params
    before = numba.get_num_threads()

    def interrupted(self, done, total):
        raise KeyboardInterrupt

    monkeypatch.setattr(running._Bar, "report", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kernel.compute_transition_matrix(mode=mode, scheme="dot_product", softmax_scale=1.0, n_jobs=1)
    assert (kernel.transition_matrix, kernel.logits, kernel.params) == (matrix, logits, params)
    assert numba.get_num_threads() == before
    monkeypatch.undo()
    again = kernel.compute_transition_matrix(scheme="dot_product", softmax_scale=1.0).transition_matrix
    fresh = VelocityKernel(adata).compute_transition_matrix(scheme="dot_product", softmax_scale=1.0).transition_matrix
    np.testing.assert_array_equal(again.toarray(), fresh.toarray())


def test_kernels_are_computed_in_threads_too(adata):
    found = []

    def compute():
        with warnings.catch_warnings():
            found.append(VelocityKernel(adata).compute_transition_matrix(n_jobs=1).transition_matrix)

    worker = threading.Thread(target=compute)
    worker.start()
    worker.join()
    expected = VelocityKernel(adata).compute_transition_matrix().transition_matrix
    np.testing.assert_array_equal(found[0].toarray(), expected.toarray())
