"""A live RNA-velocity Markov chain in the notebook.

Public names are loaded when they are first used: importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOMES = {
    "ConnectivityKernel": "velowidget.kernels",
    "PrecomputedKernel": "velowidget.kernels",
    "VelocityKernel": "velowidget.kernels",
    "VelocityPipeline": "velowidget.pipeline",
    "VelocityWidget": "velowidget.widget",
    "datasets": None,
    "filter_genes": "velowidget.preprocessing.genes",
    "moments": "velowidget.preprocessing.moments",
    "plugins": None,
    "velocity": "velowidget.preprocessing.velocity",
}

__all__ = [
    "ConnectivityKernel",
    "PrecomputedKernel",
    "VelocityKernel",
    "VelocityPipeline",
    "VelocityWidget",
    "__version__",
    "datasets",
    "filter_genes",
    "moments",
    "plugins",
    "velocity",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("velowidget")
    if name not in _HOMES:
        raise AttributeError(f"module 'velowidget' has no attribute {name!r}")
    home = _HOMES[name]
    value = import_module(f"velowidget.{name}") if home is None else getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
