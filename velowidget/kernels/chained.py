"""An AnnData, a direction and a transition matrix: what everything else is made of a kernel's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.chain import Chain, chain_of
from velowidget.core.conditions import communicating_classes, condition_number
from velowidget.core.graph import Graph
from velowidget.data.arguments import checked_text
from velowidget.data.matrices import stochastic_matrix
from velowidget.data.messages import shown
from velowidget.data.velocity import checked_adata, same_cells


class Chained:
    """What has a Markov chain of the cells of an AnnData.

    Parameters
    ----------
    adata
        Annotated data.
    backward
        Direction of the process; None without one.
    graph
        Neighbourhoods, for the projection; None where they are those of other kernels.
    """

    RESULTS: tuple[str, ...] = ("_transition_matrix",)
    """Attributes of matrices that computing sets: what is stored, and what the other direction begins without."""

    _may_lack_direction = False
    _compute_cond_num = False
    _nameless = False  # whether the AnnData knows nothing of the cells but their number
    _graph: Graph

    def __init__(self, adata: AnnData, backward: bool | None, graph: Graph | None) -> None:
        if not (isinstance(backward, bool | np.bool_) or (backward is None and self._may_lack_direction)):
            choice = "True, False or None" if self._may_lack_direction else "True or False"
            raise TypeError(f"backward must be {choice}, not {shown(backward)}.")
        self._adata = checked_adata(adata)
        self._backward = None if backward is None else bool(backward)
        self._n_cells = adata.n_obs
        if graph is not None:
            self._graph = graph
        self._transition_matrix: sp.csr_matrix | None = None
        self._params: dict[str, Any] = {}
        self._derived: dict[str, tuple[sp.csr_matrix, Any]] = {}

    @property
    def adata(self) -> AnnData:
        """Annotated data, shape (n_cells, n_vars); can be set to another of the same cells: results stay."""
        return self._adata

    @adata.setter
    def adata(self, given: AnnData) -> None:
        named = not self._nameless and self.adata.n_obs == self._n_cells
        self._adata = same_cells(given, self._n_cells, self.adata.obs_names if named else None)

    @property
    def cell_names(self) -> pd.Index | None:
        """Names of the cells; None where nothing is known of them but their number."""
        return None if self._nameless else self.adata.obs_names

    @property
    def backward(self) -> bool | None:
        """Direction of the process; None without one."""
        return self._backward

    @property
    def shape(self) -> tuple[int, int]:
        """(n_cells, n_cells)."""
        return (self._n_cells, self._n_cells)

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the present transition matrix, a copy; empty before it is computed."""
        return dict(self._params)

    @property
    def kernels(self) -> Sequence[Chained]:
        """The base kernels that this one is made of: itself."""
        return [self]

    @property
    def condition_number(self) -> float | None:
        """Condition number of the present transition matrix; None before there is one, and where not asked for.

        See :func:`velowidget.core.conditions.condition_number`.
        """
        wanted = any(kernel._compute_cond_num for kernel in self.kernels)
        return (
            self._of_matrix("condition", condition_number) if wanted and self._transition_matrix is not None else None
        )

    @property
    def communicating_classes(self) -> NDArray[np.int32]:
        """Class of each cell under the present transition matrix, shape (n_cells,), the largest numbered 0.

        Cells of a class can be reached from each other; with a single class, the chain is irreducible.
        """
        return self._of_matrix("classes", communicating_classes).copy()

    @property
    def chain(self) -> Chain:
        """The Markov chain of the present transition matrix, with its probabilities on the edges of the neighbourhoods.

        Where it is made of similarities, these are in it, with their scale; see :class:`velowidget.core.chain.Chain`.
        """
        return self._of_matrix("chain", self._chain_of)

    @property
    def transition_matrix(self) -> sp.csr_matrix:
        """Row-stochastic matrix, CSR float64, shape (n_cells, n_cells), read-only.

        Computed with the defaults on first use. Can be set to any square matrix of that many cells without negative
        entries or empty rows; rows are divided by their sums, and `params` say no more than that it was given.
        """
        if self._transition_matrix is None:
            self.compute_transition_matrix()
        assert self._transition_matrix is not None
        return self._transition_matrix

    @transition_matrix.setter
    def transition_matrix(self, given: Any) -> None:
        matrix = stochastic_matrix(given, self._n_cells)
        self._forget()
        self._transition_matrix, self._params = matrix, {"origin": "array"}

    def compute_transition_matrix(self) -> Chained:
        """Compute the transition matrix; subclasses say how."""
        raise NotImplementedError

    def _chain_of(self, matrix: sp.csr_matrix) -> Chain:
        direction = None if self.backward is None else "backward" if self.backward else "forward"
        return chain_of(matrix, self._neighbours(), direction)

    def _of_matrix(self, name: str, function: Callable[[sp.csr_matrix], Any]) -> Any:
        """What a function makes of the present transition matrix, computed once."""
        matrix = self.transition_matrix
        if name not in self._derived or self._derived[name][0] is not matrix:
            self._derived[name] = (matrix, function(matrix))
        return self._derived[name][1]

    def _forget(self) -> None:
        for name in self.RESULTS:
            setattr(self, name, None)
        self._params = {}

    def _neighbours(self) -> Graph:
        return self._graph

    def _check_size(self) -> None:
        if self.adata.n_obs != self.shape[0]:
            raise ValueError(
                f"The AnnData has {self.adata.n_obs:,} cells now, and had {self.shape[0]:,} when the kernel was made. "
                "Make a new kernel."
            )

    def _key(self, key: str | None) -> str:
        if not key:
            return "T_bwd" if self.backward else "T_fwd"
        if "/" in checked_text("The key", key):
            raise ValueError(f"The key {shown(key)} has a '/', which files take for a folder. Use another character.")
        return key

    def __repr__(self) -> str:
        return self._written(repr)

    def __str__(self) -> str:
        return self._written(str)

    def _written(self, form: Callable[[object], str]) -> str:
        """Name, size and, for `repr`, parameters; an expression writes its parts in the given form."""
        settings = "".join(f", {name}={value!r}" for name, value in self._params.items()) if form is repr else ""
        return f"{'~' if self.backward else ''}{type(self).__name__}[n={self.shape[0]}{settings}]"
