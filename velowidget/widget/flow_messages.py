"""The flow between clusters, as messages for the browser."""

from __future__ import annotations

import numpy as np

from velowidget.data.annotations import CategoricalAnnotation
from velowidget.pipeline import VelocityPipeline
from velowidget.plotting.palettes import category_colors
from velowidget.widget.protocol import Message, encode, sendable


def groups(pipeline: VelocityPipeline) -> Message | None:
    """Clusters and times that the flow is between; None without clusters."""
    if not pipeline.cluster_key:
        return None
    cells = pipeline.flow_cells
    annotation = pipeline.inputs.annotation(f"obs:{pipeline.cluster_key}")
    assert isinstance(annotation, CategoricalAnnotation)
    colors = dict(zip(annotation.categories, category_colors(annotation, pipeline.palette), strict=True))
    codes = cells.groups.clusters
    counts = np.bincount(codes[codes >= 0], minlength=len(cells.names))
    return encode(
        "groups",
        cluster_key=pipeline.cluster_key,
        time_key=pipeline.time_key,
        clusters=[
            {"name": str(name), "color": colors[str(name)], "count": int(count)}
            for name, count in zip(cells.names, counts, strict=True)
        ],
        times=[] if cells.times is None else cells.times.tolist(),
        arrays={"codes": codes, "proportions": sendable("proportions", cells.groups.proportions)},
    )
