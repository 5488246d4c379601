"""What is known of a kernel that exists already."""

from __future__ import annotations

from velowidget.kernels.base import Kernel
from velowidget.kernels.velocity import VelocityKernel


def velocity_part(kernel: Kernel) -> VelocityKernel | None:
    """The first velocity kernel in a computed one whose similarities can be made again; None without one."""
    for part in kernel.kernels:
        if isinstance(part, VelocityKernel) and part.chain.similarity is not None and part.keywords is not None:
            return part
    return None
