"""Colours in the widget: what is stored, limits and layers."""

from __future__ import annotations

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import traitlets as t

from velowidget.widget import VelocityWidget


@pytest.fixture
def gene(adata):
    """A gene that all cells express alike, but one a thousand times as much."""
    adata.X = adata.layers["Ms"].copy()
    adata.X[:, 3] = np.linspace(1, 2, adata.n_obs)
    adata.X[7, 3] = 2000
    return str(adata.var_names[3])


def made(adata, recorder, **settings):
    widget = VelocityWidget(adata, **settings)
    widget.wait()
    widget._on_message(widget, {"v": 1, "kind": "hello", "id": None}, [])
    return widget


def shown(recorder):
    content, (buffer,) = recorder.last("color")
    if content["type"] == "categorical":
        names = [c["name"] for c in content["categories"]]
        return dict(zip(names, [c["color"] for c in content["categories"]], strict=True)), content
    return content["offset"] + np.frombuffer(buffer, "<f4"), content


def notices(recorder):
    return recorder.last("notices")[0]["items"]


def test_usable_colours_are_used_and_the_others_are_filled_and_said_once(adata, recorder):
    names = list(adata.obs["clusters"].cat.categories)
    adata.uns["clusters_colors"] = ["steelblue4", None, (230, 159, 0), *["nope"] * (len(names) - 3)]
    widget = made(adata, recorder, color="clusters")
    colors, _ = shown(recorder)
    assert (colors[names[0]], colors[names[2]]) == ("#36648b", "#e69f00")
    assert all(len(color) == 7 and color[0] == "#" for color in colors.values())
    assert len(set(colors.values())) == len(names), "the palette begins with #e69f00, which is taken"
    said = [notice for notice in notices(recorder) if "clusters_colors" in notice]
    assert len(said) == 1
    assert "'nope'" in said[0] or "none is stored" in said[0]
    groups, _ = recorder.last("groups")
    assert {c["name"]: c["color"] for c in groups["clusters"]} == colors
    recorder.sent.clear()
    for color in ("true_time", "clusters", "", "clusters"):
        widget.color = color
    assert "notices" not in recorder.kinds(), "known already"


def test_another_column_s_colours_are_said_when_it_is_shown(adata, recorder):
    adata.obs["batch"] = pd.Categorical(np.arange(adata.n_obs) % 2)
    adata.uns["batch_colors"] = ["red", b"no colour"]
    widget = made(adata, recorder)
    assert not any("batch_colors" in notice for notice in notices(recorder))
    widget.color = "batch"
    assert any("adata.uns['batch_colors']" in notice for notice in notices(recorder))
    assert shown(recorder)[0]["0"] == "#ff0000"


def test_hostile_colours_never_leave_python(adata, recorder):
    hostile = 'red;background:url("http://x")'
    adata.uns["clusters_colors"] = [hostile] * adata.obs["clusters"].nunique()
    made(adata, recorder, color="clusters")
    assert hostile not in str(recorder.last("color")) + str(recorder.last("groups"))


def test_eight_of_308_categories_have_the_palette_s_colours(adata, recorder):
    used = adata.obs["clusters"].astype(str)
    adata.obs["ann"] = pd.Categorical(used, categories=[*(f"A donor {i}" for i in range(300)), *sorted(set(used))])
    made(adata, recorder, color="ann")
    _, content = shown(recorder)
    counted = [c for c in content["categories"] if c["count"]]
    assert [c["name"] for c in counted] == sorted(set(used))
    assert [c["color"] for c in counted][:2] == ["#e69f00", "#56b4e9"]
    assert not {c["color"] for c in counted} & {c["color"] for c in content["categories"] if not c["count"]}


def test_an_outlier_leaves_the_others_their_colours(adata, recorder, gene):
    widget = made(adata, recorder, color=gene)
    values, content = shown(recorder)
    assert (content["vmin"], content["layer"], values.max()) == (1, "X", 2000)
    assert content["vmax"] == pytest.approx(2, abs=0.02)
    widget.color = f"Ms:{gene}"
    values, content = shown(recorder)
    assert (content["key"], content["layer"]) == (gene, "Ms")
    np.testing.assert_allclose(values, adata.layers["Ms"][:, 3], rtol=1e-5)
    assert content["asked"] == {"color": f"Ms:{gene}", "layer": None}


def test_the_layer_is_live_and_for_genes_only(adata, recorder, gene):
    widget = made(adata, recorder, color=gene)
    widget.layer = "velocity"
    values, content = shown(recorder)
    np.testing.assert_allclose(values, adata.layers["velocity"][:, 3], rtol=1e-5, atol=1e-6)
    assert (content["layer"], content["asked"]) == ("velocity", {"color": gene, "layer": "velocity"})
    widget.color = "true_time"
    assert shown(recorder)[1]["layer"] is None
    widget.color = f"Ms:{gene}"
    assert shown(recorder)[1]["layer"] == "Ms"
    widget.color, widget.layer = gene, None
    assert (widget.layer, widget.pipeline.layer, shown(recorder)[1]["layer"]) == (None, None, "X")
    for value, words in (("Mss", "did you mean 'Ms'"), (3, "layer"), (["Ms"], "layer")):
        with pytest.raises(t.TraitError, match=words):
            widget.layer = value
    assert widget.layer is None


def test_names_with_colons_are_genes_first(adata, recorder):
    adata.var_names = ["Ms:1", "chr1:100-200", "obs:3", *adata.var_names[3:]]
    widget = made(adata, recorder)
    for name, column in (("Ms:1", 0), ("chr1:100-200", 1), ("obs:3", 2), ("Ms:Ms:1", 0), ("gene:chr1:100-200", 1)):
        widget.color = name
        values, content = shown(recorder)
        source = adata.layers["Ms"] if name == "Ms:Ms:1" else adata.X
        dense = source[:, column].toarray().ravel() if hasattr(source, "toarray") else source[:, column]
        np.testing.assert_allclose(values, dense, rtol=1e-5)
        assert content["key"] == adata.var_names[column]
    with pytest.raises(t.TraitError, match="no 'Msx'; did you mean 'Ms'"):
        widget.color = f"Msx:{adata.var_names[5]}"


def test_limits_are_live_and_go_with_their_colour(adata, recorder, gene):
    widget = made(adata, recorder, color=gene, vmin=0.5, vmax="p95")
    assert (widget.vmin, widget.vmax, widget.pipeline.vmin) == (0.5, "p95", 0.5)
    widget.vmin = np.float32(1.5)
    assert (widget.vmin, widget.pipeline.vmin) == (1.5, 1.5)
    widget.set_state({"vmin": None, "vmax": 3})
    assert (widget.vmin, widget.pipeline.vmin, widget.vmax, widget.pipeline.vmax) == (None, None, 3.0, 3.0)
    widget.vmin = "p1"
    widget.color = "true_time"
    assert (widget.vmin, widget.vmax) == ("p1", None), "numbers are of the gene"
    with widget.hold_trait_notifications():
        widget.color, widget.vmax = gene, 7
    assert (widget.color, widget.vmax, widget.pipeline.vmax) == (gene, 7.0, 7.0)
    widget.layer = "Ms"
    assert widget.vmax is None


@pytest.mark.parametrize("value", ["99", "p101", np.nan, np.inf, 10**400, True, [1], np.arange(3), "x" * 10**6, {}])
def test_what_is_no_limit_is_refused(adata, recorder, gene, value):
    widget = made(adata, recorder, color=gene, vmax=3)
    with pytest.raises(t.TraitError, match="vmax") as raised:
        widget.vmax = value
    assert len(str(raised.value)) < 300
    assert (widget.vmax, widget.pipeline.vmax) == (3.0, 3.0)


def test_limits_can_be_changed_one_after_the_other(adata, recorder, gene):
    widget = made(adata, recorder, color=gene, vmin=1, vmax=3)
    widget.vmin = 4
    widget.vmax = 5
    assert (widget.vmin, widget.vmax, widget.pipeline.vmin, widget.pipeline.vmax) == (4.0, 5.0, 4.0, 5.0)
    with widget.hold_trait_notifications():
        widget.vmin, widget.vmax = 8, 9
    widget.set_state({"vmin": 18, "vmax": 19})
    assert (widget.vmin, widget.pipeline.vmax) == (18.0, 19.0)


def test_a_limit_that_is_refused_is_explained_in_the_page_and_put_back(adata, recorder, gene):
    widget = made(adata, recorder, color=gene, vmin=1)
    widget.set_state({"vmin": "lowest"})
    assert "percentile" in recorder.last("error", trait="vmin")[0]["message"]
    assert (widget.vmin, widget.pipeline.vmin) == (1.0, 1.0)


def test_layers_that_cannot_colour_are_not_offered(adata, recorder):
    adata.layers["words"] = np.full(adata.shape, "a")
    adata.layers["complex"] = np.zeros(adata.shape, dtype=complex)
    made(adata, recorder)
    offered = {offer["key"] for offer in recorder.offers("layer")}
    assert set(offered) >= {"Ms", "velocity"}
    assert not {"words", "complex", None} & set(offered)


def test_a_view_of_an_anndata_keeps_its_cells_colours(adata, recorder):
    names = list(adata.obs["clusters"].cat.categories)
    adata.uns["clusters_colors"] = [f"#{20 * i:02x}8080" for i in range(len(names))]
    own = dict(zip(names, adata.uns["clusters_colors"], strict=True))
    some = adata[adata.obs["clusters"].isin(names[1:3])]
    assert isinstance(some, ad.AnnData)
    made(some, recorder, degenerate="self_loop")
    colors, content = shown(recorder)
    assert {c["name"] for c in content["categories"] if c["count"]} == set(names[1:3])
    assert all(colors[name] == own[name] for name in names[1:3])
