"""What a pipeline is made of: an AnnData and what is read of it, or a kernel that exists already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from anndata import AnnData

from velowidget.kernels.base import Kernel
from velowidget.kernels.data import loaded
from velowidget.kernels.given import velocity_part
from velowidget.kernels.reading import Settings
from velowidget.pipeline.chain import GivenKernel
from velowidget.pipeline.traits import DIAGNOSTICS, OF_THE_CHAIN


@dataclass(frozen=True, eq=False)
class Source:
    """What a pipeline is made of.

    Attributes
    ----------
    adata
        The annotated data.
    settings
        Which parts of them make the chain.
    degenerate
        What becomes of cells without transition probabilities.
    parameters
        First values of the pipeline's parameters.
    given
        The kernel that is shown as it is; None where the chain is computed from the parameters.
    """

    adata: AnnData
    settings: Settings
    degenerate: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    given: GivenKernel | None = None


def source_of(data: AnnData | Kernel, settings: Settings, degenerate: str, parameters: Mapping[str, Any]) -> Source:
    """What a pipeline is made of, from what the user gave.

    Parameters
    ----------
    data
        Annotated data or a kernel. A velocity kernel is tuned further from its own parameters. Any other, such as a
        combination or a matrix from elsewhere, is shown as it is; it is computed with its defaults if it is not yet.
    settings, degenerate, parameters
        As the user gave them, first values of parameters without those that have their default.

    Raises
    ------
    TypeError
        If it is neither, or something is given that the kernel has its own of.
    """
    if not isinstance(data, Kernel):
        return Source(loaded(data), settings, degenerate, parameters)
    chosen = {**asdict(settings), "degenerate": degenerate}
    for name, default in {**asdict(Settings()), "degenerate": "error"}.items():
        if chosen[name] is not default and not (isinstance(default, str) and chosen[name] == default):
            raise _of_kernel(name)
    own = data.keywords
    if own is not None:
        read = Settings(**{name: own[name] for name in asdict(settings) if name in own})
        return Source(data.adata, read, own.get("degenerate", "error"), {**_first(own), **parameters})
    kernel = data.copy()  # what is done to the user's does not reach the picture
    names, chain, part = kernel.cell_names, kernel.chain, velocity_part(kernel)
    first = {"backward": bool(kernel.backward)}
    if part is None:  # nothing is known of what to fade by
        first["honest"] = False
        fixed = (*OF_THE_CHAIN, "honest")
        shown = GivenKernel(kernel, names, chain, None, chain.graph, fixed, ("entropy",))
    else:
        first = {**_first(part.keywords or {}), **first}
        made = part.chain
        chain = replace(chain, similarity=made.similarity, softmax_scale=made.softmax_scale)
        shown = GivenKernel(kernel, names, chain, part.data, made.graph, OF_THE_CHAIN, DIAGNOSTICS)
    for name in parameters:
        if name in shown.fixed:
            raise _of_kernel(name)
    return Source(data.adata, Settings(), "error", {**first, **parameters}, shown)


def _of_kernel(name: str) -> TypeError:
    return TypeError(f"{name} is the given kernel's own: leave it out, or make another kernel with it.")


def _first(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in (*OF_THE_CHAIN, "seed")}
