"""What every kernel has: an AnnData, a direction, a transition matrix and the parameters that made it."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

import numpy as np
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.graph import Graph
from velowidget.core.projection import project, quiver_scale
from velowidget.kernels.annotations import read_embedding
from velowidget.kernels.data import checked_adata


class Kernel:
    """Base of the kernels; make one of its subclasses.

    Parameters
    ----------
    adata
        Annotated data; never changed, except by `write_to_adata` and `compute_projection`.
    backward
        Direction of the process.
    graph
        Neighbourhoods, for the projection.
    """

    def __init__(self, adata: AnnData, backward: bool, graph: Graph) -> None:
        if not isinstance(backward, bool | np.bool_):
            raise TypeError(f"backward must be True or False, not {backward!r}.")
        self._adata = checked_adata(adata)
        self._backward = bool(backward)
        self._graph = graph
        self._transition_matrix: sp.csr_matrix | None = None
        self._params: dict[str, Any] = {}

    @property
    def adata(self) -> AnnData:
        """Annotated data, shape (n_cells, n_vars)."""
        return self._adata

    @property
    def backward(self) -> bool:
        """Direction of the process."""
        return self._backward

    @property
    def shape(self) -> tuple[int, int]:
        """(n_cells, n_cells)."""
        return (self._graph.n_cells, self._graph.n_cells)

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the present transition matrix, a copy; empty before it is computed."""
        return dict(self._params)

    @property
    def kernels(self) -> list[Kernel]:
        """The base kernels that this one is made of: itself."""
        return [self]

    @property
    def transition_matrix(self) -> sp.csr_matrix:
        """Row-stochastic matrix, CSR float64, shape (n_cells, n_cells), read-only.

        Computed with the defaults on first use.
        """
        if self._transition_matrix is None:
            self.compute_transition_matrix()
        assert self._transition_matrix is not None
        return self._transition_matrix

    def compute_transition_matrix(self) -> Kernel:
        """Compute the transition matrix; subclasses say how."""
        raise NotImplementedError

    def compute_projection(
        self, basis: str = "umap", key_added: str | None = None, copy: bool = False
    ) -> NDArray[np.float64] | None:
        """Project the transition matrix onto an embedding.

        The mean unit step beyond a uniform walk (see :func:`velowidget.core.projection.project`), divided by three
        times the automatic scale of matplotlib's quiver, as CellRank does.

        Parameters
        ----------
        basis
            Key in ``adata.obsm``, with or without ``X_``.
        key_added
            Written to ``adata.obsm[f'{key_added}_{basis}']``; by default ``'T_fwd'`` or ``'T_bwd'``.
        copy
            Return the array and write nothing.

        Returns
        -------
        float64, shape (n_cells, n_dims), if `copy`; else None.
        """
        self._check_size()
        positions = read_embedding(self.adata, basis)
        matrix = self.transition_matrix
        on_edges = np.asarray(matrix[self._graph.sources, self._graph.indices]).ravel()
        arrows = project(self._graph, on_edges, positions)
        arrows /= quiver_scale(arrows, positions)
        if copy:
            return arrows
        key, basis = self._key(key_added), basis.removeprefix("X_")
        record = dict(self.adata.uns.get(f"{key}_params", {}))
        record["embeddings"] = sorted({*record.get("embeddings", []), basis})
        self.adata.obsm[f"{key}_{basis}"] = arrows
        self.adata.uns[f"{key}_params"] = record
        return None

    def write_to_adata(self, key: str | None = None) -> None:
        """Write the transition matrix and its parameters into the AnnData, under CellRank's keys.

        Parameters
        ----------
        key
            Writes ``adata.obsp[key]`` and ``adata.uns[f'{key}_params']``; by default ``'T_fwd'`` or ``'T_bwd'``.
        """
        self._check_size()
        key = self._key(key)
        self.adata.obsp[key] = self.transition_matrix.copy()
        self.adata.uns[f"{key}_params"] = {**self.adata.uns.get(f"{key}_params", {}), "params": self.params}

    def _check_size(self) -> None:
        if self.adata.n_obs != self.shape[0]:
            raise ValueError(
                f"The AnnData has {self.adata.n_obs:,} cells now, and had {self.shape[0]:,} when the kernel was made. "
                "Make a new kernel."
            )

    def _key(self, key: str | None) -> str:
        return key or ("T_bwd" if self.backward else "T_fwd")

    def __len__(self) -> int:
        return 1

    def __repr__(self) -> str:
        settings = "".join(f", {name}={value!r}" for name, value in self._params.items())
        return f"{'~' if self.backward else ''}{type(self).__name__}[n={self.shape[0]}{settings}]"


def reject_unknown(function: str, given: Collection[str], known: Collection[str]) -> None:
    """Raise a TypeError that names the nearest known keyword, if any keyword was given that is not known."""
    for name in given:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(known)}."
        raise TypeError(f"{function}() has no argument {name!r}; {hint}")


def one_of(name: str, value: object, allowed: Collection[str]) -> str:
    """Return `value` if it is one of the allowed words, else raise a ValueError that names the nearest."""
    if isinstance(value, str) and value in allowed:
        return value
    close = difflib.get_close_matches(str(value), allowed, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"choose one of {', '.join(map(repr, allowed))}."
    raise ValueError(f"{name}={value!r} is not known; {hint}")
