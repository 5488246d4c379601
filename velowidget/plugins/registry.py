"""Which plugins there are, and what they contribute; their code is imported when it is first used."""

from __future__ import annotations

import functools
import importlib.util
import logging
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from velowidget.plugins.manifest import (
    KINDS,
    OWN,
    Contribution,
    Manifest,
    Panel,
    parse_manifest,
    plugin_of,
    read_manifest,
)
from velowidget.plugins.names import closest, shown

_log = logging.getLogger(__name__)

GROUP = "velowidget.manifest"
"""The group of entry points that name manifests: ``name = "package:file.toml"``."""

BUILTIN = Path(__file__).parent / "builtin.toml"


class PluginError(Exception):
    """A plugin could not be used; the message says which, and why."""


@dataclass(frozen=True)
class Failure:
    """An installed plugin that was left out, and why."""

    plugin: str
    message: str


def installed() -> Iterable[EntryPoint]:
    """The entry points of the installed plugins."""
    return entry_points(group=GROUP)


def locate(value: str) -> Path:
    """The manifest's file that an entry point names, without importing the package.

    Raises
    ------
    FileNotFoundError
        If there is no such package or file.
    """
    module, _, file = value.partition(":")
    top, *rest = module.strip().split(".")
    # `find_spec` of a dotted name imports its parent: the top package is found, and the rest is folders.
    spec = importlib.util.find_spec(top) if top else None
    if spec is None or not file:
        raise FileNotFoundError(f"The entry point {value!r} must be 'package:file.toml', of an installed package.")
    folders = list(spec.submodule_search_locations or ([] if spec.origin is None else [str(Path(spec.origin).parent)]))
    paths = [Path(folder, *rest, file.strip()) for folder in folders]
    for path in paths:
        if path.is_file():
            return path
    raise FileNotFoundError(f"There is no file {file.strip()!r} in {module!r}, which the entry point names.")


class Registry:
    """Contributions of all plugins, by kind.

    Installed plugins are looked for when something is first asked for. One that cannot be used is left out, and kept in
    `failures`.

    Parameters
    ----------
    installed
        Gives the entry points of the installed plugins.
    """

    def __init__(self, installed: Callable[[], Iterable[EntryPoint]] = installed) -> None:
        self._installed = installed
        self._lock = threading.RLock()
        self._manifests: dict[str, Manifest] | None = None
        self._failures: list[Failure] = []
        self._registered: set[str] = set()
        self._disabled: set[str] = set()
        self._listeners: list[Callable[[], None]] = []

    # -- which plugins there are ------------------------------------------------------------------

    @property
    def manifests(self) -> dict[str, Manifest]:
        """Manifests by the plugin's name, ours first; disabled ones too."""
        return dict(self._discovered())

    def manifest(self, plugin: str) -> Manifest:
        """A plugin's manifest.

        Raises
        ------
        ValueError
            If there is no plugin of that name; the message names the nearest.
        """
        found = self._discovered()
        if plugin not in found:
            raise ValueError(f"There is no plugin {shown(plugin)}{_nearest(plugin, found)}")
        return found[plugin]

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Installed plugins that were left out."""
        self._discovered()
        return tuple(self._failures)

    def is_enabled(self, plugin: str) -> bool:
        """Whether a plugin's contributions are offered."""
        return self.manifest(plugin).name not in self._disabled

    def register(self, manifest: Manifest | Mapping[str, Any] | str | Path) -> Callable[[], None]:
        """Add a plugin that is not installed, such as one made in a notebook; run again, it replaces what it added.

        Parameters
        ----------
        manifest
            The manifest, its file, or its content as the file would be read. What a notebook defines is in the module
            ``__main__``: its function `angle` has the python_name ``'__main__:angle'``.

        Returns
        -------
        A function that takes the plugin out again, however often it is called.

        Raises
        ------
        ManifestError
            If the manifest says what cannot be.
        TypeError
            If it is no manifest at all.
        PluginError
            If an installed plugin has that name.
        """
        if isinstance(manifest, Mapping):
            manifest = parse_manifest(manifest, "What was registered")
        elif isinstance(manifest, str | Path):
            manifest = read_manifest(Path(manifest))
        elif not isinstance(manifest, Manifest):
            raise TypeError(f"manifest must be a dict, or the path of a TOML file, not {shown(manifest)}.")
        name = manifest.name
        with self._lock:
            if name in self._discovered() and name not in self._registered:
                raise PluginError(
                    f"There is a plugin {name!r} already. Give this one another name, or take that one out."
                )
            self._discovered()[name] = manifest
            self._registered.add(name)
        self._tell()

        def take_out() -> None:
            with self._lock:
                if self._discovered().get(name) is not manifest:
                    return
                del self._discovered()[name]
                self._registered.remove(name)
                self._disabled.discard(name)
            self._tell()

        return take_out

    def disable(self, plugin: str) -> None:
        """Offer a plugin's contributions no longer, in this process."""
        if self.manifest(plugin).name == OWN:
            raise PluginError("Our own contributions cannot be disabled.")
        with self._lock:
            self._disabled.add(plugin)
        self._tell()

    def enable(self, plugin: str) -> None:
        """Offer a disabled plugin's contributions again."""
        with self._lock:
            self._disabled.discard(self.manifest(plugin).name)
        self._tell()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when plugins come, go, are enabled or disabled; returns how to stop."""
        with self._lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    # -- what they contribute ---------------------------------------------------------------------

    def contributions(self, kind: str) -> dict[str, Any]:
        """The contributions of a kind of `KINDS` by their keys, those of enabled plugins, ours first."""
        if kind not in KINDS:
            raise ValueError(f"{shown(kind)} is no kind of contribution{_nearest(kind, KINDS)}")
        with self._lock:
            return {
                contribution.key: contribution
                for name, manifest in self._discovered().items()
                if name not in self._disabled
                for contribution in manifest.contributions[kind].values()
            }

    def get(self, kind: str, key: str) -> Any:
        """A contribution.

        Raises
        ------
        ValueError
            If there is none of that key; the message names the nearest.
        """
        found = self.contributions(kind)
        if key not in found:
            raise ValueError(f"There are no {kind} {shown(key)}{_nearest(key, found)}")
        return found[key]

    def load(self, kind: str, key: str) -> Any:
        """The object that a contribution's command stands for, imported if it is not yet.

        Raises
        ------
        ValueError
            If there is no such contribution.
        PluginError
            If the import fails, or there is no such object, or it has none; the message names the plugin.
        """
        contribution = self.get(kind, key)
        if getattr(contribution, "command", None) is None:  # palettes never have one
            raise PluginError(f"{contribution.id!r} has no command.")
        return self.resolve(contribution.command)

    def resolve(self, command: str) -> Any:
        """The object that a command stands for, imported if it is not yet; raises as `load`."""
        plugin = plugin_of(command)
        place = self.manifest(plugin).commands[command].python_name
        module, _, qualname = place.partition(":")
        try:
            return functools.reduce(getattr, qualname.split("."), import_module(module))
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"The plugin {plugin!r} could not be used: importing {place!r} raised {type(error).__name__}: {error}. "
                f"Mend it, or take it out of sight with velowidget.plugins.disable({plugin!r})."
            ) from error

    def javascript(self, key: str) -> str:
        """The JavaScript of a panel.

        Raises
        ------
        ValueError
            If there is no such panel.
        PluginError
            If it has none, or its file cannot be read.
        """
        panel: Panel = self.get("panels", key)
        if panel.esm is not None:
            return panel.esm
        plugin = plugin_of(panel.id)
        folder = self.manifest(plugin).folder
        if panel.esm_file is None or folder is None:
            raise PluginError(f"The panel {key!r} of {plugin!r} has no JavaScript of its own.")
        try:
            return (folder / panel.esm_file).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise PluginError(f"The plugin {plugin!r} could not be used: {error}.") from error

    # -- inside -----------------------------------------------------------------------------------

    def _discovered(self) -> dict[str, Manifest]:
        with self._lock:
            if self._manifests is None:
                own = read_manifest(BUILTIN)
                self._manifests = {own.name: own}
                for point in self._installed():
                    self._add(self._manifests, point)
            return self._manifests

    def _add(self, manifests: dict[str, Manifest], point: EntryPoint) -> None:
        try:
            manifest = read_manifest(locate(point.value))
            if manifest.name in manifests:
                there, here = manifests[manifest.name].folder, manifest.folder
                raise PluginError(f"There is a plugin {manifest.name!r} already, in {there}; this one is in {here}.")
        except Exception as error:
            self._failures.append(Failure(point.name, f"The plugin {point.name!r} was left out. {error}"))
        else:
            manifests[manifest.name] = manifest

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            try:
                listener()
            except Exception:  # one widget's trouble is no other's
                _log.exception("A listener failed.")


registry = Registry()
"""The plugins of this process."""


def unmet(contribution: Contribution, adata: Any) -> str | None:
    """Why the data cannot support a contribution, for people; None if they can."""
    missing = [
        f"adata.{slot}[{key!r}]"
        for slot, _, key in (required.partition("/") for required in contribution.requires)
        if key not in getattr(adata, slot)
    ]
    return f"needs {' and '.join(missing)}" if missing else None


def require(contribution: Contribution, adata: Any) -> None:
    """Raise a ValueError that says why, if the data cannot support a contribution."""
    if (reason := unmet(contribution, adata)) is not None:
        raise ValueError(f"{contribution.title!r} {reason}, which the data do not have.")


def check(plugin: str) -> Iterator[str]:
    """Import all that a plugin's manifest names, and say what cannot be had, or is not what it should be.

    Parameters
    ----------
    plugin
        Name of a plugin, or a manifest's file, which ends in ``.toml``.

    Raises
    ------
    ManifestError, PluginError, ValueError
        If the manifest cannot be used, or there is no such plugin.
    """
    among = registry
    if plugin.endswith(".toml"):
        among, manifest = Registry(lambda: ()), read_manifest(Path(plugin))
        among.register(manifest)
        plugin = manifest.name
    manifest = among.manifest(plugin)
    found = {}
    for command in manifest.commands:
        try:
            found[command] = among.resolve(command)
        except PluginError as error:
            yield str(error)
    for kind, entries in manifest.contributions.items():
        for entry in entries.values():
            named = getattr(entry, "command", None)
            if named not in found or (plugin == OWN and kind == "schemes"):  # ours are words that core knows
                continue
            if not (isinstance(found[named], type) if kind == "kernels" else callable(found[named])):
                needed = "a class" if kind == "kernels" else "a function"
                yield f"The command of {entry.id!r} among {kind} must stand for {needed}, not for {found[named]!r}."


def _nearest(name: object, known: Collection[str]) -> str:
    """The end of a sentence about an unknown name."""
    close = closest(name, known)
    return f"; did you mean {close!r}?" if close else f"; there are {', '.join(map(repr, known)) or 'none'}."
