"""Kernels: from annotated data to a Markov chain. With the datasets, the only package that touches AnnData."""

from velowidget.kernels.velocity import VelocityKernel

__all__ = ["VelocityKernel"]
