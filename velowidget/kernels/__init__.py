"""Kernels: from annotated data to a Markov chain, which is analysed, drawn, written and read again."""

from velowidget.kernels.base import Kernel
from velowidget.kernels.connectivity import ConnectivityKernel
from velowidget.kernels.precomputed import PrecomputedKernel
from velowidget.kernels.velocity import VelocityKernel

__all__ = ["ConnectivityKernel", "Kernel", "PrecomputedKernel", "VelocityKernel"]
