"""Colours stored with the data are read whichever way they were written, and what cannot be used is said once."""

from __future__ import annotations

from types import SimpleNamespace

import anndata as ad
import numpy as np
import pandas as pd
import pytest

from tests.fingerprint import unchanged
from velowidget.data.annotations import read_annotation
from velowidget.data.color_names import x11_color
from velowidget.data.colors import read_colors

NAMES = ("a", "b", "c")
RED, GREEN, BLUE = "#ff0000", "#008000", "#0000ff"
ALL = (RED, GREEN, BLUE)
EXACT = [(1.0, 0.0, 0.0), (0.0, 128 / 255, 0.0), (0.0, 0.0, 1.0)]
BYTES = [(255, 0, 0), (0, 128, 0), (0, 0, 255)]


def read(stored, names=NAMES, used=None):
    adata = SimpleNamespace(uns={"k_colors": stored})
    return read_colors(adata, "k", names, np.ones(len(names), bool) if used is None else used)


@pytest.mark.parametrize(
    "stored",
    [
        ["red", "green", "blue"],
        ("red", "green", "blue"),
        np.array(["red", "green", "blue"]),
        np.array(["red", "green", "blue"], dtype=object),
        np.array([b"red", b"green", b"blue"]),
        [b"red", "Green", " blue "],
        pd.Series(["red", "green", "blue"]),
        pd.Series(["red", "green", "blue"]).astype("category"),
        pd.Series(["blue", "red", "green"], index=["c", "a", "b"]),
        pd.Index(["red", "green", "blue"]),
        pd.Categorical(["red", "green", "blue"], categories=["green", "blue", "red"]),
        pd.DataFrame(EXACT, columns=list("rgb")),
        pd.DataFrame(EXACT, columns=list("rgb"), index=list("abc")),
        pd.DataFrame(EXACT[::-1], columns=list("rgb"), index=list("cba")),
        {"c": "blue", "a": "red", "b": "green", "gone": "black"},
        {"a": np.array([1.0, 0, 0]), "b": (0, 128 / 255, 0), "c": [0, 0, 1]},
        {b"a": b"red", b"b": b"green", b"c": b"blue"},
        EXACT,
        np.array(EXACT),
        np.array(EXACT, dtype=np.float32),
        np.column_stack([EXACT, np.ones(3)]),
        np.array(BYTES),
        np.array(BYTES, dtype=np.uint8),
        np.array(BYTES, dtype=float),
        [*map(list, BYTES)],
        [(255, 0, 0, 255), (0, 128, 0, 255), (0, 0, 255, 255)],
        ["rgb(255, 0, 0)", "rgb(0,128,0)", "RGBA(0 0 255 / 1)"],
        ["#f00", "#008000FF", "0000ff"],
        ["#FF0000", "0x008000", "#0000FF"],
        ["red1", "green", "blue1"],
        ["r", (0, 128, 0), "b"],
    ],
    ids=lambda stored: f"{type(stored).__name__} {stored!r:.40}".replace("\n", " "),
)
def test_every_way_to_write_colours(stored):
    assert read(stored) == (ALL, "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # As R's col2rgb gives them.
        ("grey50", "#7f7f7f"),
        ("gray10", "#1a1a1a"),
        ("grey90", "#e5e5e5"),
        ("gray0", "#000000"),
        ("grey100", "#ffffff"),
        ("steelblue4", "#36648b"),
        ("SteelBlue4", "#36648b"),
        ("dodgerblue3", "#1874cd"),
        ("darkslategrey2", "#8deeee"),
        ("violetred", "#d02090"),
        ("light goldenrod1", "#ffec8b"),
        ("grey101", None),
        ("steelblue5", None),
        ("steelblue0", None),
        ("steelblue", None),  # matplotlib's, too
        ("gray", None),
        ("blue٣", None),
        ("", None),
    ],
)
def test_names_of_r(name, expected):
    assert x11_color(name) == expected


def test_names_of_r_are_colours():
    assert read(["tomato2", "grey50", "Steel Blue"]) == (("#ee5c42", "#7f7f7f", "#4682b4"), "")


@pytest.mark.parametrize(
    ("stored", "expected", "said"),
    [
        (["red", None, "blue"], (RED, None, BLUE), r"no usable colour for 1 of 3 categories \('b': none is stored\)"),
        (["red", np.nan, "blue"], (RED, None, BLUE), "'b': none is stored"),
        (["red", "", "blue"], (RED, None, BLUE), "'b': none is stored"),
        (["red", "steelblu", None], (RED, None, None), r"2 of 3 categories \('b': 'steelblu'\)"),
        (["red", "none", "blue"], (RED, None, BLUE), r"\('b': 'none'\)"),
        (["red", (0, 0, 0, 0), "blue"], (RED, None, BLUE), r"\('b': \(0, 0, 0, 0\)\)"),
        (["red", (0.2, 0.1), "blue"], (RED, None, BLUE), "1 of 3"),
        ([(1, 0, 0), (0, 1.5, 0), (0, 0, 0.5)], (RED, None, "#000080"), r"\(0, 1.5, 0\)"),
        ([(255, 0, 0), (300, 0, 0), (0, 0, 255)], (RED, None, BLUE), "1 of 3"),
        ([(1.0, 0, 0), (np.nan, 0, 0), (0, 0, 1.0)], (RED, None, BLUE), "1 of 3"),
        ([(1, 0, 0), (True, False, False), (0, 0, 1)], (RED, None, BLUE), "1 of 3"),
        ([(10**400, 0, 0), "green", "blue"], (None, GREEN, BLUE), "1 of 3"),
        (["red", {"a": 1}, object()], (RED, None, None), "2 of 3"),
        ({"a": "red", "c": "blue"}, (RED, None, BLUE), "'b': none is stored"),
        ({"x": "red"}, (None, None, None), "3 of 3"),
        (["red"], (RED, None, None), "has 1 colour for 3 categories; no usable colour for 2 of 3"),
        (np.array("red"), (RED, None, None), "has 1 colour for 3 categories"),
        ("red", (RED, None, None), "has 1 colour for 3 categories"),
        ([], (None, None, None), "has 0 colours for 3 categories; no usable colour for 3 of 3"),
        ([1, 2, 3], (None, None, None), r"3 of 3 categories \('a': 1\)"),
        (7, (None, None, None), "3 of 3"),
        (["red", "green", "blue", "black"], ALL, r"has 4 colours for 3 categories, of which the first 3 are used\.$"),
        (["#ff000080", "green", "blue"], ALL, r"has an opacity for 1, which is not used\.$"),
        ([(1, 0, 0, 0.5), ("green", 0.5), "blue"], ALL, "an opacity for 2"),
        ([(255, 0, 0, 0.5), (0, 128, 0, 127), (0, 0, 255)], ALL, "an opacity for 2"),
        (np.ma.masked_array(["red", "green", "blue"], [False, True, False]), (RED, None, BLUE), "'b': none is stored"),
        (["red", "x" * 10**6, "blue"], (RED, None, BLUE), r"'x+\.\.\.x+'"),
        (['red"; background: url(x)', "<b>", "expression(1)"], (None, None, None), "3 of 3"),
    ],
    ids=lambda value: f"{value!r:.40}".replace("\n", " ") if not isinstance(value, tuple) else "",
)
def test_what_is_usable_is_used_and_the_rest_is_said(stored, expected, said):
    hexes, note = read(stored)
    assert hexes == expected
    assert len(note) < 300
    assert pd.Series([note]).str.contains(said).all(), note
    assert note.startswith("adata.uns['k_colors'] has ")


def test_nothing_is_said_of_categories_without_cells():
    assert read(["red", None, "nope"], used=np.array([True, False, False])) == ((RED, None, None), "")


def test_black_among_bytes_and_primaries_are_no_question_of_scale():
    assert read([(0, 0, 0), (1, 1, 1), (200, 0, 0)])[0] == ("#000000", "#010101", "#c80000")
    assert read([(0, 0, 0), (1, 1, 1), (1, 0, 0)])[0] == ("#000000", "#ffffff", RED)
    assert read(np.array([(0.0, 0, 0), (1 + 1e-9, 1, 1), (0.5, 0, 0)]))[0] == ("#000000", "#ffffff", "#800000")


def test_annotations_have_them(adata):
    adata.uns["clusters_colors"] = {"late": (0, 0, 255), "early": (255, 0, 0)}
    with unchanged(adata):
        found = read_annotation(adata, "clusters")
    assert found.stored_colors == (RED, BLUE, None)
    assert "'middle': none is stored" in found.note
    np.testing.assert_array_equal(found.counts, [10, 10, 10])


def test_a_subset_keeps_the_colours_of_its_cells(adata):
    adata.uns["clusters_colors"] = ["red", "green", "blue"]
    some = adata[adata.obs["clusters"] != "early"]
    for subset in (some, some.copy()):
        found = read_annotation(subset, "clusters")
        by_name = dict(zip(found.categories, found.stored_colors, strict=True))
        assert (by_name["late"], by_name["middle"], found.note) == (GREEN, BLUE, "")


@pytest.mark.parametrize(
    "stored", [np.array(EXACT), {"early": "red", "late": "blue"}, np.array(["red", "grey50", "b"])]
)
def test_files_give_back_what_can_be_read(adata, tmp_path, stored):
    adata.uns["clusters_colors"] = stored
    before = read_annotation(adata, "clusters")
    adata.write_h5ad(tmp_path / "cells.h5ad")
    after = read_annotation(ad.read_h5ad(tmp_path / "cells.h5ad"), "clusters")
    assert (after.stored_colors, after.note) == (before.stored_colors, before.note)
    assert RED in after.stored_colors
