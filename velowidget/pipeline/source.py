"""What a pipeline is made of: an AnnData and what is read of it, or a kernel that exists already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from anndata import AnnData

from velowidget.data.arguments import one_of
from velowidget.data.velocity import loaded
from velowidget.kernels.base import Kernel
from velowidget.kernels.given import velocity_part
from velowidget.pipeline.chain import GivenKernel
from velowidget.pipeline.traits import DIAGNOSTICS, OF_THE_CHAIN, OF_THE_DATA


@dataclass(frozen=True, eq=False)
class Source:
    """What a pipeline is made of.

    Attributes
    ----------
    adata
        The annotated data.
    attr
        What `vkey` and `xkey` are keys of.
    parameters
        First values of the pipeline's parameters.
    given
        The kernel that is shown as it is; None where the chain is computed from the parameters.
    """

    adata: AnnData
    attr: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    given: GivenKernel | None = None


def source_of(data: AnnData | Kernel, attr: str, parameters: Mapping[str, Any]) -> Source:
    """What a pipeline is made of, from what the user gave.

    Parameters
    ----------
    data
        Annotated data or a kernel. A velocity kernel is tuned further from its own parameters. Any other, such as a
        combination or a matrix from elsewhere, is shown as it is; it is computed with its defaults if it is not yet.
    attr, parameters
        As the user gave them, first values of parameters without those that have their default.

    Raises
    ------
    TypeError
        If it is neither, or something is given that the kernel has its own of.
    """
    if not isinstance(data, Kernel):
        return Source(loaded(data), one_of("attr", attr, ("layers", "obsm")), parameters)
    if attr != "layers":
        raise _of_kernel("attr")
    own = data.keywords
    if own is not None:
        return Source(data.adata, own.get("attr", "layers"), {**_first(own, OF_THE_CHAIN), **parameters})
    kernel = data.copy()  # what is done to the user's does not reach the picture
    names, chain, part = kernel.cell_names, kernel.chain, velocity_part(kernel)
    first = {"backward": bool(kernel.backward)}
    if part is None:  # nothing is known of what to fade by
        first["honest"] = False
        fixed = (*OF_THE_CHAIN, "honest")
        shown = GivenKernel(kernel, names, chain, None, chain.graph, fixed, ("entropy",))
    else:
        # Its data are not read again.
        first = {**_first(part.keywords or {}, set(OF_THE_CHAIN) - set(OF_THE_DATA)), **first}
        made = part.chain
        chain = replace(chain, similarity=made.similarity, softmax_scale=made.softmax_scale)
        shown = GivenKernel(kernel, names, chain, part.data, made.graph, OF_THE_CHAIN, DIAGNOSTICS)
    for name in parameters:
        if name in shown.fixed:
            raise _of_kernel(name)
    return Source(data.adata, "layers", {**first, **parameters}, shown)


def _of_kernel(name: str) -> TypeError:
    return TypeError(f"{name} is the given kernel's own: leave it out, or make another kernel with it.")


def _first(settings: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name in names or name == "seed"}
