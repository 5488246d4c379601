"""A kernel whose chain is shown as it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anndata import AnnData

from velowidget.core.chain import Chain
from velowidget.core.graph import Graph
from velowidget.data.velocity import VelocityData, same_cells
from velowidget.kernels.base import Kernel


@dataclass(frozen=True, eq=False)
class GivenKernel:
    """A kernel whose chain is shown as it is.

    Attributes
    ----------
    kernel, names
        An independent copy, and the names of its cells when it was given; None where they have none.
    chain
        Its chain.
    data, graph
        Of the first velocity kernel that it is made of; `data` is None without one, and `graph` that of the chain.
    fixed
        The pipeline's parameters that cannot be changed.
    diagnostics
        Those of `DIAGNOSTICS` that the chain has.
    """

    kernel: Kernel
    names: Any
    chain: Chain
    data: VelocityData | None
    graph: Graph
    fixed: tuple[str, ...]
    diagnostics: tuple[str, ...]

    @property
    def reason(self) -> str:
        """Why parameters cannot be changed."""
        return f"The chain is that of the given kernel {self.kernel}; give a VelocityKernel or an AnnData to tune one."

    def on(self, adata: AnnData) -> Kernel:
        """An independent copy of the kernel, with an AnnData of the same cells."""
        return self.kernel.with_adata(adata)

    def chain_for(self, adata: AnnData) -> Chain:
        """The chain, for data that have been read anew; raises a ValueError if they are of other cells."""
        same_cells(adata, self.kernel.shape[0], self.names)
        return self.chain
