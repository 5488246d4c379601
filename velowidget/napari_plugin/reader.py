"""Open AnnData files, ``.h5ad`` and zarr, as a layer of cells."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anndata

from velowidget.napari_plugin.layers import LayerData, first_cells

Reader = Callable[[Any], list[LayerData]]


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """The reader for a path; None for what is no AnnData, which others may read."""
    paths = [path] if isinstance(path, str) else list(path)
    return read if paths and all(_is_anndata(Path(one)) for one in paths) else None


def read(path: str | Sequence[str]) -> list[LayerData]:
    """A layer of cells for each file; with the file's AnnData, from which the dock computes velocities."""
    paths = [path] if isinstance(path, str) else list(path)
    return [first_cells(_load(Path(one)), name=Path(one).stem) for one in paths]


def _load(path: Path) -> anndata.AnnData:
    return anndata.read_zarr(path) if path.is_dir() else anndata.read_h5ad(path)


def _is_anndata(path: Path) -> bool:
    """Whether a file says that it is an AnnData; napari asks this of every folder."""
    try:
        if path.is_dir():
            import zarr

            attributes = zarr.open_group(path, mode="r").attrs
            return bool(attributes.get("encoding-type") == "anndata")
        return path.suffix.lower() == ".h5ad" and path.is_file()
    except Exception:  # whatever it is, it is not ours
        return False
