"""Layers, as napari takes them: data, attributes and type. Plain functions on arrays; neither napari nor Qt is needed.

Every layer lives in three dimensions, so that it can go from plane to space and back: an embedding's x and y become
napari's last two axes, y (down) and x, its third dimension the axis before them, and a plane lies at z = 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData
from matplotlib import colormaps
from matplotlib.colors import to_rgba_array
from numpy.typing import NDArray

from velowidget.data.annotations import Annotation, CategoricalAnnotation, default_column, read_annotation
from velowidget.data.embeddings import bases, read_embedding
from velowidget.data.limits import Limit, read_limits
from velowidget.plotting.palettes import AUTOMATIC, MISSING, category_colors

LayerData = tuple[Any, dict[str, Any], str]

# As in the widget: an arrow of length 1 reaches over its neighbours on the grid; those below have no visible direction.
GAIN = 1.6
SHORTEST = 0.1
PER_SIDE = 32
"""Arrows of cells are as long as if so many stood along the longest side."""
MOST_ARROWS = 2_000
"""More arrows of cells than this cannot be told apart: the rest is left out, evenly."""

_UNKNOWN = "(missing)"


def axes(coordinates: NDArray[np.floating]) -> NDArray[np.float32]:
    """Coordinates or steps on an embedding, in napari's order of axes.

    Parameters
    ----------
    coordinates
        Shape (n, 2 or 3): x, y and perhaps z.

    Returns
    -------
    float32, shape (n, 3): z (0 on a plane), -y, x.
    """
    shown = np.zeros((len(coordinates), 3), dtype=np.float32)
    shown[:, 3 - coordinates.shape[1] :] = coordinates[:, ::-1]
    shown[:, 1] *= -1
    return shown


def placed(positions: NDArray[np.floating]) -> NDArray[np.intp]:
    """Cells that have a place on the embedding, ascending."""
    return np.flatnonzero(np.isfinite(positions).all(axis=1))


def span(positions: NDArray[np.floating]) -> float:
    """The longest side of what positions cover, whatever their order of axes; 1 if they all coincide."""
    known = positions[placed(positions)]
    return float(np.ptp(known, axis=0).max(initial=0.0)) or 1.0


def size(positions: NDArray[np.floating]) -> float:
    """Of points, in units of the embedding: smaller where there are more."""
    return span(positions) / float(np.clip(3 * np.sqrt(len(positions)), 80, 400))


def first_cells(adata: AnnData, name: str) -> LayerData:
    """The cells of an AnnData on its first embedding, coloured by its first column; for readers and samples.

    Raises
    ------
    KeyError, ValueError
        If there is no embedding.
    """
    basis, column = next(iter(bases(adata)), "umap"), default_column(adata)
    positions = read_embedding(adata, basis)[:, :2]
    annotation = None if column is None else read_annotation(adata, column)
    return cells(adata, positions, annotation, name=name)


def cells(adata: AnnData, positions: NDArray[np.floating], annotation: Annotation | None, *, name: str) -> LayerData:
    """Points for the cells that have a place.

    Parameters
    ----------
    adata
        Annotated data; kept in the layer's metadata, where the dock finds it.
    positions
        The embedding, shape (n_cells, 2 or 3).
    annotation
        What they are coloured by; None if by nothing.
    name
        Of the layer.
    """
    shown = placed(positions)
    points = axes(positions[shown])
    attributes = {
        "name": name,
        "size": size(points),
        "border_width": 0,
        "metadata": {"anndata": adata},
        **coloring(adata, annotation, shown),
    }
    return points, attributes, "points"


def coloring(
    adata: AnnData,
    annotation: Annotation | None,
    shown: NDArray[np.intp],
    palette: str = AUTOMATIC,
    vmin: Limit = None,
    vmax: Limit = None,
) -> dict[str, Any]:
    """Attributes that colour the points of the cells `shown`, and name them where the pointer is."""
    features: dict[str, Any] = {"cell": np.asarray(adata.obs_names[shown], dtype=object)}
    if annotation is not None:
        features[annotation.key] = _names(annotation)[shown]
    return {
        "features": pd.DataFrame(features),
        "face_color": colors(annotation, adata.n_obs, palette, vmin, vmax)[shown],
    }


def colors(
    annotation: Annotation | None, n_cells: int, palette: str = AUTOMATIC, vmin: Limit = None, vmax: Limit = None
) -> NDArray[np.float64]:
    """Red, green, blue and opacity of each cell, shape (n_cells, 4), the same as in the widget."""
    if annotation is None:
        return to_rgba_array([MISSING] * n_cells)
    if isinstance(annotation, CategoricalAnnotation):
        hexes = category_colors(annotation, palette)
        return to_rgba_array([*hexes, MISSING])[annotation.codes]  # -1 is the last
    limits = read_limits(annotation, vmin, vmax)
    rgba: NDArray[np.float64] = colormaps["viridis"](limits.shares(annotation.values))
    rgba[np.isnan(annotation.values)] = to_rgba_array(MISSING)
    return rgba


def _names(annotation: Annotation) -> NDArray[Any]:
    """What each cell is said to be."""
    if isinstance(annotation, CategoricalAnnotation):
        return np.asarray([*annotation.categories, _UNKNOWN], dtype=object)[annotation.codes]
    return annotation.values


def arrows(feet: NDArray[np.floating], vectors: NDArray[np.floating], spacing: float) -> NDArray[np.float32]:
    """Arrows that can be seen, as the data of a layer of vectors.

    Parameters
    ----------
    feet, vectors
        Where they stand and where they point, shape (n, 2 or 3); those with NaN are left out.
    spacing
        Length of a vector of length 1, divided by `GAIN`, in units of the embedding.

    Returns
    -------
    float32, shape (n_arrows, 2, 3): foot and step.
    """
    lengths = np.linalg.norm(vectors, axis=1) * GAIN
    seen = (lengths >= SHORTEST) & np.isfinite(feet).all(axis=1)  # NaN is not
    return np.stack([axes(feet[seen]), axes(vectors[seen] * (GAIN * spacing))], axis=1)


def thinned(shown: NDArray[np.float32]) -> NDArray[np.float32]:
    """Every arrow, or every second, third, ... so that no more than `MOST_ARROWS` are left."""
    return shown[:: max(1, -(-len(shown) // MOST_ARROWS))]


def tracks(walks: NDArray[np.int32], positions: NDArray[np.floating]) -> NDArray[np.float64]:
    """Random walks as the data of a layer of tracks.

    Parameters
    ----------
    walks
        Shape (n_walks, n_steps + 1): numbers of cells, -1 after the end.
    positions
        The embedding, shape (n_cells, 2 or 3).

    Returns
    -------
    float64, shape (n_vertices, 5): walk, step and place; cells without a place are left out.
    """
    walk, step = np.nonzero(walks >= 0)
    places = positions[walks[walk, step]]
    known = np.isfinite(places).all(axis=1)
    return np.column_stack([walk[known], step[known], axes(places[known])]).astype(np.float64)
