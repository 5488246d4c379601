"""Files of figures say of which kernel they are, and how they were drawn."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
import zlib

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from velowidget import VelocityKernel
from velowidget.datasets import bifurcation

DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
DRAW = {
    "plot_projection": {},
    "plot_random_walks": {"n_sims": 3, "max_iter": 4, "seed": 7, "show_progress_bar": False},
    "plot_single_flow": {"cluster": "Progenitor", "cluster_key": "clusters", "time_key": "day"},
}


@pytest.fixture(scope="module")
def kernel():
    adata = bifurcation(n_cells=120, n_genes=20)
    adata.obs["day"] = pd.Categorical(np.digitize(adata.obs["true_time"], [0.3, 0.6]), ordered=True)
    return VelocityKernel(adata, backward=True).compute_transition_matrix(backward_mode="negate", softmax_scale=4.0)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def png_texts(path):
    """The tEXt chunks, read as the specification has them."""
    content, at, texts = path.read_bytes(), 8, {}
    while at < len(content):
        length, kind = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        data = content[at + 8 : at + 8 + length]
        assert zlib.crc32(kind + data) == int.from_bytes(content[at + 8 + length : at + 12 + length], "big")
        if kind == b"tEXt":
            key, _, text = data.partition(b"\0")
            texts[key.decode("latin-1")] = text.decode("latin-1")
        at += 12 + length
    return texts


@pytest.mark.parametrize("name", DRAW)
def test_png_and_svg_and_pdf_carry_the_settings(kernel, tmp_path, name):
    paths = [tmp_path / f"figure.{kind}" for kind in ("png", "svg", "pdf")]
    for path in paths:
        getattr(kernel, name)(**DRAW[name], save=path)
    texts = png_texts(paths[0])
    assert texts["Title"] == repr(kernel)
    settings = json.loads(texts["Description"])
    assert settings["params"] == kernel.params
    assert settings["backward"] is True
    root = ElementTree.parse(paths[1])
    assert next(root.iter(f"{DUBLIN_CORE}title")).text == repr(kernel)
    assert json.loads(next(root.iter(f"{DUBLIN_CORE}description")).text) == settings
    assert re.search(rb"/Title \((.*?)\)\s", paths[2].read_bytes())
    assert b"/Subject" in paths[2].read_bytes()


def test_settings_are_those_of_the_call(kernel, tmp_path):
    kernel.plot_projection(color="", density=0.5, honest=False, save=tmp_path / "a.png")
    drawn = json.loads(png_texts(tmp_path / "a.png")["Description"])
    assert (drawn["basis"], drawn["color"], drawn["density"], drawn["honest"]) == ("umap", "", 0.5, False)
    kernel.plot_random_walks(**DRAW["plot_random_walks"], start_ixs={"clusters": "Progenitor"}, save=tmp_path / "b.png")
    drawn = json.loads(png_texts(tmp_path / "b.png")["Description"])
    assert (drawn["n_sims"], drawn["seed"], drawn["start_ixs"]) == (3, 7, {"clusters": "Progenitor"})
    kernel.plot_single_flow(**DRAW["plot_single_flow"], min_flow=0.01, save=tmp_path / "c.png")
    drawn = json.loads(png_texts(tmp_path / "c.png")["Description"])
    assert (drawn["cluster"], drawn["time_points"], drawn["min_flow"]) == ("Progenitor", [0.0, 1.0, 2.0], 0.01)


def test_names_are_text_in_every_format(kernel, tmp_path):
    """Of a column, with what XML and PDF would read as theirs."""
    kernel.adata.obs["<b>&(\\ é\n$"] = np.arange(kernel.adata.n_obs, dtype=float)
    for kind in ("png", "svg", "pdf", "jpg"):
        kernel.plot_projection(color="<b>&(\\ é\n$", honest=False, save=tmp_path / f"odd.{kind}")
    assert json.loads(png_texts(tmp_path / "odd.png")["Description"])["color"] == "<b>&(\\ é\n$"
    ElementTree.parse(tmp_path / "odd.svg")
