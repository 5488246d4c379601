"""Data that nobody would draw on purpose: every field is computed and sent, or the reason why not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from anndata import AnnData
from traitlets import TraitError

from velowidget.widget import VelocityWidget


def infinities(adata):
    adata.obsm["X_umap"][3] = (np.inf, 0)
    adata.obsm["X_umap"][4] = (-np.inf, np.nan)


def duplicates(adata):
    adata.obsm["X_umap"][:50] = adata.obsm["X_umap"][0]


def one_place(adata):
    adata.obsm["X_umap"][:] = 7.0


def constant_genes(adata):
    adata.layers["Ms"] = np.array(adata.layers["Ms"])
    adata.layers["Ms"][:, :10] = 3.0


def nothing_known(adata):
    adata.obs["clusters"] = pd.Categorical([None] * adata.n_obs, categories=["a"])


def odd_names(adata):
    adata.obs["clusters"] = pd.Categorical([["", "</script>", "a\u202eb", "\n"][i % 4] for i in range(adata.n_obs)])


def huge_numbers(adata):
    adata.obsm["X_umap"] = adata.obsm["X_umap"].astype(np.float64) * 1e30


@pytest.mark.parametrize("field", ["grid", "arrows", "stream", "particles"])
@pytest.mark.parametrize(
    "spoil", [infinities, duplicates, one_place, constant_genes, nothing_known, odd_names, huge_numbers]
)
def test_every_field_is_sent(adata, recorder, spoil, field):
    spoil(adata)
    widget = VelocityWidget(adata, field=field)
    for stage in ("diagnostics", "belief"):
        widget.pipeline.want(stage)
    widget.wait()
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    results = {
        content["stage"]: (content, buffers) for content, buffers in recorder.sent if content["kind"] == "result"
    }
    assert {"diagnostics", "belief"} < results.keys()
    assert len(results) >= 3
    for content, buffers in results.values():
        for spec, buffer in zip(content["arrays"], buffers, strict=True):
            assert not np.isinf(np.frombuffer(buffer, dtype=spec["dtype"])).any(), (content["stage"], spec["name"])


def few(n_cells):
    """So many cells, each a neighbour of every other."""
    rng = np.random.default_rng(0)
    return AnnData(
        rng.random((n_cells, 6), dtype=np.float32),
        layers={name: rng.random((n_cells, 6)).astype(np.float32) for name in ("Ms", "velocity")},
        obsm={"X_umap": rng.normal(size=(n_cells, 2))},
        obsp={"connectivities": sp.csr_matrix(np.ones((n_cells, n_cells)) - np.eye(n_cells))},
    )


@pytest.mark.parametrize("field", ["grid", "arrows", "stream", "particles"])
@pytest.mark.parametrize("n_cells", [2, 3, 10, 49])
def test_few_cells(n_cells, field):
    widget = VelocityWidget(few(n_cells), field=field, degenerate="uniform")
    for stage in ("diagnostics", "belief"):
        widget.pipeline.want(stage)
    widget.wait()


def test_one_cell_says_what_is_missing():
    widget = VelocityWidget(few(1), degenerate="self_loop")
    with pytest.raises(ValueError, match="needs at least two"):
        widget.wait()


def test_ten_thousand_categories_are_colours_and_more_are_refused_with_the_limit(recorder):
    names = [f"cell {i}" for i in range(10_001)]
    adata = AnnData(sp.csr_matrix((10_001, 1), dtype=np.float32), obs={"most": [*names[:-1], names[0]], "many": names})
    widget = VelocityWidget(adata, color="most")
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    content, (codes,) = recorder.last("color")
    listed = [content["categories"][code] for code in np.frombuffer(codes, "<i4")]
    assert [category["name"] for category in listed] == adata.obs["most"].tolist()
    assert sum(category["count"] for category in content["categories"]) == adata.n_obs
    with pytest.raises(TraitError, match="up to 10,000 categories"):
        widget.color = "many"


def test_all_nan_colours(adata, recorder):
    adata.obs["nothing"] = np.nan
    widget = VelocityWidget(adata, color="nothing")
    widget.wait()
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    content, _ = recorder.last("color")
    assert (content["vmin"], content["vmax"], content["missing"]) == (0.0, 0.0, adata.n_obs)


@pytest.mark.filterwarnings("error:overflow")
def test_numbers_too_large_for_the_browser_are_missing_there(adata, recorder):
    adata.obs["large"] = np.arange(adata.n_obs, dtype=float)
    adata.obs.iloc[:2, adata.obs.columns.get_loc("large")] = (1e300, -1e39)
    widget = VelocityWidget(adata, color="large")
    widget.wait()
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    content, (values,) = recorder.last("color")
    assert (content["vmin"], content["vmax"], content["missing"]) == (2.0, adata.n_obs - 1.0, 2)
    shown = content["offset"] + np.frombuffer(values, "<f4")
    np.testing.assert_array_equal(shown, [np.nan, np.nan, *range(2, adata.n_obs)])


@pytest.mark.parametrize("far", [1e9, -1e9, 1e15])
def test_numbers_far_from_zero_keep_their_digits(adata, recorder, far):
    adata.obs["far"] = far + np.linspace(0, 5, adata.n_obs)
    widget = VelocityWidget(adata, color="far")
    widget.wait()
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    content, (values,) = recorder.last("color")
    shown = content["offset"] + np.frombuffer(values, "<f4").astype(float)
    np.testing.assert_allclose(shown - far, adata.obs["far"] - far, atol=1e-6)
    assert (content["vmin"], content["vmax"]) == (adata.obs["far"].min(), adata.obs["far"].max())


def test_numbers_around_zero_are_sent_as_they_are(adata, recorder):
    adata.obs["around"] = np.geomspace(1e-30, 1.0, adata.n_obs) - np.eye(1, adata.n_obs)[0]
    widget = VelocityWidget(adata, color="around")
    widget.wait()
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    content, (values,) = recorder.last("color")
    assert content["offset"] == 0.0
    np.testing.assert_allclose(np.frombuffer(values, "<f4"), adata.obs["around"], rtol=1e-6)
