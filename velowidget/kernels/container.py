"""A tree of arrays as bytes, with a checksum, and back: the container of kernel files.

anndata reads and writes HDF5, but HDF5 hangs or crashes on damaged bytes, and ends the process where the disk is full.
So HDF5 stays in memory, made by this process alone, and a file holds the same tree in a form that is checked while it
is read, and whose parts add up to the file's size:

* 64 bytes: a signature, the version of the format, the number of bytes that follow, their SHA-256, and how many of
  them, at the end, are the index;
* the arrays, one after the other, each padded to 8 bytes: numbers as they are in memory, texts as their lengths
  (int64) and then UTF-8;
* the index, JSON: of a group its ``nodes`` by name, of a dataset its ``data``, of both their ``attrs``; arrays by
  ``shape`` and ``dtype``, ``"text"`` for texts, or ``fields``. Arrays lie in the order in which the index names them.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import struct
import uuid
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

VERSION = 1
_MAGIC = b"\x89VELO\r\n\x1a"
_HEAD = struct.Struct("<8sQQ32sQ")
_ALIGNMENT = 8
# What an index may have: more than any AnnData does, and little enough to be read in seconds.
MAX_NODES, _MAX_DEPTH, _MAX_INDEX = 100_000, 64, 2**26
_LONGEST_REASON = 300  # characters: what is wrong may be said with half of the file
_NUMBERS = re.compile(r"[<>|][biufc]\d{1,2}|\|S[1-9]\d{0,8}")
_TEXT = h5py.string_dtype()


def in_memory() -> h5py.File:
    """An empty HDF5 file that never touches a disk."""
    # The latest format has room for attributes above 64 kB, such as the names of thousands of columns.
    return h5py.File(uuid.uuid4().hex, "w", driver="core", backing_store=False, libver="latest")


def size(tree: h5py.Group) -> int:
    """Number of bytes that a tree takes at least."""
    sizes: list[int] = []
    tree.visititems(lambda _, node: sizes.append(node.nbytes if isinstance(node, h5py.Dataset) else 0))
    return sum(sizes)


def dump(tree: h5py.Group, path: Path) -> None:
    """Write a tree of groups, datasets and attributes to a new file.

    Raises
    ------
    TypeError
        If it has something else, such as references or ragged arrays.
    ValueError
        If it is larger or deeper than :func:`load` reads.
    """
    with path.open("xb") as file:
        file.write(bytes(_HEAD.size))
        writer = _Writer(file)
        index = json.dumps(writer.node(tree, 0), separators=(",", ":")).encode()
        if len(index) > _MAX_INDEX:
            raise ValueError("There are too many elements or attributes for one file.")
        writer.append(index)
        file.seek(0)
        file.write(_HEAD.pack(_MAGIC, VERSION, writer.length, writer.checksum.digest(), len(index)))


def load(path: Path) -> h5py.File:
    """Read what :func:`dump` wrote, into a file in memory, to be closed.

    Raises
    ------
    ValueError
        If it is not such a file, of another version, or damaged.
    """
    content = path.read_bytes()
    body = memoryview(content)[_HEAD.size :]
    if not content.startswith(_MAGIC):
        found = "it is an HDF5 file, as .h5ad are" if content.startswith(b"\x89HDF") else "it does not begin as one"
        raise ValueError(f"{path.name} is not a kernel file: {found}. Write one with `kernel.write(path)`.")
    try:
        if len(content) < _HEAD.size:
            raise ValueError(f"it has no more than {len(content)} bytes")
        _, version, length, digest, index_length = _HEAD.unpack_from(content)
        if version == VERSION:
            if len(body) != length:
                raise ValueError(f"it has {len(body):,} bytes where {length:,} were written")
            if hashlib.sha256(body).digest() != digest:
                raise ValueError("its checksum is another")
            return _Reader(body, index_length).tree()
    except MemoryError:
        raise
    except Exception as error:
        raise damaged(path, error) from error
    raise ValueError(
        f"{path.name} has format {version}, and this velowidget reads format {VERSION}. Read it with the velowidget "
        "that wrote it; later ones are installed by `pip install --upgrade velowidget`."
    )


def damaged(path: Path, error: Exception) -> ValueError:
    """The error that says what is wrong with a file, and what to do."""
    reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    reason = reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}…"
    return ValueError(f"{path.name} is damaged: {reason}. Write it again, or restore it from a copy.")


class _Writer:
    """Appends the arrays of a tree to a file, and describes them."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.length, self.nodes, self.checksum = file, 0, 0, hashlib.sha256()

    def append(self, part: Any) -> None:
        self.file.write(part)
        self.checksum.update(part)
        self.length += len(part)

    def node(self, node: h5py.Group | h5py.Dataset, depth: int) -> dict[str, Any]:
        self.nodes += 1
        if depth > _MAX_DEPTH or self.nodes > MAX_NODES:
            raise ValueError(f"A file holds up to {MAX_NODES:,} elements, {_MAX_DEPTH} levels deep.")
        about: dict[str, Any] = {}
        if isinstance(node, h5py.Dataset):
            about["data"] = self.array(node.dtype, node[()])
        about["attrs"] = {name: self.array(node.attrs.get_id(name).dtype, node.attrs[name]) for name in node.attrs}
        if isinstance(node, h5py.Group):
            about["nodes"] = {name: self.node(child, depth + 1) for name, child in node.items()}
        return about

    def array(self, dtype: np.dtype, value: Any) -> dict[str, Any]:
        if isinstance(value, h5py.Empty):
            return {"shape": None, "dtype": _dtype(dtype)}
        if dtype.names:
            fields = {name: self.array(dtype[name].base, value[name]) for name in dtype.names}
            return {"shape": np.shape(value), "fields": fields}
        word = _dtype(dtype)
        if word == "text":
            self._append_texts(np.asarray(value, dtype=object).ravel())
        else:
            self._append_padded(np.ascontiguousarray(value, dtype=dtype).reshape(-1).view("u1"))
        return {"shape": np.shape(value), "dtype": word}

    def _append_texts(self, values: NDArray[np.object_]) -> None:
        texts = [text if isinstance(text, bytes) else text.encode(errors="surrogateescape") for text in values]
        self._append_padded(np.array([len(text) for text in texts], dtype="<i8").view("u1"))
        self._append_padded(b"".join(texts))

    def _append_padded(self, part: Any) -> None:
        self.append(part)
        self.append(bytes(-len(part) % _ALIGNMENT))


class _Reader:
    """Makes the tree again, trusting nothing of the index."""

    def __init__(self, body: memoryview, index_length: int) -> None:
        if index_length > min(_MAX_INDEX, len(body)):
            raise ValueError("its index is too long")
        end = len(body) - index_length
        self.index = json.loads(bytes(body[end:]))
        self.rest, self.nodes = body[:end], 0

    def tree(self) -> h5py.File:
        tree = in_memory()
        try:
            self.fill(tree, self.index, 0)
            if len(self.rest):
                raise ValueError("it has bytes that belong to nothing")
        except BaseException:
            tree.close()
            raise
        return tree

    def fill(self, group: h5py.Group, about: dict[str, Any], depth: int) -> None:
        """Give a new group its attributes and what is in it."""
        self.set_attributes(group, about)
        for name, child in about["nodes"].items():
            self.nodes += 1
            if depth >= _MAX_DEPTH or self.nodes >= MAX_NODES:
                raise ValueError("it has too many elements")
            if name in ("", ".") or "/" in name or "\0" in name:
                raise ValueError(f"an element has the name {name!r}")
            if "nodes" in child:
                self.fill(group.create_group(name), child, depth + 1)
            else:
                dtype, value = self.array(child["data"])
                self.set_attributes(group.create_dataset(name, data=value, dtype=dtype), child)

    def set_attributes(self, node: h5py.Group | h5py.Dataset, about: dict[str, Any]) -> None:
        for name, attribute in about["attrs"].items():
            dtype, value = self.array(attribute)
            node.attrs.create(name, value, dtype=dtype)

    def array(self, about: dict[str, Any]) -> tuple[np.dtype, Any]:
        """The type of an array in HDF5, and the array."""
        if "fields" in about:
            return self._compound(about)
        word = about["dtype"]
        dtype = _TEXT if word == "text" else np.dtype(_number(word))
        if about["shape"] is None:
            return dtype, h5py.Empty(dtype)
        shape = _shape(about["shape"])
        if word != "text":
            return dtype, self._numbers(dtype, math.prod(shape)).reshape(shape)
        lengths = self._numbers(np.dtype("<i8"), math.prod(shape))
        if lengths.min(initial=0) < 0 or lengths.sum(dtype=float) > len(self.rest):
            raise ValueError("its texts are longer than the file")
        ends = np.cumsum(lengths)
        joined = self._numbers(np.dtype("u1"), int(ends[-1]) if ends.size else 0).tobytes()
        texts = np.empty(ends.size, dtype=object)
        texts[:] = [joined[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]
        return dtype, texts.reshape(shape)

    def _compound(self, about: dict[str, Any]) -> tuple[np.dtype, Any]:
        shape = _shape(about["shape"])
        fields = {name: self.array(field) for name, field in about["fields"].items()}
        inner = {name: np.shape(value)[len(shape) :] for name, (_, value) in fields.items()}
        if not fields or any(math.prod(sizes) > len(self.rest) for sizes in inner.values()):
            raise ValueError("a table has no columns, or too wide ones")
        dtype = np.dtype([(name, kind, inner[name]) for name, (kind, _) in fields.items()])
        value = np.empty(shape, dtype=dtype)
        for name, (_, column) in fields.items():
            value[name] = column
        return dtype, value

    def _numbers(self, dtype: np.dtype, count: int) -> NDArray[Any]:
        """Take the next numbers from the file, shape (count,), read-only."""
        length = count * dtype.itemsize
        padded = length + -length % _ALIGNMENT
        if padded > len(self.rest):
            raise ValueError("an array is larger than the file")
        taken, self.rest = self.rest[:length], self.rest[padded:]
        return np.frombuffer(taken, dtype=dtype)


def _dtype(dtype: np.dtype) -> str:
    """The word for a type; errors for those that files do not have."""
    text = h5py.check_string_dtype(dtype)
    if text is not None and text.length is None:
        return "text"
    return _number(dtype.str)


def _number(word: Any) -> str:
    if not isinstance(word, str) or not _NUMBERS.fullmatch(word):
        raise TypeError(f"arrays of the type {word!r} are not stored")
    return word


def _shape(given: Any) -> tuple[int, ...]:
    if not isinstance(given, list) or len(given) > 32 or not all(type(n) is int and n >= 0 for n in given):
        raise ValueError("an array has no shape")
    return tuple(given)
