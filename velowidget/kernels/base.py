"""What every kernel has: an AnnData, a direction, a transition matrix and the parameters that made it."""

from __future__ import annotations

import copy as copying
import inspect
import math
import numbers
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from anndata import AnnData
from numpy.typing import NDArray

from velowidget.core.conditions import communicating_classes, condition_number
from velowidget.core.graph import Graph
from velowidget.kernels.analyses import Analyses
from velowidget.kernels.arguments import checked_text
from velowidget.kernels.data import checked_adata, same_cells
from velowidget.kernels.matrices import sharing, stochastic_matrix
from velowidget.kernels.messages import shown


class Kernel(Analyses):
    """Base of the kernels; make one of its subclasses.

    Kernels are combined by ``0.8 * a + 0.2 * b`` (a weighted mean) and ``a * b`` (entrywise, rows divided by their
    sums); ``~a`` is the kernel of the other direction. Each makes a new kernel and changes none.

    Parameters
    ----------
    adata
        Annotated data; never changed, except by `write_to_adata` and `compute_projection`.
    backward
        Direction of the process; None without one.
    graph
        Neighbourhoods, for the projection; None where they are those of other kernels.
    """

    __array_ufunc__ = None  # so that NumPy's numbers leave `number * kernel` to the kernel

    _RESULTS: tuple[str, ...] = ("_transition_matrix",)
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
        self._derived: dict[Callable[[sp.csr_matrix], Any], tuple[sp.csr_matrix, Any]] = {}

    @property
    def adata(self) -> AnnData:
        """Annotated data, shape (n_cells, n_vars); can be set to another of the same cells: results stay."""
        return self._adata

    @adata.setter
    def adata(self, given: AnnData) -> None:
        named = not self._nameless and self.adata.n_obs == self._n_cells
        self._adata = same_cells(given, self._n_cells, self.adata.obs_names if named else None)

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
    def kernels(self) -> list[Kernel]:
        """The base kernels that this one is made of: itself."""
        return [self]

    @property
    def condition_number(self) -> float | None:
        """Condition number of the present transition matrix; None before there is one, and where not asked for.

        See :func:`velowidget.core.conditions.condition_number`.
        """
        wanted = any(kernel._compute_cond_num for kernel in self.kernels)
        return self._of_matrix(condition_number) if wanted and self._transition_matrix is not None else None

    @property
    def communicating_classes(self) -> NDArray[np.int32]:
        """Class of each cell under the present transition matrix, shape (n_cells,), the largest numbered 0.

        Cells of a class can be reached from each other; with a single class, the chain is irreducible.
        """
        return self._of_matrix(communicating_classes).copy()

    def _of_matrix(self, function: Callable[[sp.csr_matrix], Any]) -> Any:
        """What a function makes of the present transition matrix, computed once."""
        matrix = self.transition_matrix
        if function not in self._derived or self._derived[function][0] is not matrix:
            self._derived[function] = (matrix, function(matrix))
        return self._derived[function][1]

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

    def compute_transition_matrix(self) -> Kernel:
        """Compute the transition matrix; subclasses say how."""
        raise NotImplementedError

    def write_to_adata(self, key: str | None = None, copy: bool = True) -> None:
        """Write the transition matrix, its parameters and the kernel's settings into the AnnData, as CellRank does.

        Parameters
        ----------
        key
            Writes ``adata.obsp[key]`` and ``adata.uns[f'{key}_params']``; by default ``'T_bwd'`` if the kernel is
            backward, else ``'T_fwd'``.
        copy
            Write a copy, not the kernel's own read-only matrix.
        """
        from velowidget.kernels import interop

        interop.write_to_adata(self, key, copy=copy)

    @classmethod
    def from_adata(cls, adata: AnnData, key: str, copy: bool = False) -> Self:
        """Read a kernel that `write_to_adata`, or CellRank's, wrote.

        Parameters
        ----------
        adata
            Annotated data with all that the kernel is made from.
        key
            Key in ``adata.obsp``, such as ``'T_fwd'``.
        copy
            Let the kernel have a copy of `adata`.

        Returns
        -------
        A kernel of this class, with the transition matrix, parameters and direction that were written.
        """
        from velowidget.kernels import interop

        return interop.from_adata(cls, adata, key, copy=copy)

    def to_cellrank(self) -> Any:
        """Hand the transition matrix over to CellRank; see :func:`velowidget.kernels.interop.to_cellrank`."""
        from velowidget.kernels import interop

        return interop.to_cellrank(self)

    def write(self, fname: str | os.PathLike[str], write_adata: bool = True, ext: str | None = None) -> Path:
        """Write the kernel to a file; see :func:`velowidget.kernels.storage.write`."""
        from velowidget.kernels import storage

        return storage.write(self, fname, write_adata, ext)

    @staticmethod
    def read(fname: str | os.PathLike[str], adata: AnnData | None = None, copy: bool = False) -> Kernel:
        """Read a kernel from a file; see :func:`velowidget.kernels.storage.read`."""
        from velowidget.kernels import storage

        return storage.read(fname, adata, copy)

    def copy(self, deep: bool = False) -> Self:
        """An independent kernel with the same results.

        Parameters
        ----------
        deep
            Copy the AnnData too.
        """
        copied = self._copied({}, deep)
        assert isinstance(copied, type(self))
        return copied

    def _copied(self, done: dict[int, Any], deep: bool) -> Kernel:
        """A copy, or the one made of the same kernel before; `done` has copies by what they are copies of."""
        if id(self) not in done:
            copied = copying.copy(self)
            for name, value in vars(self).items():
                if isinstance(value, dict | list):
                    setattr(copied, name, value.copy())
                elif sp.issparse(value):
                    setattr(copied, name, sharing(value))
            if deep:
                if id(self.adata) not in done:
                    done[id(self.adata)] = self.adata.copy()
                copied._adata = done[id(self.adata)]
            done[id(self)] = copied
        return done[id(self)]

    def _inverted(self, done: dict[int, Kernel]) -> Kernel:
        if id(self) not in done:
            inverse = self.copy()
            if self.backward is not None:
                inverse._backward = not self.backward
                inverse._forget()
            done[id(self)] = inverse
        return done[id(self)]

    def _forget(self) -> None:
        for name in self._RESULTS:
            setattr(self, name, None)
        self._params = {}

    def _results(self) -> dict[str, sp.csr_matrix]:
        """The matrices of `_RESULTS` that there are, none computed for it."""
        return {name: value for name in self._RESULTS if (value := getattr(self, name)) is not None}

    def _settings(self) -> dict[str, Any]:
        """Keywords of the constructor, without None, that make the same kernel again of the same AnnData."""
        raise NotImplementedError

    @classmethod
    def _rebuilt(
        cls, adata: AnnData, settings: Mapping[str, Any], results: Mapping[str, Any], params: dict[str, Any]
    ) -> Self:
        """A kernel made again from settings, with results as they were; settings of later versions are left out."""
        known = inspect.signature(cls.__init__).parameters
        with warnings.catch_warnings():  # what there was to say was said when it was first made
            warnings.simplefilter("ignore", UserWarning)
            kernel = cls(adata, **{name: value for name, value in settings.items() if name in known})
        for name, value in results.items():
            setattr(kernel, name, value)
        kernel._params = params
        return kernel

    def _neighbours(self) -> Graph:
        return self._graph

    def _terms(self) -> tuple[tuple[Kernel, ...], tuple[float, ...]]:
        """What a sum is made of, and with which constants."""
        return (self,), (1.0,)

    def _on_edges(self) -> NDArray[np.float64]:
        """Probability on each edge of the neighbourhoods, shape (n_edges,)."""
        matrix, graph = self.transition_matrix, self._neighbours()
        # SciPy makes one entry of none where there are no edges at all.
        return np.asarray(matrix[graph.sources, graph.indices]).ravel() if graph.n_edges else np.zeros(0)

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

    def __add__(self, other: object) -> Kernel:
        from velowidget.kernels import expression

        return expression.add(self, other) if isinstance(other, Kernel) else NotImplemented

    def __mul__(self, other: object) -> Kernel:
        from velowidget.kernels import expression

        if isinstance(other, Kernel):
            return expression.multiply(self, other)
        if isinstance(other, bool | np.bool_) or not isinstance(other, numbers.Real):
            return NotImplemented
        try:
            constant = float(other)
        except OverflowError:
            constant = math.inf
        return expression.scale(self, constant)

    __rmul__ = __mul__

    def __invert__(self) -> Kernel:
        return self._inverted({})

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Kernel:
        return (self,)[index]

    def __iter__(self) -> Iterator[Kernel]:
        yield self

    def __repr__(self) -> str:
        return self._written(repr)

    def __str__(self) -> str:
        return self._written(str)

    def _written(self, form: Callable[[object], str]) -> str:
        """Name, size and, for `repr`, parameters; an expression writes its parts in the given form."""
        settings = "".join(f", {name}={value!r}" for name, value in self._params.items()) if form is repr else ""
        return f"{'~' if self.backward else ''}{type(self).__name__}[n={self.shape[0]}{settings}]"


def plain(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters as they were before a file made NumPy's numbers of Python's."""
    return {
        name: plain(value) if isinstance(value, Mapping) else value.item() if isinstance(value, np.generic) else value
        for name, value in stored.items()
    }
