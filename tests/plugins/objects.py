"""What the plugins of the tests contribute."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

from velowidget.kernels import ConnectivityKernel


def lopsided(v, d, scale):
    """A scheme that is not odd in the velocity: cosine, shifted."""
    norms = np.linalg.norm(v, axis=1) * np.linalg.norm(d, axis=1)
    s = np.where(norms > 0, (v * d).sum(axis=1) / np.where(norms > 0, norms, 1), 0) + 0.3 * np.linalg.norm(v, axis=1)
    return softmax(scale * s), s


def plain_cosine(v, d, scale):
    norms = np.linalg.norm(v, axis=1) * np.linalg.norm(d, axis=1)
    s = np.where(norms > 0, (v * d).sum(axis=1) / np.where(norms > 0, norms, 1), 0)
    return softmax(scale * s), s


def leaving(v, d, scale):
    raise SystemExit(3)


def failing(v, d, scale):
    raise RuntimeError("no idea")


class Kernel(ConnectivityKernel):
    pass


def write(pipeline, path):
    path.write_text(f"{pipeline.scheme} {pipeline.adata.n_obs}")


def leave(pipeline, path):
    raise SystemExit(4)


def answer(pipeline, name, payload, buffers):
    if name == "sum":
        return sum(np.frombuffer(buffers[0], dtype="<f4").tolist())
    if name == "arrays":
        return None, {"f": np.ones((2, 2)), "i": np.arange(3), "u": np.zeros(2, dtype=np.uint8), "b": np.array([True])}
    if name == "large":
        return None, {"i": np.array([2**40])}
    if name == "text":
        return None, {"t": np.array(["x"])}
    if name == "exit":
        raise SystemExit(3)
    if name == "nan":
        return float("nan")
    raise ValueError(f"What is {name}?")


NAMES = ("lopsided", "plain_cosine", "failing", "leaving", "Kernel", "write", "leave", "answer", "gone")


def entry(name: str, **more):
    return {"id": f"mine.{name}", "title": name, "command": f"mine.{name}", **more}


MANIFEST = {
    "name": "mine",
    "commands": [{"id": f"mine.{name}", "python_name": f"{__name__}:{name}"} for name in NAMES],
    "schemes": [
        *(entry(name) for name in ("lopsided", "plain_cosine", "failing", "leaving", "gone")),
        {**entry("plain_cosine", requires=["obsm/X_moon"]), "id": "mine.on_the_moon"},
    ],
    "kernels": [entry("Kernel")],
    "panels": [
        entry("answer", esm="export default { mount() {} }"),
        {"id": "mine.of_ages", "title": "ages", "esm": "x", "requires": ["obs/age"]},
    ],
    "palettes": [
        {"id": "mine.greys", "title": "greys", "colors": ["#111111", "#eeeeee"]},
        {"id": "mine.ages", "title": "ages", "colors": ["#111111", "#eeeeee"], "requires": ["obs/age"]},
    ],
    "exporters": [
        entry("write", extension=".txt"),
        entry("leave", extension=".txt"),
        {**entry("write", extension=".x", requires=["obs/age"]), "id": "mine.w"},
    ],
}
