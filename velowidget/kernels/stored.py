"""Kernels that are copied, written into an AnnData or a file, and made again of what was written."""

from __future__ import annotations

import copy as copying
import inspect
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import scipy.sparse as sp
from anndata import AnnData

from velowidget.data.matrices import sharing
from velowidget.kernels import interop, storage
from velowidget.kernels.pictures import Pictures
from velowidget.kernels.storage import Node


class Stored(Pictures):
    """What can be copied, written and made again."""

    _KINDS: ClassVar[dict[str, type[Stored]]] = {}  # by name, those that files may have

    def __init_subclass__(cls, *, in_files: bool = False) -> None:
        super().__init_subclass__()
        if in_files:
            Stored._KINDS[cls.__name__] = cls

    @property
    def keywords(self) -> dict[str, Any] | None:
        """What makes the chain again of its AnnData: of a velocity kernel only; None where nothing does."""
        return None

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
        self._check_size()
        matrix, record = self.transition_matrix, {"params": self.params, "init": self._settings()}
        interop.write(self.adata, self._key(key), matrix.copy() if copy else matrix, type(self).__name__, record)

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
        matrix, settings, params = interop.read(adata, key, cls.__name__)
        return cls._rebuilt(adata.copy() if copy else adata, settings, {"_transition_matrix": matrix}, params)

    def to_cellrank(self) -> Any:
        """Make CellRank's PrecomputedKernel of the transition matrix, for its estimators and plots.

        Returns
        -------
        ``cellrank.kernels.PrecomputedKernel`` with a copy of the matrix, the same AnnData, direction and `params`.

        Raises
        ------
        ImportError
            If CellRank is not installed.
        """
        return interop.to_cellrank(self.transition_matrix, self.adata, self.backward, self.params)

    def write(self, fname: str | os.PathLike[str], write_adata: bool = True, ext: str | None = None) -> Path:
        """Write a kernel, or an expression with all that it is made of, to a file.

        The file is written beside its place and then moved there: if something goes wrong, what was there before still
        is. Uncomputed kernels are written as such.

        Parameters
        ----------
        fname
            Path, with or without the suffix.
        write_adata
            Write the AnnData too; without, :meth:`read` must be given it.
        ext
            Suffix, by default ``'.velo'``; added if `fname` does not end in it.

        Returns
        -------
        The path of the file.

        Raises
        ------
        ValueError
            If the suffix is a pickle's, or `fname` or `ext` is nothing that a file can be called.
        FileNotFoundError
            If there is no such folder.
        """
        path = storage.path_of(fname, ext)
        nodes: dict[int, Node] = {}
        adatas: dict[int, AnnData] = {}
        self._collect(nodes, adatas)
        return storage.write(path, list(nodes.values()), list(adatas.values()), write_adata=write_adata)

    def with_adata(self, adata: AnnData) -> Self:
        """An independent kernel with the same results, and another AnnData of the same cells."""
        copied = self.copy()
        copied._adata = adata
        return copied

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

    def _copied(self, done: dict[int, Any], deep: bool) -> Any:
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

    def _results(self) -> dict[str, sp.csr_matrix]:
        """The matrices of `RESULTS` that there are, none computed for it."""
        return {name: value for name in self.RESULTS if (value := getattr(self, name)) is not None}

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

    def _collect(self, nodes: dict[int, Node], adatas: dict[int, AnnData]) -> int:
        """Add a node for a file after those of the parts, each once; return its number."""
        if id(self) not in nodes:
            kind = type(self).__name__
            if Stored._KINDS.get(kind) is not type(self):
                raise TypeError(f"Kernels of the class {kind} cannot be written to files.")
            nodes[id(self)] = self._node(nodes, adatas)
        return list(nodes).index(id(self))

    def _node(self, nodes: dict[int, Node], adatas: dict[int, AnnData]) -> Node:  # noqa: ARG002  # of the parts
        self._check_size()
        adatas.setdefault(id(self.adata), self.adata)
        return Node(
            type(self).__name__,
            adata=list(adatas).index(id(self.adata)),
            nameless=self._nameless,
            settings=self._settings(),
            params=self.params,
            results=dict(self._results()),
        )

    @classmethod
    def _of_node(cls, node: Node, adatas: Sequence[AnnData], made: Sequence[Any]) -> Stored:  # noqa: ARG003  # of the parts
        """The kernel of a node of a file; what it is made of is `made`."""
        kernel = cls._rebuilt(adatas[node.adata], node.settings, node.results, node.params)
        kernel._nameless = node.nameless
        return kernel
