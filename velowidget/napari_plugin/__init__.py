"""A face of the pipeline in napari: cells and arrows as layers, and a dock with the kernel's parameters."""

from __future__ import annotations

from typing import Any


def show(pipeline: Any, viewer: Any = None) -> Any:
    """Open a pipeline in napari: its cells and arrows as layers, its parameters in a dock.

    Every face of the pipeline stays in step, here and in the notebook.

    Parameters
    ----------
    pipeline
        A :class:`velowidget.VelocityPipeline`, such as ``w.pipeline`` of a widget; or an AnnData or a kernel, to make
        one of.
    viewer
        A ``napari.Viewer``; a new one by default.

    Returns
    -------
    The viewer.

    Raises
    ------
    TypeError
        If `pipeline` is none of them.
    """
    import napari
    from anndata import AnnData

    from velowidget.kernels import Kernel
    from velowidget.napari_plugin.dock import open_dock
    from velowidget.napari_plugin.scene import open_scene
    from velowidget.pipeline import VelocityPipeline

    if isinstance(pipeline, AnnData | Kernel):
        pipeline = VelocityPipeline(pipeline)
    elif not isinstance(pipeline, VelocityPipeline):
        raise TypeError(f"pipeline must be a VelocityPipeline, an AnnData or a kernel, not {pipeline!r}.")
    viewer = napari.Viewer() if viewer is None else viewer
    open_dock(viewer, open_scene(viewer, pipeline))
    return viewer
