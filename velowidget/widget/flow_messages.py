"""The flow between clusters, as messages for the browser."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from velowidget.kernels.annotations import CategoricalAnnotation
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.flow import Flow, FlowInterval
from velowidget.plotting.palettes import category_colors
from velowidget.widget.protocol import Message, encode


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
        arrays={"codes": codes, "proportions": cells.groups.proportions.astype("<f4")},
    )


def flow_parts(value: Flow | FlowInterval) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Fields and arrays of a result: numbers of the pairs of clusters that neighbours connect, always in one order."""
    flow = value if isinstance(value, Flow) else value.flow
    edges = flow.edges
    if isinstance(value, FlowInterval):
        numbers = {"low": value.low, "high": value.high}
    else:
        numbers = {"flow": flow.values, "expected": flow.expectation.expected, "z": flow.expectation.z}
    arrays: dict[str, NDArray[Any]] = {"edges": np.column_stack(edges).astype("<i4")}
    arrays |= {name: array[edges].astype("<f4") for name, array in numbers.items()}
    key = flow.cells.time_key or ""
    return {"time_key": key, "cluster_key": flow.cells.cluster_key}, arrays
