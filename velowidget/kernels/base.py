"""Kernels, and kernels made of kernels: weighted means and entrywise products."""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from anndata import AnnData

from velowidget.core.graph import Graph
from velowidget.data.matrices import mixture, overlap, sharing
from velowidget.data.messages import name_cells, shown
from velowidget.kernels.reports import report_matrix
from velowidget.kernels.storage import Node, read
from velowidget.kernels.stored import Stored


class Kernel(Stored):
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

    @property
    def kernels(self) -> list[Kernel]:
        """The base kernels that this one is made of: itself."""
        return [self]

    @staticmethod
    def read(fname: str | os.PathLike[str], adata: AnnData | None = None, copy: bool = False) -> Kernel:
        """Read what `write` wrote: matrices, logits, parameters, direction and the structure of expressions.

        Parameters
        ----------
        fname
            Path; without the suffix ``'.velo'``, it is tried with it too.
        adata
            Annotated data of the same cells, with all that the kernel was made from; needed if the file has none, and
            left aside with a warning if it has.
        copy
            Let the kernel have a copy of `adata`; of a view, it always has.

        Returns
        -------
        The kernel, of the class that was written.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ValueError
            If the file is damaged, of another kind or of a later version, or `adata` has other cells.
        TypeError
            If the file has no AnnData, and none is given.
        """
        made: list[Kernel] = []
        kinds: dict[str, Any] = Kernel._KINDS
        file = read(fname, adata, {name: kind.RESULTS for name, kind in kinds.items()}, copy=copy)
        for node in file.nodes:
            with file.blamed():
                made.append(kinds[node.kind]._of_node(node, file.adatas, made))
        return made[-1]

    def _inverted(self, done: dict[int, Kernel]) -> Kernel:
        if id(self) not in done:
            inverse = self.copy()
            if self.backward is not None:
                inverse._backward = not self.backward
                inverse._forget()
            done[id(self)] = inverse
        return done[id(self)]

    def _terms(self) -> tuple[tuple[Kernel, ...], tuple[float, ...]]:
        """What a sum is made of, and with which constants."""
        return (self,), (1.0,)

    def __add__(self, other: object) -> Kernel:
        return _sum(self, other) if isinstance(other, Kernel) else NotImplemented

    def __mul__(self, other: object) -> Kernel:
        if isinstance(other, Kernel):
            return _product(self, other)
        if isinstance(other, bool | np.bool_) or not isinstance(other, numbers.Real):
            return NotImplemented
        try:
            constant = float(other)
        except OverflowError:
            constant = math.inf
        return _scaled(self, constant)

    __rmul__ = __mul__

    def __invert__(self) -> Kernel:
        return self._inverted({})

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: int) -> Kernel:
        return (self,)[index]

    def __iter__(self) -> Iterator[Kernel]:
        yield self


class Expression(Kernel):
    """What ``+`` and ``*`` make of kernels; its transition matrix follows those of its parts.

    Parameters
    ----------
    parts
        Kernels of the same cells; those with a direction must agree on it.

    Raises
    ------
    ValueError
        If they are of different cells, or of both directions.
    """

    RESULTS = ()
    _may_lack_direction = True

    def __init__(self, parts: tuple[Kernel, ...]) -> None:
        self._parts = parts
        _check_cells(parts)
        directions = {part.backward for part in parts} - {None}
        if len(directions) > 1:
            raise ValueError(
                "Forward and backward kernels cannot be combined: "
                + ", ".join(f"{part} is {'backward' if part.backward else 'forward'}" for part in parts)
                + ". `~kernel` is the kernel of the other direction."
            )
        named = next((part for part in parts if not part._nameless), parts[0])
        super().__init__(named.adata, directions.pop() if directions else None, None)
        self._made_of: list[sp.csr_matrix] = []

    @property
    def kernels(self) -> list[Kernel]:
        """The base kernels that this one is made of, each once, in the order of their first appearance."""
        found = {id(kernel): kernel for part in self._parts for kernel in part.kernels}
        return list(found.values())

    @property
    def params(self) -> dict[str, Any]:
        """Parameters of the base kernels: of the only one, or by name and place in `kernels`."""
        kernels = self.kernels
        if len(kernels) == 1:
            return kernels[0].params
        return {f"{kernel}:{i}": kernel.params for i, kernel in enumerate(kernels)}

    @property
    def transition_matrix(self) -> sp.csr_matrix:
        """Row-stochastic matrix, CSR float64, shape (n_cells, n_cells), read-only.

        Made of the parts' present matrices; those not computed yet are computed with their defaults.
        """
        present = [part.transition_matrix for part in self._parts]
        if self._transition_matrix is None or not _same(present, self._made_of):
            self._transition_matrix = self._combine(present)
            self._made_of = present
        return self._transition_matrix

    @transition_matrix.setter
    def transition_matrix(self, given: Any) -> None:  # noqa: ARG002
        raise AttributeError(f"{self} is made of its parts: set a matrix there, or make a PrecomputedKernel of it.")

    def compute_transition_matrix(self) -> Expression:
        """Combine the parts, computing with the defaults those that are not computed yet; returns itself."""
        self._transition_matrix = self.transition_matrix
        report_matrix(self, irreducibility=False)
        return self

    def _combine(self, matrices: list[sp.csr_matrix]) -> sp.csr_matrix:
        raise NotImplementedError

    def _of(self, parts: tuple[Kernel, ...]) -> Expression:
        """The same expression of other parts."""
        raise NotImplementedError

    def _neighbours(self) -> Graph:
        """The neighbourhoods of all parts together."""
        graphs = [part._neighbours() for part in self._parts]
        united = graphs[0].matrix(np.ones(graphs[0].n_edges, dtype=bool))
        for graph in graphs[1:]:
            united = united + graph.matrix(np.ones(graph.n_edges, dtype=bool))
        united.sort_indices()
        return Graph(united.indptr.astype(np.int64), united.indices.astype(np.int32))

    def _node(self, nodes: dict[int, Node], adatas: dict[int, AnnData]) -> Node:
        return Node(type(self).__name__, parts=[part._collect(nodes, adatas) for part in self._parts])

    @classmethod
    def _of_node(cls, node: Node, _: Sequence[AnnData], made: Sequence[Any]) -> Expression:
        return cls(tuple(made[part] for part in node.parts))

    def _copied(self, done: dict[int, Any], deep: bool) -> Kernel:
        if id(self) not in done:
            copied = self._of(tuple(part._copied(done, deep) for part in self._parts))
            present = [part._transition_matrix for part in self._parts]
            if self._transition_matrix is not None and _same(present, self._made_of):
                copied._transition_matrix = sharing(self._transition_matrix)
                copied._made_of = [part._transition_matrix for part in copied._parts]
            done[id(self)] = copied
        return done[id(self)]

    def _inverted(self, done: dict[int, Kernel]) -> Kernel:
        if id(self) not in done:
            done[id(self)] = self._of(tuple(part._inverted(done) for part in self._parts))
        return done[id(self)]

    def _settings(self) -> dict[str, Any]:
        return {} if self.backward is None else {"backward": self.backward}

    @classmethod
    def _rebuilt(cls, *_: Any, **__: Any) -> Self:
        raise TypeError("What an expression was made of is not in the AnnData; use `PrecomputedKernel.from_adata`.")

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, index: int) -> Kernel:
        return self._parts[index]

    def __iter__(self) -> Iterator[Kernel]:
        return iter(self._parts)


class Sum(Expression, in_files=True):
    """Weighted mean of kernels; of a single one, that kernel with a constant.

    Parameters
    ----------
    parts
        Kernels of the same cells.
    constants
        Larger than 0, one for each part, as the user gave them.
    """

    def __init__(self, parts: tuple[Kernel, ...], constants: tuple[float, ...]) -> None:
        super().__init__(parts)
        self._constants = constants

    def _node(self, nodes: dict[int, Node], adatas: dict[int, AnnData]) -> Node:
        return replace(super()._node(nodes, adatas), constants=list(self._constants))

    @classmethod
    def _of_node(cls, node: Node, _: Sequence[AnnData], made: Sequence[Any]) -> Sum:
        return cls(tuple(made[part] for part in node.parts), tuple(node.constants))

    @property
    def weights(self) -> list[float]:
        """Weight of each part; they sum to 1."""
        largest = max(self._constants)
        if math.isinf(sum(self._constants)):
            return self._normalised([constant / largest for constant in self._constants])
        return self._normalised(list(self._constants))

    @staticmethod
    def _normalised(constants: list[float]) -> list[float]:
        total = math.fsum(constants)
        return [constant / total for constant in constants]

    def _terms(self) -> tuple[tuple[Kernel, ...], tuple[float, ...]]:
        return self._parts, self._constants

    def _combine(self, matrices: list[sp.csr_matrix]) -> sp.csr_matrix:
        return sharing(matrices[0]) if len(matrices) == 1 else mixture(matrices, self.weights)

    def _of(self, parts: tuple[Kernel, ...]) -> Sum:
        return Sum(parts, self._constants)

    def _written(self, form: Callable[[object], str]) -> str:
        constants = self.weights if len(self) > 1 else self._constants
        return f"({' + '.join(f'{c:.4g} * {form(part)}' for c, part in zip(constants, self, strict=True))})"


class Product(Expression, in_files=True):
    """Entrywise product of kernels, rows divided by their sums."""

    def _combine(self, matrices: list[sp.csr_matrix]) -> sp.csr_matrix:
        product, empty = overlap(matrices)
        if empty.any():
            cells = np.flatnonzero(empty)
            raise ValueError(
                f"The product {self} is empty for {len(cells):,} cell{'s' if len(cells) > 1 else ''} "
                f"({name_cells(self.adata, cells)}): its kernels go nowhere alike from there. "
                "Compute them on the same graph, or add them instead."
            )
        return product

    def _of(self, parts: tuple[Kernel, ...]) -> Product:
        return Product(parts)

    def _written(self, form: Callable[[object], str]) -> str:
        return f"({' * '.join(map(form, self))})"


def _sum(left: Kernel, right: Kernel) -> Sum:
    """The weighted mean of two kernels; sums in it are taken apart, unless they have a constant of their own."""
    (parts, constants), (more, with_constants) = left._terms(), right._terms()
    return Sum(parts + more, constants + with_constants)


def _product(left: Kernel, right: Kernel) -> Expression:
    """The entrywise product of two kernels; their constants are multiplied."""
    factors: list[Kernel] = []
    constant: float | None = None
    for kernel in (left, right):
        if isinstance(kernel, Sum) and len(kernel) == 1:
            factor, own = kernel[0], kernel._constants[0]
            constant = own if constant is None else _in_range(constant * own)
        else:
            factor = kernel
        factors.extend(factor if isinstance(factor, Product) else [factor])
    product = Product(tuple(factors))
    return product if constant is None else Sum((product,), (constant,))


def _scaled(kernel: Kernel, constant: float) -> Sum:
    """A kernel with a constant; it has one at most."""
    if isinstance(kernel, Sum) and len(kernel) == 1:
        (kernel,), (own,) = kernel._terms()
        constant = own * constant
    return Sum((kernel,), (_in_range(constant),))


def _same(matrices: Sequence[object], others: Sequence[object]) -> bool:
    return len(matrices) == len(others) and all(a is b for a, b in zip(matrices, others, strict=True))


def _in_range(constant: float) -> float:
    if not 0 < constant < math.inf:
        raise ValueError(f"The constant of a kernel must be finite and larger than 0, not {shown(constant)}.")
    return constant


def _check_cells(parts: tuple[Kernel, ...]) -> None:
    """Raise a ValueError if kernels have different numbers of cells, or of different names."""
    first = next((part for part in parts if not part._nameless), parts[0])
    for part in parts:
        if part.shape != first.shape:
            raise ValueError(
                f"Kernels of different cells cannot be combined: {first} has shape {first.shape}, "
                f"and {part} has {part.shape}."
            )
        if part.adata is first.adata or part._nameless:
            continue
        differ = np.flatnonzero(part.adata.obs_names != first.adata.obs_names)
        if differ.size:
            names = (str(p.adata.obs_names[differ[0]]) for p in (first, part))
            raise ValueError(
                "Kernels of different cells cannot be combined: cell number {} is {!r} in one and {!r} in the other. "
                "Make both of the same AnnData.".format(differ[0], *names)
            )
