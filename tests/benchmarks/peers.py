"""CellRank in an environment of its own, and both sides of a comparison as processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

from measure import ROOT

PEER = ROOT / ".venv-peers" / "cellrank"
PACKAGES = ("cellrank==2.0.7", "numpy<2", "setuptools<81", "jax")
SIDES = Path(__file__).parent / "sides.py"


@cache
def cellrank_python() -> str | None:
    """CellRank's interpreter, installed if need be; None, and a line that says why, where that is not possible."""
    python, complete = PEER / "bin" / "python", PEER / ".complete"
    if complete.exists():
        return str(python)
    source = sys.executable if sys.version_info[:2] == (3, 11) else shutil.which("python3.11")
    if source is None:
        print("CellRank 2.0.7 needs Python 3.11, which is not here: our own figures only.")
        return None
    print(f"Installing CellRank 2.0.7 in {PEER.relative_to(ROOT)}, once: this takes minutes.", flush=True)
    try:
        subprocess.run([source, "-m", "venv", "--clear", PEER], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        subprocess.run([python, "-c", "import cellrank, jax"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"CellRank could not be installed ({error}): our own figures only.")
        return None
    complete.touch()
    return str(python)


class Side:
    """A process that computes transition matrices; closes with the `with` block."""

    def __init__(self, name: str, python: str) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [python, "-W", "ignore", str(SIDES), name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Side:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        self._process.wait()

    def run(self, path: Path, *, scales=(), **options):
        """Seconds of `constructor` and `compute`, `peak` megabytes above the inputs, seconds `again` with `scales`."""
        task = {"path": str(path), "options": options, "scales": list(scales)}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{self.name} has ended while computing {task}.")
        return json.loads(answer)


@contextmanager
def both_sides() -> Iterator[list[Side]]:
    """A process with velowidget and, where there is one, a process with CellRank."""
    python = cellrank_python()
    with ExitStack() as stack:
        pairs = [("velowidget", sys.executable), *([("cellrank", python)] if python else [])]
        yield [stack.enter_context(Side(*pair)) for pair in pairs]
