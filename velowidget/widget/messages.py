"""What the pipeline holds, as messages for the browser."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, replace
from typing import Any

import numpy as np
from traitlets import TraitError, TraitType

from velowidget.data.annotations import CategoricalAnnotation, columns
from velowidget.data.cells import choices as cell_choices
from velowidget.data.gene_names import find_genes
from velowidget.data.limits import automatic_limits
from velowidget.pipeline import VelocityPipeline
from velowidget.pipeline.events import Computed, Failed, Status
from velowidget.pipeline.offers import contributed, offered
from velowidget.pipeline.stages import FIELDS, STAGES, traits_behind
from velowidget.pipeline.table import entry_of
from velowidget.pipeline.traits import TABLE
from velowidget.plotting.palettes import category_colors
from velowidget.plugins.registry import PluginError, registry
from velowidget.widget.protocol import Message, encode, sendable

# Of the browser's numbers: what is larger counts as missing there.
_LARGEST = float(np.finfo(np.float32).max)

# Errors that tell a user about the input; any other is a bug of ours.
_EXPECTED = (KeyError, ValueError, TypeError, TraitError, PluginError)


def reading(pipeline: VelocityPipeline) -> Message:
    """Which reading of the data everything is of, and what has changed in them since."""
    return encode("reading", number=pipeline.inputs.number, changed=pipeline.changed)


def options(pipeline: VelocityPipeline) -> Message:
    """What the controls offer, and why the data cannot support what is greyed out."""
    return encode(
        "options",
        fixed=_fixed(pipeline),
        parameters=[_parameter(pipeline, name, trait) for name, trait in TABLE.items()],
        exporters=list(map(asdict, contributed(pipeline, "exporters"))),
        panels=[
            {**asdict(offered(pipeline, panel)), "place": panel.place}
            for panel in registry.contributions("panels").values()
        ],
        fields=[{"key": field, "stage": _drawn(stage)} for field, stage in FIELDS.items()],
        stages=[
            {"key": name, "panel": stage.panel, "traits": list(traits_behind(name))} for name, stage in STAGES.items()
        ],
        columns=columns(pipeline.inputs.adata),
        diagnostics=[name for name in pipeline.diagnostics if pipeline.is_diagnostic(name)],
        n_genes=pipeline.inputs.adata.n_vars,
    )


def _parameter(pipeline: VelocityPipeline, name: str, trait: TraitType[Any, Any]) -> dict[str, Any]:
    """What the browser shows of a parameter."""
    entry = entry_of(trait)
    control = entry.control
    return {
        "name": name,
        "title": entry.title,
        "titles": entry.titles,
        "help": trait.help,
        "group": entry.group,
        "within": entry.within,
        "control": {
            "kind": control.kind,
            "low": control.low,
            "high": control.high,
            "offers": [asdict(offer) for offer in control.offers(pipeline)],
        },
        "when": {other: list(values) for other, values in entry.when.items()},
        "instant": entry.instant,
        "reason": pipeline.reason_against(name),
    }


def _drawn(stage: str) -> str | None:
    """The stage, if it has something to draw."""
    return None if STAGES[stage].to_wire is None else stage


def _fixed(pipeline: VelocityPipeline) -> dict[str, Any] | None:
    """Of a given kernel that is shown as it is: what it is called, and why that cannot be changed."""
    given = pipeline.inputs.kernel
    if given is None:
        return None
    return {"kernel": str(given.kernel), "reason": given.reason}


def choices(pipeline: VelocityPipeline) -> Message:
    """The columns that cells can be chosen by: their categories, or from where to where their numbers go."""
    found = cell_choices(pipeline.inputs.adata)
    listed = [
        {"name": name, "categories": value, "range": None}
        if isinstance(value, list)
        else {"name": name, "categories": None, "range": list(value)}
        for name, value in found.items()
    ]
    return encode("choices", columns=listed)


def automatic(pipeline: VelocityPipeline) -> Message:
    """The automatic softmax scale and the number of genes in use, where they are known."""
    return encode("automatic", scale=pipeline.automatic_scale, n_genes=pipeline.n_genes)


def cells(pipeline: VelocityPipeline) -> Message:
    """How many cells there are, their names, and the clusters that they are in, -1 for none."""
    text = json.dumps([str(name) for name in pipeline.inputs.adata.obs_names])
    clusters = pipeline.inputs.clusters
    return encode(
        "cells",
        n_cells=pipeline.inputs.adata.n_obs,
        arrays={
            "names": np.frombuffer(text.encode(), dtype=np.uint8),
            "codes": np.empty(0, dtype=np.int32) if clusters is None else clusters.codes,
        },
    )


def clusters(pipeline: VelocityPipeline) -> Message:
    """The clusters that cells are known by, in the colours of the palette; none without a column of them."""
    found = pipeline.inputs.clusters
    if found is None:
        return encode("clusters", key="", names=[], colors=[])
    colors = category_colors(found, pipeline.palette)
    return encode("clusters", key=found.key, names=list(found.categories), colors=list(colors))


def embedding(pipeline: VelocityPipeline) -> Message | None:
    """Where the cells are; None without an embedding."""
    basis = pipeline.basis
    if not basis:
        return None
    positions = pipeline.positions(basis)
    missing = int(np.isnan(positions[:, 0]).sum())
    return encode(
        "embedding",
        basis=basis,
        components=pipeline.components or list(pipeline.inputs.default_components(basis)),
        width=pipeline.inputs.width(basis),
        missing=missing,
        arrays={"positions": sendable("positions", positions)},
    )


def color(pipeline: VelocityPipeline) -> Message:
    """What the cells are coloured by, with the automatic limits; the browser knows those that are set."""
    annotation = pipeline.annotation
    if annotation is None:
        return encode("color", key="", type="none")
    if isinstance(annotation, CategoricalAnnotation):
        hexes = category_colors(annotation, pipeline.palette)
        return encode(
            "color",
            key=annotation.key,
            source=annotation.source,
            type="categorical",
            asked={"color": pipeline.color, "layer": pipeline.layer},
            categories=[
                {"name": name, "color": hex_, "count": int(count)}
                for name, hex_, count in zip(annotation.categories, hexes, annotation.counts, strict=True)
            ],
            missing=int((annotation.codes < 0).sum()),
            arrays={"codes": annotation.codes},
        )
    values = np.where(np.abs(annotation.values) <= _LARGEST, annotation.values, np.nan)
    known = values[~np.isnan(values)]
    lowest, highest = (known.min(), known.max()) if known.size else (0.0, 0.0)
    # What is far from 0 would lose its last digits; the distance from the value that is nearest to 0 never has more.
    offset = np.clip(0.0, lowest, highest)
    low, high = automatic_limits(replace(annotation, values=values))
    return encode(
        "color",
        key=annotation.key,
        source=annotation.source,
        layer=annotation.layer,
        type="continuous",
        asked={"color": pipeline.color, "layer": pipeline.layer},
        offset=float(offset),
        vmin=float(low),
        vmax=float(high),
        missing=int(values.size - known.size),
        arrays={"values": sendable("values", values - offset)},
    )


def selection(pipeline: VelocityPipeline, id: str | None = None) -> Message:
    """The selected cells; `id` is that of the message that selected them."""
    return encode("selection", id=id, arrays={"cells": pipeline.selection})


def result(computed: Computed, id: str | None = None) -> Message | None:
    """A result that can be drawn; None for the stages that only lead to one."""
    to_wire = STAGES[computed.stage].to_wire
    if to_wire is None:
        return None
    fields, arrays = to_wire(computed.value)
    parameters = computed.parameters
    shown = {
        "scheme": parameters.scheme,
        "n_samples": None,
        "seed": None,
        **parameters.mode_params,  # the numbers only where it draws
        "softmax_scale": parameters.softmax_scale,
        "auto_scale": parameters.auto_scale,
        "backward": parameters.backward,
        "backward_mode": parameters.backward_mode,
        "basis": parameters.basis,
        "components": list(parameters.components),
        "smooth": parameters.smooth,
        "density": parameters.density,
    }
    return encode(
        "result",
        id=id,
        generation=computed.generation,
        stage=computed.stage,
        hashes=dict(computed.hashes),
        params=shown,
        arrays={name: sendable(name, values) for name, values in arrays.items()},
        **fields,
    )


def status(now: Status, id: str | None = None) -> Message:
    """What is going on; `id` is that of the change of parameters that it answers."""
    return encode(
        "status",
        id=id,
        generation=now.generation,
        state=now.state,
        stage=now.stage,
        progress=now.progress,
        label=now.label,
        failed=list(now.failed),
        hashes=dict(now.hashes),
    )


def failure(failed: Failed, id: str | None = None) -> Message:
    """Why a stage could not be computed."""
    return encode(
        "error", id=id, generation=failed.generation, stage=failed.stage, trait=None, **_explained(failed.error)
    )


def refusal(trait: str, error: Exception) -> Message:
    """Why a value was refused."""
    return encode("error", stage=None, trait=trait, **_explained(error))


def problem(part: str, error: Exception, id: str | None = None) -> Message:
    """Why there is no message of this kind, or no answer to a message of this kind."""
    return encode("problem", id=id, part=part, **_explained(error))


def notices(pipeline: VelocityPipeline) -> Message:
    """What a user should know about how the data were read, and which plugins were left out."""
    return encode("notices", items=[*pipeline.notices, *(failure.message for failure in registry.failures)])


def matches(pipeline: VelocityPipeline, query: str, limit: int, id: str | None) -> Message:
    """Genes whose name contains the query."""
    genes, more = find_genes(pipeline.inputs.adata, query, limit)
    return encode("matches", id=id, genes=genes, more=more)


def pong(id: str | None = None) -> Message:
    """That the kernel is there and knows the widget."""
    return encode("pong", id=id)


def _explained(error: Exception) -> dict[str, Any]:
    """The error's first sentence, and what to do next."""
    text = " ".join([str(error), *getattr(error, "__notes__", ())])
    if not isinstance(error, _EXPECTED):
        return {
            "message": f"{type(error).__name__}: {text}",
            "hint": "This is not about your data; please report it, with the steps that led here.",
        }
    first, *rest = re.split(r"(?<=[.?])\s+(?=[A-Z])", text, maxsplit=1)
    return {"message": first, "hint": rest[0] if rest else ""}
