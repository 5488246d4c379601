"""Which files are ours, and what is made of them."""

from __future__ import annotations

import numpy as np
import pytest
import zarr

from velowidget.data.messages import MissingKeyError
from velowidget.napari_plugin import layers
from velowidget.napari_plugin.reader import get_reader


@pytest.fixture(params=["h5ad", "zarr"])
def written(request, adata, tmp_path):
    path = tmp_path / f"cells.{request.param}"
    getattr(adata, f"write_{request.param}")(path)
    return path


def test_a_file_becomes_a_layer_of_its_cells(written, adata):
    ((points, attributes, kind),) = get_reader(str(written))(str(written))
    assert kind == "points"
    assert attributes["name"] == "cells"
    np.testing.assert_array_equal(points, layers.axes(adata.obsm["X_umap"]))
    assert list(attributes["metadata"]["anndata"].obs_names) == list(adata.obs_names)


def test_several_files_become_several_layers(adata, tmp_path):
    paths = [str(tmp_path / f"{name}.h5ad") for name in ("a", "b")]
    for path in paths:
        adata.write_h5ad(path)
    assert [attributes["name"] for _, attributes, _ in get_reader(paths)(paths)] == ["a", "b"]


def test_other_files_and_folders_are_left_to_others(tmp_path):
    (tmp_path / "cells.csv").write_text("a")
    (tmp_path / "folder").mkdir()
    zarr.open_group(tmp_path / "image.zarr", mode="w").attrs["multiscales"] = []
    for name in ("cells.csv", "folder", "image.zarr", "absent.h5ad", "absent.zarr"):
        assert get_reader(str(tmp_path / name)) is None
    assert get_reader([]) is None


def test_cells_without_an_embedding_say_what_to_do(adata, tmp_path):
    adata.obsm.clear()
    path = str(tmp_path / "cells.h5ad")
    adata.write_h5ad(path)
    with pytest.raises(MissingKeyError, match=r"scanpy\.tl\.umap"):
        get_reader(path)(path)
