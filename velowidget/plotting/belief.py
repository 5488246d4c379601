"""How far to believe what is drawn, as its opacity; the widget fades alike."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from velowidget.core.diagnostics import belief
from velowidget.core.grid import Lattice

# What deserves no belief is still there to be seen, barely.
_FAINTEST = 0.12
_MEANING = "Faint: fidelity or support is small."


def opacities(
    on: Lattice, fidelity: NDArray[np.float64], support: NDArray[np.float64], places: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How opaque something is drawn at places of an embedding.

    Parameters
    ----------
    on
        The lattice on which belief, the smaller of fidelity and support, is averaged over cells.
    fidelity, support
        Of each cell, float64, shape (n_cells,), from 0 to 1, or NaN.
    places
        Shape (n_places, n_dims); between the lattice's points, belief is interpolated.

    Returns
    -------
    float64, shape (n_places,): from 0.12, which is also where belief is not known, to 1.
    """
    values = belief(on, fidelity, support)
    at = ((places - on.start) / on.spacing).T
    # Points without cells count neither as belief nor as doubt.
    known = map_coordinates((~np.isnan(values)).astype(np.float64), at, order=1, mode="nearest")
    total = map_coordinates(np.nan_to_num(values), at, order=1, mode="nearest")
    there = np.divide(total, known, out=np.zeros_like(total), where=known > 0)
    return _FAINTEST + (1 - _FAINTEST) * np.clip(there, 0, 1)


def explain(ax: Axes) -> None:
    """Say below the axes what faint means."""
    ax.annotate(
        _MEANING, (0.5, 0), xytext=(0, -4), xycoords="axes fraction", textcoords="offset points",
        ha="center", va="top", fontsize="small", color="0.4",
    )  # fmt: skip
