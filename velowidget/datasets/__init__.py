"""Example data: two simulations with known truth, and one public data set.

=================  ==========================================================================
:func:`bifurcation`  simulated: progenitors choose one of two fates
:func:`cycle`        simulated: the cell cycle
:func:`pancreas`     downloaded: mouse pancreas at E15.5 (Bastidas-Ponce et al. 2019)
=================  ==========================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from velowidget.datasets.remote import pancreas
    from velowidget.datasets.simulated import bifurcation, cycle

__all__ = ["bifurcation", "cycle", "pancreas"]

_MODULE_OF = {"bifurcation": "simulated", "cycle": "simulated", "pancreas": "remote"}


def __getattr__(name: str) -> Any:
    # Looked up on first use, so that `import velowidget.datasets` loads neither scanpy nor pooch.
    if name in _MODULE_OF:
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
