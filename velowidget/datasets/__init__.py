"""Example data: two simulations with known truth, one public data set, and those of plugins by :func:`load`.

=================  ==========================================================================
:func:`bifurcation`  simulated: progenitors choose one of two fates
:func:`cycle`        simulated: the cell cycle
:func:`pancreas`     downloaded: mouse pancreas at E15.5 (Bastidas-Ponce et al. 2019)
=================  ==========================================================================
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from velowidget.plugins.registry import registry

if TYPE_CHECKING:
    from anndata import AnnData

    from velowidget.datasets.remote import pancreas
    from velowidget.datasets.simulated import bifurcation, cycle

__all__ = ["bifurcation", "cycle", "load", "pancreas"]


def load(name: str, **settings: Any) -> AnnData:
    """Example data by name: those above, and those of plugins.

    Parameters
    ----------
    name
        A key of ``velowidget.plugins.contributions('sample_data')``.
    **settings
        For the function that makes them.

    Raises
    ------
    ValueError
        If there are none of that name.
    velowidget.plugins.PluginError
        If the plugin that they are of cannot be used.
    """
    data: AnnData = registry.load("sample_data", name)(**settings)
    return data


def __getattr__(name: str) -> Any:
    # Looked up on first use, so that `import velowidget.datasets` loads neither scanpy nor pooch.
    if name in registry.contributions("sample_data"):
        return registry.load("sample_data", name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
