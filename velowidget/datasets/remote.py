"""Public data, downloaded once, checked against a published checksum, and kept in the user's cache."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import anndata
import pooch

CACHE_VARIABLE = "VELOWIDGET_DATA_DIR"
TIMEOUT = 30  # seconds without an answer or without a byte


@dataclass(frozen=True)
class RemoteFile:
    """A file on the web and its SHA-256."""

    name: str
    url: str
    sha256: str
    size: str  # for people


# The checksum is the one that Pyro-Velocity checks this file against (`pyrovelocity.io.datasets.pancreas`).
PANCREAS = RemoteFile(
    name="endocrinogenesis_day15.h5ad",
    url="https://github.com/theislab/scvelo_notebooks/raw/master/data/Pancreas/endocrinogenesis_day15.h5ad",
    sha256="9e3e459eca00ba06b496ec80def32941b5b2889918720e3e7aa6ffb811fbe7c6",
    size="50 MB",
)


def pancreas() -> anndata.AnnData:
    """Mouse pancreas at E15.5, where ductal cells become endocrine cells; about 3,700 cells and 28,000 genes.

    The data of Bastidas-Ponce et al. 2019 (Development 146, dev173849) as published with scVelo (Bergen et al. 2020).
    Downloaded once (50 MB), checked (SHA-256) and kept in ``pooch.os_cache('velowidget')``, or in the folder that the
    environment variable ``VELOWIDGET_DATA_DIR`` names.

    Returns
    -------
    AnnData with counts in the layers `spliced` and `unspliced`, `obs['clusters']` and `obsm['X_umap']`. Moments and
    velocities are not in the file; make them with :func:`velowidget.filter_genes` and :func:`velowidget.velocity`.

    Raises
    ------
    ConnectionError
        The file is not in the cache and cannot be downloaded.
    ValueError
        What was downloaded is not the published file.
    """
    path = fetch(PANCREAS)
    with warnings.catch_warnings():
        # The file was written by an early anndata, which it need not bother anyone with.
        warnings.filterwarnings("ignore", category=anndata.OldFormatWarning)
        warnings.filterwarnings("ignore", message="Variable names are not unique")
        adata = anndata.read_h5ad(path)
    adata.var_names_make_unique()
    return adata


def fetch(file: RemoteFile) -> Path:
    """Path of the checked file in the cache, downloading it when it is missing or damaged."""
    folder = Path(os.environ.get(CACHE_VARIABLE) or pooch.os_cache("velowidget"))
    try:
        return Path(
            pooch.retrieve(
                file.url,
                known_hash=f"sha256:{file.sha256}",
                fname=file.name,
                path=folder,
                downloader=pooch.HTTPDownloader(timeout=TIMEOUT),
            )
        )
    except OSError as error:  # also every error of requests
        raise ConnectionError(
            f"Could not download {file.name} ({file.size}) from {file.url}: {error}\n"
            f"Without network, put the file by hand at {folder / file.name} (SHA-256 {file.sha256}), "
            f"or set the environment variable {CACHE_VARIABLE} to the folder that has it.\n"
            "velowidget.datasets.bifurcation() and .cycle() need no network."
        ) from error
    except ValueError as error:
        raise ValueError(
            f"What {file.url} gives is not the published {file.name} (SHA-256 {file.sha256}), so it was not kept. "
            "A proxy or login page may have answered instead; download it by hand "
            f"to {folder / file.name}, or use velowidget.datasets.bifurcation(), which needs no network."
        ) from error
