"""Damaged files, many in one process: ``python -m tests.files.damage FOLDER FIRST COUNT``.

A summary is printed as JSON. What must never be ends the process with an error: something else than a ValueError, or a
kernel that is none. ``FOLDER/current`` has the number of the file that is being read.
"""

from __future__ import annotations

import copy
import hashlib
import json
import random
import resource
import struct
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from tests.kernels.conftest import make_adata
from velowidget.kernels import ConnectivityKernel, Kernel, PrecomputedKernel, VelocityKernel

HEAD = struct.Struct("<8sQQ32sQ")
ODD = [
    None,
    True,
    -1,
    0,
    1,
    31,
    2**31,
    2**63,
    2**70,
    1.5,
    float("nan"),
    "",
    "text",
    "<f8",
    "|S9",
    "<c16",
    "|O",
    "/",
    "..",
]
ODD += [
    [],
    {},
    [2**40],
    [2**40, 0],
    [0, 2**62],
    [-1],
    [[1]],
    {"shape": [3], "dtype": "<i8"},
    {"nodes": {}, "attrs": {}},
]
MEMORY = 6 * 2**30


def zeroed(content: bytearray, random_: random.Random) -> None:
    start = random_.randrange(len(content))
    length = min(random_.choice([16, 256, 4096]), len(content) - start)
    content[start : start + length] = bytes(length)


def flipped(content: bytearray, random_: random.Random) -> None:
    for _ in range(random_.choice([1, 1, 3, 100])):
        content[random_.randrange(len(content))] ^= 1 << random_.randrange(8)


def truncated(content: bytearray, random_: random.Random) -> None:
    del content[random_.randrange(len(content)) :]


def repeated(content: bytearray, random_: random.Random) -> None:
    start = random_.randrange(len(content))
    content[start:start] = content[start : start + random_.choice([8, 64, 4096])]


def replaced(content: bytearray, random_: random.Random) -> None:
    start = random_.randrange(len(content))
    length = min(64, len(content) - start)
    content[start : start + length] = random_.randbytes(length)


DAMAGES = (zeroed, flipped, truncated, repeated, replaced)


def head(content: bytes, random_: random.Random) -> bytes:
    """Damage among the first bytes."""
    changed = bytearray(content)
    start = random_.randrange(HEAD.size)
    changed[start] = (changed[start] + random_.randrange(1, 256)) % 256
    return bytes(changed)


def forged(body: bytes, index_length: int) -> bytes:
    return HEAD.pack(b"\x89VELO\r\n\x1a", 1, len(body), hashlib.sha256(body).digest(), index_length) + body


def in_body(content: bytes, random_: random.Random) -> bytes:
    """Damage behind a checksum that is right."""
    length = HEAD.unpack_from(content)[4]
    arrays, index = bytearray(content[HEAD.size : -length]), bytearray(content[-length:])
    random_.choice(DAMAGES)(random_.choice([arrays, arrays, index]), random_)
    length = random_.choice([len(index), len(index), len(index), random_.randrange(2 * len(content))])
    return forged(bytes(arrays + index), length)


def in_index(content: bytes, random_: random.Random) -> bytes:
    """An index that is JSON and says something else, behind a checksum that is right."""
    length = HEAD.unpack_from(content)[4]
    index = json.loads(content[-length:])
    for _ in range(random_.choice([1, 1, 2, 5])):
        places = list(inside(index))
        if not places:  # all of it has been taken away
            break
        holder, key = random_.choice(places)
        value = random_.choice([*ODD, copy.deepcopy(random_.choice(places)[0])])
        if random_.random() < 0.2:
            del holder[key]
        elif isinstance(holder, dict) and random_.random() < 0.2:
            holder[str(value)[:1000]] = holder.pop(key)
        else:
            holder[key] = value
    written = json.dumps(index).encode()
    return forged(content[HEAD.size : -length] + written, len(written))


def inside(holder):
    """Every place in nested lists and dicts, as what has it and its key there."""
    for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
        yield holder, key
        if isinstance(holder[key], dict | list):
            yield from inside(holder[key])


def damaged(content: bytes, random_: random.Random) -> bytes:
    """Something else than the content: half of them behind a right checksum."""
    while True:
        how = random_.choice(["raw", "head", "body", "index"])
        if how == "raw":
            changed = bytearray(content)
            random_.choice(DAMAGES)(changed, random_)
            changed = bytes(changed)
        else:
            changed = {"head": head, "body": in_body, "index": in_index}[how](content, random_)
        if changed != content:
            return changed


def check(kernel: Kernel, n_cells: int) -> None:
    """An error if it is no kernel, used as one."""
    for part in (*kernel.kernels, kernel):
        assert part.shape == (n_cells, n_cells)
        matrix = part._transition_matrix
        if matrix is not None:
            matrix.check_format(full_check=True)
            assert (matrix.data >= 0).all()
            np.testing.assert_allclose(np.asarray(matrix.sum(axis=1)).ravel(), 1, atol=1e-6)
    for name in ("X", "layers", "obsp"):
        held = getattr(kernel.adata, name)
        for matrix in [held] if name == "X" else held.values():
            if hasattr(matrix, "check_format"):
                matrix.check_format(full_check=True)


def run(folder: Path, first: int, count: int) -> dict[str, int]:
    adata = make_adata()
    velocity = VelocityKernel(adata).compute_transition_matrix()
    kernels = [velocity, velocity * ConnectivityKernel(adata) + 2 * PrecomputedKernel(velocity)]
    whole = [kernel.write(folder / f"whole{i}").read_bytes() for i, kernel in enumerate(kernels)]
    found: Counter[str] = Counter()
    slowest, path = 0.0, folder / "damaged.velo"
    for number in range(first, first + count):
        random_ = random.Random(number)
        content = damaged(random_.choice(whole), random_)
        (folder / "current").write_text(str(number))
        path.write_bytes(content)
        length, checksum = HEAD.unpack_from(content.ljust(HEAD.size))[2:4]
        right = hashlib.sha256(content[HEAD.size :]).digest() == checksum and length == len(content) - HEAD.size
        start = time.perf_counter()
        try:
            check(Kernel.read(path), adata.n_obs)
        except ValueError as error:
            message = str(error)
            assert "damaged.velo" in message, f"{number}: {message}"
            assert len(message) < 500, f"{number}: {len(message)} characters"
            found["refused with a right checksum" if right else "refused"] += 1
        else:
            assert right, f"{number} was accepted with a wrong checksum"
            found["accepted"] += 1
        slowest = max(slowest, time.perf_counter() - start)
    return {**found, "slowest in ms": round(1000 * slowest)}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    folder, first, count = sys.argv[1:]
    print(json.dumps(run(Path(folder), int(first), int(count))))
