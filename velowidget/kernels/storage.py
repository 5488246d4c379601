"""Kernels in files. Nothing is pickled, and reading executes nothing.

A file is a tree of anndata's elements (see :mod:`velowidget.kernels.container`), with the groups

* ``kernels/0``, ``kernels/1``, ...: one for each kernel, parts before what is made of them, the whole last. A base
  kernel has its results (CSR), its constructor's ``settings`` and its ``params`` (JSON, which keeps Python's numbers to
  the bit); an expression has the numbers of its ``parts``, and a sum their ``constants``.
* ``cells/0``, ...: the names of the cells, once for each AnnData.
* ``adatas/0``, ...: the AnnData themselves, if they were to be written.
"""

from __future__ import annotations

import functools
import json
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.sparse as sp
from anndata import AnnData
from anndata.io import read_elem, write_elem

from velowidget.core.graph import freeze
from velowidget.data.arguments import checked_text
from velowidget.data.atomic import replacing
from velowidget.data.matrices import float_csr, stochastic_matrix, well_formed
from velowidget.data.velocity import checked_adata, numbered, plain
from velowidget.kernels.container import damaged, dump, in_memory, load, size

SUFFIX = ".velo"


@dataclass
class Node:
    """One kernel, as a file has it."""

    kind: str
    adata: int = -1
    nameless: bool = False
    parts: list[int] = field(default_factory=list)
    constants: list[float] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    results: dict[str, sp.csr_matrix | None] = field(default_factory=dict)


def write(path: Path, nodes: Sequence[Node], adatas: Sequence[AnnData], *, write_adata: bool) -> Path:
    """Write nodes, each after those of its parts, and the cells' names or all of the AnnData; see `Kernel.write`."""
    with in_memory() as tree:
        groups = {name: tree.create_group(name) for name in ("kernels", "cells", "adatas")}
        for i, node in enumerate(nodes):
            _write_node(groups["kernels"].create_group(str(i)), node)
        for i, adata in enumerate(adatas):
            write_elem(groups["cells"], str(i), adata.obs_names.to_numpy(dtype=object))
            if write_adata:
                _write_adata(groups["adatas"], str(i), adata)
        with replacing(path, size(tree)) as temporary:
            dump(tree, temporary)
    return path


@dataclass(frozen=True, eq=False)
class File:
    """What a file has: nodes of kernels, each after those of its parts, and the AnnData by number."""

    nodes: list[Node]
    adatas: list[AnnData]
    damaged_by: Callable[[Exception], Exception] | None

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Of what cannot be made of the nodes, the file is to blame, if it has the AnnData too."""
        try:
            yield
        except (LookupError, TypeError, ValueError) as error:
            if self.damaged_by is not None:
                raise self.damaged_by(error) from error
            raise


def read(
    fname: str | os.PathLike[str], adata: AnnData | None, kinds: Mapping[str, Sequence[str]], *, copy: bool
) -> File:
    """Read what `write` wrote; see `Kernel.read`.

    Parameters
    ----------
    fname, adata, copy
        As the user gave them.
    kinds
        The kernels that a file may have, by name, each with the names of its results; none for an expression.
    """
    path = Path(fname).expanduser()
    if not path.is_file():
        tried = path.with_name(path.name + SUFFIX)
        if not tried.is_file():
            raise FileNotFoundError(f"There is no kernel file {str(path)!r}, and no {str(tried)!r}.")
        path = tried
    nodes, cells, stored = _decode(path, kinds)
    if stored:
        if adata is not None:
            warnings.warn(f"{path.name} has an AnnData of its own; the one given is not used.", stacklevel=2)
        adatas = stored
    elif adata is None and not all(node.nameless for node in nodes if kinds[node.kind]):
        raise TypeError(f"{path.name} was written without its AnnData; give it with `adata`.")
    elif adata is None:
        adatas = [numbered(len(names)) for names in cells]
    else:
        checked_adata(adata)
        named = {node.adata for node in nodes if kinds[node.kind] and not node.nameless}
        for i, names in enumerate(cells):
            _check_cells(adata, names, path, by_name=i in named)
        adatas = [adata.copy() if copy or adata.is_view else adata] * len(cells)
    return File(nodes, adatas, functools.partial(damaged, path) if stored else None)


def path_of(fname: str | os.PathLike[str], ext: str | None) -> Path:
    """The path of a file, with its suffix; raises a ValueError for what no file can be called, or a pickle."""
    suffix = SUFFIX if ext is None else checked_text("ext", ext)
    path, suffix = Path(fname).expanduser(), f".{suffix.removeprefix('.')}"
    if path.name in ("", ".."):
        raise ValueError(f"{str(fname)!r} is no name for a file.")
    if Path(suffix).name != suffix or not suffix.strip("."):
        raise ValueError(f"ext must be a suffix, such as {SUFFIX!r}, not {suffix!r}.")
    path = path.absolute()
    if not path.name.endswith(suffix):
        path = path.with_name(path.name + suffix)
    if path.suffix.lower() in (".pickle", ".pkl", ".pk"):
        raise ValueError(
            f"{path.name!r}: kernels are not pickled, as reading a pickle can execute anything. "
            f"Leave the suffix out for HDF5 ({SUFFIX})."
        )
    return path


def _write_node(group: h5py.Group, node: Node) -> None:
    group.attrs.update({"kind": node.kind, "adata": node.adata, "nameless": node.nameless})
    write_elem(group, "parts", np.array(node.parts, dtype=np.int64))
    write_elem(group, "constants", np.array(node.constants, dtype=np.float64))
    write_elem(group, "settings", node.settings)
    write_elem(group, "params", _to_json(node.params))
    write_elem(group, "results", node.results)


def _write_adata(group: h5py.Group, name: str, adata: AnnData) -> None:
    if adata.isbacked or adata.is_view:
        adata = adata.to_memory() if adata.isbacked else adata.copy()
    try:
        write_elem(group, name, _without_maps(adata))
    except Exception as error:
        error.add_note("The AnnData could not be written; `write_adata=False` leaves it out.")
        raise


def _without_maps(adata: AnnData) -> AnnData:
    """The same data, with plain arrays on the memory of memory-mapped ones, which anndata does not write."""
    held = _held(adata, "X", "obs", "var", "layers", "obsm", "varm", "obsp", "varp", "uns")
    raw = None if adata.raw is None else _held(adata.raw, "X", "var", "varm")
    if not _has_map(held) and not _has_map(raw):
        return adata
    return AnnData(**_plain_arrays(held), raw=_plain_arrays(raw))


def _held(data: Any, *places: str) -> dict[str, Any]:
    return {place: getattr(data, place) for place in places}


def _has_map(value: Any) -> bool:
    return any(map(_has_map, value.values())) if isinstance(value, Mapping) else isinstance(value, np.memmap)


def _plain_arrays(value: Any) -> Any:
    if isinstance(value, Mapping):  # from anndata 0.13 on, layers have X too, under None
        return {name: _plain_arrays(inner) for name, inner in value.items() if name is not None}
    return np.asarray(value) if isinstance(value, np.memmap) else value


def _decode(path: Path, kinds: Mapping[str, Sequence[str]]) -> tuple[list[Node], list[Any], list[AnnData]]:
    """What is in a file, checked as far as it can be without an AnnData."""
    with load(path) as tree:
        try:
            tree.visititems(_check_sparse)
            cells = [_element(tree["cells"][str(i)]) for i in range(len(tree["cells"]))]
            adatas = [_element(tree["adatas"][str(i)]) for i in range(len(tree["adatas"]))]
            nodes = [_read_node(tree["kernels"][str(i)], i, cells, kinds) for i in range(len(tree["kernels"]))]
            if not nodes or (adatas and [a.n_obs for a in adatas] != list(map(len, cells))):
                raise ValueError("parts of it are missing")
        except MemoryError:
            raise
        except Exception as error:
            raise damaged(path, error) from error
    return nodes, cells, adatas


def _read_node(group: h5py.Group, number: int, cells: list[Any], kinds: Mapping[str, Sequence[str]]) -> Node:
    node = Node(
        str(group.attrs["kind"]),
        adata=int(group.attrs["adata"]),
        nameless=bool(group.attrs["nameless"]),
        parts=_element(group["parts"]).tolist(),
        constants=_element(group["constants"]).tolist(),
        settings=plain(_element(group["settings"])),
        params=json.loads(str(_element(group["params"]))),
    )
    known = kinds[node.kind]
    if not known:
        if not node.parts or not all(0 <= part < number for part in node.parts):
            raise ValueError("an expression refers to what is not there")
        if len(node.constants) != (len(node.parts) if node.kind == "Sum" else 0):
            raise ValueError("a sum has not as many constants as parts")
        return node
    results = _element(group["results"])
    if not 0 <= node.adata < len(cells) or not set(results) <= set(known):
        raise ValueError("its results are not those of its kernel")
    for name, stored in results.items():
        if stored.shape != (len(cells[node.adata]),) * 2:
            raise ValueError("its matrices have not the size of its cells")
        matrix = float_csr(stored, name)
        freeze(matrix)
        # Compiled code trusts what kernels have; a checksum can be made to fit.
        node.results[name] = stochastic_matrix(matrix) if name == "_transition_matrix" else matrix
    return node


def _element(node: h5py.Group | h5py.Dataset) -> Any:
    return read_elem(node)


def _check_sparse(_: str, node: h5py.Group | h5py.Dataset) -> None:
    """An error for a sparse matrix whose parts do not fit each other, for anndata takes them as they are."""
    if "h5sparse_format" in node.attrs:  # of the first versions of anndata
        raise ValueError("it has a matrix in a form that is not written")
    layout = node.attrs.get("encoding-type")
    if layout in ("csr_matrix", "csc_matrix"):
        data, indices, indptr = (node[name][()] for name in ("data", "indices", "indptr"))
        rows, columns = node.attrs["shape"].tolist()
        if not well_formed(data, indices, indptr, (rows, columns) if layout == "csr_matrix" else (columns, rows)):
            raise ValueError(f"the parts of its sparse matrix {node.name} do not fit each other")


def _check_cells(adata: AnnData, names: Any, path: Path, *, by_name: bool) -> None:
    if adata.n_obs != len(names):
        raise ValueError(f"{path.name} has a kernel of {len(names):,} cells, and the AnnData has {adata.n_obs:,}.")
    differ = np.flatnonzero(adata.obs_names.to_numpy(dtype=object) != np.asarray(names, dtype=object))
    if by_name and differ.size:
        i = differ[0]
        raise ValueError(
            f"{path.name} has a kernel of other cells, or in another order: number {i} is {str(names[i])!r} there and "
            f"{str(adata.obs_names[i])!r} in the AnnData."
        )


def _to_json(params: Mapping[str, Any]) -> str:
    try:
        return json.dumps(plain(params))
    except TypeError as error:
        raise TypeError(f"The parameters {params!r} cannot be written to a file: {error}.") from error
