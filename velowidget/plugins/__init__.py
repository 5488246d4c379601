"""Plugins: similarities, kernels, panels, palettes, exporters and example data that others, or a notebook, add.

A plugin is a manifest (:mod:`velowidget.plugins.manifest`) and the code that it names. Installed plugins are found by
their entry point in the group ``velowidget.manifest``; :func:`register` adds one from a notebook. What the package
itself contributes is in a manifest, too. The functions are methods of the one registry of this process,
``velowidget.plugins.registry.registry``, where they are described.
"""

from __future__ import annotations

from velowidget.plugins.manifest import ManifestError
from velowidget.plugins.registry import PluginError
from velowidget.plugins.registry import registry as _registry

__all__ = ["ManifestError", "PluginError", "contributions", "disable", "enable", "load", "register"]

contributions = _registry.contributions
disable = _registry.disable
enable = _registry.enable
load = _registry.load
register = _registry.register
