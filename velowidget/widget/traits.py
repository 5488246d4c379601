"""The pipeline's parameters as traits that cross the wire; the pipeline has the last word on every value."""

from __future__ import annotations

from typing import Any

import traitlets as t

from velowidget.pipeline.selection import Cells


class SyncedTraits(t.HasTraits):
    """As `velowidget.pipeline.traits.ParameterTraits`, of the same types; values and checks are the pipeline's."""

    softmax_scale: t.TraitType[float, Any] = t.TraitType(4.0).tag(sync=True)
    auto_scale = t.Bool(True).tag(sync=True)
    scheme = t.Unicode("").tag(sync=True)
    mode = t.Unicode("").tag(sync=True)
    n_samples = t.Int(1).tag(sync=True)
    backward = t.Bool(False).tag(sync=True)
    backward_mode = t.Unicode("").tag(sync=True)
    basis = t.Unicode("").tag(sync=True)
    components: t.List[int] = t.List(t.Int()).tag(sync=True)
    color = t.Unicode("").tag(sync=True)
    layer: t.TraitType[Any, Any] = t.TraitType(None).tag(sync=True)
    vmin: t.TraitType[Any, Any] = t.TraitType(None).tag(sync=True)
    vmax: t.TraitType[Any, Any] = t.TraitType(None).tag(sync=True)
    palette = t.Unicode("").tag(sync=True)
    field = t.Unicode("").tag(sync=True)
    smooth = t.Float(0.0).tag(sync=True)
    density = t.Float(0.0).tag(sync=True)
    arrow_length = t.Float(0.0).tag(sync=True)
    point_size = t.Float(0.0).tag(sync=True)
    opacity = t.Float(0.0).tag(sync=True)
    honest = t.Bool(True).tag(sync=True)
    selection = Cells()  # crosses the wire as a message
    cluster_key = t.Unicode("").tag(sync=True)
    time_key = t.Unicode("").tag(sync=True)
    cluster = t.Unicode("").tag(sync=True)
    min_flow = t.Float(0.0).tag(sync=True)
    n_sims = t.Int(1).tag(sync=True)
    max_iter: t.TraitType[Any, Any] = t.Any(1).tag(sync=True)
    successive_hits = t.Int(0).tag(sync=True)
    start_ixs: t.TraitType[Any, Any] = t.Any(None).tag(sync=True)
    stop_ixs: t.TraitType[Any, Any] = t.Any(None).tag(sync=True)
    seed = t.Int(0).tag(sync=True)
    step = t.Int(0).tag(sync=True)
