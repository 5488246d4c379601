"""Bad input in the widget: one clear error, the same from `wait`, from `kernel` and in the browser."""

from __future__ import annotations

import numpy as np
import pytest
from traitlets import TraitError

from tests.deprecations import no_warnings
from tests.fingerprint import unchanged
from tests.kernels.conftest import N_CELLS, N_GENES, make_adata
from tests.kernels.test_bad_input import BAD, force
from velowidget.kernels import VelocityKernel
from velowidget.widget import VelocityWidget

pytestmark = no_warnings


@pytest.fixture
def adata():
    return make_adata()


def hello(widget):
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])


def shown(recorder):
    """The error as a user reads it in the widget."""
    content, _ = recorder.last("error")
    return f"{content['message']} {content['hint']}".strip()


def failed_everywhere(widget, recorder, error):
    """The error's text, after making sure that it is the same wherever one asks."""
    with pytest.raises(error) as waited:
        widget.wait()
    with pytest.raises(error) as asked:
        widget.kernel  # noqa: B018
    assert str(asked.value) == str(waited.value)
    hello(widget)
    assert shown(recorder) == str(waited.value)
    assert recorder.last("status")[0]["state"] == "failed"
    return str(waited.value)


@pytest.mark.parametrize("case", BAD)
def test_the_kernels_own_error(adata, recorder, case):
    spoil, error, words = BAD[case]
    spoil(adata)
    with unchanged(adata):
        text = failed_everywhere(VelocityWidget(adata), recorder, error)
    for word in words:
        assert word in text
    with pytest.raises(error) as alone:
        VelocityKernel(adata).compute_transition_matrix()
    assert text == str(alone.value)


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (lambda a: a.obsm.clear(), KeyError, ["No embedding", "scanpy.tl.umap(adata)"]),
        (lambda a: a.obsm.update(X_umap=np.full((N_CELLS, 2), np.nan)), ValueError, ["X_umap", "finite coordinates"]),
        (lambda a: force(a, "obsm", "X_umap", np.zeros((29, 2))), ValueError, ["X_umap", "29", "30"]),
        (lambda a: force(a, "layers", "Ms", np.zeros((29, N_GENES))), ValueError, ["Ms", "29", "30"]),
    ],
    ids=["no embedding", "only NaN", "embedding of another shape", "layer of another shape"],
)
def test_what_the_picture_needs(adata, recorder, spoil, error, words):
    spoil(adata)
    text = failed_everywhere(VelocityWidget(adata), recorder, error)
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("cells", "genes", "words"), [(0, N_GENES, "0 cells"), (1, N_GENES, "1 cell;"), (N_CELLS, 0, "no genes")]
)
def test_too_little(adata, recorder, cells, genes, words):
    assert words in failed_everywhere(VelocityWidget(adata[:cells, :genes].copy()), recorder, ValueError)


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"vkey": "velocty"}, TraitError, "did you mean 'velocity'?"),
        ({"xkey": "MS"}, TraitError, "did you mean 'Ms'?"),
        ({"conn_key": "conectivities"}, TraitError, "did you mean 'connectivities'?"),
        ({"gene_subset": ["nonesuch"]}, TraitError, "No gene is left"),
        ({"basis": "ump"}, TraitError, "did you mean 'umap'?"),
        ({"color": "cluster"}, TraitError, "did you mean 'clusters'?"),
        ({"scheme": "corelation"}, TraitError, "did you mean 'correlation'?"),
        ({"field": "gird"}, TraitError, "did you mean 'grid'?"),
        ({"backward_mode": "negated"}, TraitError, "did you mean 'negate'?"),
        ({"softmax_scale": -1}, TraitError, "larger than 0"),
        ({"backward": "yes"}, TraitError, "backward"),
        ({"degenerate": "slef_loop"}, TraitError, "did you mean 'self_loop'?"),
        ({"degenerate": 1}, TraitError, "degenerate must be text"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_settings(adata, recorder, settings, error, words):
    assert words in failed_everywhere(VelocityWidget(adata, **settings), recorder, error)


@pytest.mark.parametrize("thing", [None, "cells.h5ad", np.zeros((3, 3)), 7])
def test_not_an_anndata_is_an_error_at_once(thing):
    with pytest.raises(TypeError, match="Expected an AnnData, got"):
        VelocityWidget(thing)


def test_unknown_keywords_are_an_error_at_once(adata):
    with pytest.raises(TypeError, match="did you mean 'softmax_scale'"):
        VelocityWidget(adata, softmaxscale=3)


@pytest.mark.parametrize("policy", ["self_loop", "uniform"])
def test_the_policy_decides_about_cells_without_neighbours(adata, policy):
    BAD["a cell without neighbours"][0](adata)
    widget = VelocityWidget(adata, degenerate=policy)
    assert widget.kernel.transition_matrix[7, 7] == 1


def test_left_out_genes_are_told_once(adata, recorder):
    adata.layers["velocity"][0, :2] = np.nan
    hello(VelocityWidget(adata))
    [notice] = recorder.last("notices")[0]["items"]
    assert notice.startswith("2 genes of 11 left out")


def test_cells_without_coordinates_are_counted_and_not_drawn(adata, recorder):
    adata.obsm["X_umap"][[3, 5]] = np.nan
    widget = VelocityWidget(adata)
    widget.wait()
    hello(widget)
    content, [positions] = recorder.last("embedding")
    assert content["missing"] == 2
    positions = np.frombuffer(positions, "<f4").reshape(N_CELLS, 2)
    assert np.isnan(positions[[3, 5]]).all()
    assert np.isfinite(np.delete(positions, [3, 5], axis=0)).all()
    assert np.isfinite(widget.pipeline.jobs.latest("grid").value.vectors).all()


def test_names_travel_as_they_are(adata, recorder):
    odd = ["<script>alert(1)</script>", "a \"quoted\" 'name'", "ünïcødé 細胞"]
    adata.obs["clusters"] = adata.obs["clusters"].cat.rename_categories(odd)
    adata.obs_names = [f"</script>{name}" for name in adata.obs_names]
    hello(VelocityWidget(adata))
    assert [category["name"] for category in recorder.last("color")[0]["categories"]] == odd


def test_nothing_is_written(adata, recorder):
    with unchanged(adata):
        widget = VelocityWidget(adata)
        widget.wait()
        for name, value in [
            ("scheme", "dot_product"),
            ("softmax_scale", 3),
            ("backward", True),
            ("backward_mode", "negate"),
            ("color", "time"),
            ("color", "gene2"),
            ("field", "arrows"),
            ("auto_scale", True),
        ]:
            setattr(widget, name, value)
            widget.wait()
        widget.kernel.compute_projection(copy=True)
        hello(widget)
        widget.close()
