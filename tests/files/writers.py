"""What writes files, each two different ones, for tests in which something happens meanwhile."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib
import numpy as np

from tests.kernels.conftest import make_adata
from velowidget import VelocityPipeline, plugins
from velowidget.kernels import ConnectivityKernel, VelocityKernel
from velowidget.plotting.figure import finish

PLUGIN = {
    "name": "slow",
    "commands": [{"id": "slow.write", "python_name": f"{__name__}:in_pieces"}],
    "exporters": [{"id": "slow.write", "title": "In pieces", "command": "slow.write", "extension": ".bin"}],
}
EXPORTERS = ("arrows", "kernel", "slow.write")
FIGURES = ("png", "svg", "pdf", "jpg", "tif")
PLOTS = ("plot_projection", "plot_random_walks", "plot_single_flow")

Write = Callable[[Path, int], object]


def in_pieces(pipeline: VelocityPipeline, path: Path) -> None:
    """An exporter that knows nothing of replacing: the same number, in many writes."""
    number = len(pipeline.scheme)
    with path.open("wb") as file:
        for _ in range(20):
            file.write(bytes([number]) * 2000)
            file.flush()
            time.sleep(0.0005)


def writer(name: str) -> tuple[str, Write]:
    """The suffix of a writer's files, and the writer: of a path, and of which of its two files it writes."""
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "the same"
    os.environ["SOURCE_DATE_EPOCH"] = "0"
    adata = make_adata()
    if name == "write":
        velocity = VelocityKernel(adata).compute_transition_matrix()
        kernels = velocity, 0.5 * velocity + 0.5 * ConnectivityKernel(adata).compute_transition_matrix()
        return ".velo", lambda path, i: kernels[i].write(path)
    if name in EXPORTERS:
        if name == "slow.write":
            plugins.register(PLUGIN)
        pipelines = [VelocityPipeline(adata, scheme=scheme) for scheme in ("correlation", "cosine")]
        for pipeline in pipelines:
            pipeline.wait()
        return {"arrows": ".csv", "kernel": ".velo"}.get(name, ".bin"), lambda path, i: pipelines[i].export(name, path)
    from matplotlib import pyplot as plt

    if name in FIGURES:
        axes = [plt.subplots(figsize=(2, 2))[1] for _ in range(2)]
        axes[1].imshow(np.random.default_rng(0).random((60, 60)))
        settings = {"show": False, "title": "a picture", "about": {}}
        return f".{name}", lambda path, i: finish(axes[i], path, 80, **settings)
    kernel = VelocityKernel(adata).compute_transition_matrix()
    draw = {
        "plot_projection": lambda path, i: kernel.plot_projection(save=path, dpi=50 + i, show=False),
        "plot_random_walks": lambda path, i: kernel.plot_random_walks(5, 5, seed=i, save=path, dpi=50, show=False),
        "plot_single_flow": lambda path, i: kernel.plot_single_flow(
            ("early", "late")[i], "clusters", "day", save=path, dpi=50, show=False
        ),
    }[name]

    def closed(path: Path, i: int) -> None:
        draw(path, i)
        plt.close("all")

    adata.obs["day"] = np.arange(adata.n_obs) // 10
    return ".png", closed
