"""What a plugin says of itself: a TOML file that names what it contributes, read without importing anything of it.

::

    name = "velowidget-example"
    title = "An example"

    [[commands]]
    id = "velowidget-example.angle"
    python_name = "velowidget_example.schemes:angle"

    [[schemes]]
    id = "velowidget-example.angle"
    title = "angle"
    command = "velowidget-example.angle"
    requires = ["layers/Ms"]

Every id begins with the plugin's name and a dot. A contribution names a command, and a command says where in Python its
object is; it is imported when it is first used. What the kinds of contribution hold is in the classes below.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from velowidget.plugins.names import closest, shown

# Compiled once: fifty plugins are to be read in a few milliseconds.
_NAME = re.compile(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?")
_ID = re.compile(r"\w[\w.-]*")
_PYTHON_NAME = re.compile(r"[^\W\d][\w.]*:[^\W\d][\w.]*")
_COLOR = re.compile("#[0-9a-fA-F]{6}")
_EXTENSION = re.compile(r"(\.\w+)+")

OWN = "velowidget"
"""The name of our own manifest; users leave out the prefix of its ids."""

SLOTS = ("layers", "obs", "obsm", "obsp", "uns", "var", "varm", "varp")
"""Parts of an AnnData that a contribution may require a key of."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Where an object is in Python: ``module:qualname``."""

    id: str
    python_name: str


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """What every kind of contribution has.

    Attributes
    ----------
    id
        The plugin's name, a dot, and a name of its own.
    title, help
        For people: a name, and a sentence on what it does.
    requires
        What the data must have, each ``'part/key'`` of an AnnData, such as ``'layers/Ms'``.
    """

    id: str
    title: str
    help: str = ""
    requires: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What users call it: its id, without our own prefix."""
        return self.id.removeprefix(f"{OWN}.")


@dataclass(frozen=True, kw_only=True)
class Scheme(Contribution):
    """A similarity; the command's object is a callable as :mod:`velowidget.core.custom` describes it."""

    command: str


@dataclass(frozen=True, kw_only=True)
class Kernel(Contribution):
    """A kernel; the command's object is a class derived from :class:`velowidget.kernels.Kernel`."""

    command: str


@dataclass(frozen=True, kw_only=True)
class Panel(Contribution):
    """A part of the widget.

    Attributes
    ----------
    esm, esm_file
        JavaScript with the default export ``{mount}``: as text, or in a file beside the manifest. Ours have none: their
        JavaScript is in the bundle.
    command
        The Python side, ``answer(pipeline, name, payload, buffers)``, called for each ``ctx.request(name, payload,
        buffers)``; it returns a JSON value, or one and a dict of arrays. None where the panel asks nothing.
    place
        ``'dock'`` (opens and closes under the picture) or, for ours, ``'side'`` and ``'main'``.
    """

    esm: str | None = None
    esm_file: str | None = None
    command: str | None = None
    place: str = "dock"


@dataclass(frozen=True, kw_only=True)
class Palette(Contribution):
    """Colours for categories, each ``'#rrggbb'``."""

    colors: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Exporter(Contribution):
    """A way to write results; the command's object is called as ``write(pipeline, path)``."""

    command: str
    extension: str


@dataclass(frozen=True, kw_only=True)
class SampleData(Contribution):
    """Example data; the command's object is a function that returns an AnnData."""

    command: str


KINDS: Mapping[str, type[Contribution]] = {
    "schemes": Scheme,
    "kernels": Kernel,
    "panels": Panel,
    "palettes": Palette,
    "exporters": Exporter,
    "sample_data": SampleData,
}


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A plugin's contributions.

    Attributes
    ----------
    name, title
        For programs and for people.
    commands
        By id.
    contributions
        By kind, and then by id.
    folder
        Where the manifest's file is; None without one.
    """

    name: str
    title: str
    commands: Mapping[str, Command]
    contributions: Mapping[str, Mapping[str, Contribution]]
    folder: Path | None = field(default=None, compare=False)


class ManifestError(ValueError):
    """A manifest that cannot be used; `problems` has each reason."""

    def __init__(self, source: str, problems: Collection[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{source} is not a manifest that can be used: {' '.join(self.problems)}")


def plugin_of(id_: str) -> str:
    """The name of the plugin that an id is of."""
    return id_.partition(".")[0]


def read_manifest(path: Path) -> Manifest:
    """Read a manifest's file.

    Raises
    ------
    ManifestError
        If it cannot be read, is no TOML, or says what cannot be; the message has every problem.
    """
    try:
        with path.open("rb") as file:
            content = tomllib.load(file)
    except (OSError, ValueError) as error:  # ValueError: no TOML, or no UTF-8
        raise ManifestError(str(path), [f"{error}."]) from error
    return parse_manifest(content, str(path), path.parent)


def parse_manifest(content: Mapping[str, Any], source: str, folder: Path | None = None) -> Manifest:
    """Check what a manifest says.

    Parameters
    ----------
    content
        As the TOML file would be read.
    source
        Where it is from, for messages.
    folder
        Where its files are.

    Raises
    ------
    ManifestError
        If it says what cannot be; the message has every problem.
    """
    problems = list(_unknown("", content, ("name", "title", "commands", *KINDS)))
    name = content.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ManifestError(source, [*problems, f"name = {name!r} must be lower-case letters, digits, '_' and '-'."])
    title = content.get("title", name)
    if not isinstance(title, str):
        problems.append(f"title = {title!r} must be text.")
    commands = _entries(content, "commands", Command, name, problems)
    contributions = {kind: _entries(content, kind, entry, name, problems) for kind, entry in KINDS.items()}
    problems += (
        f"The python_name {command.python_name!r} of {command.id!r} is not 'module:qualname'."
        for command in commands.values()
        if not _PYTHON_NAME.fullmatch(command.python_name)
    )
    for entries in contributions.values():
        for contribution in entries.values():
            problems += _problems(contribution, commands, name, folder)
    if problems:
        raise ManifestError(source, problems)
    return Manifest(name=name, title=title, commands=commands, contributions=contributions, folder=folder)


def _entries(
    content: Mapping[str, Any], kind: str, made: type[Any], plugin: str, problems: list[str]
) -> dict[str, Any]:
    """The entries of a kind by id, those that can be made of what is said; the others' problems are added."""
    listed = content.get(kind, [])
    if not isinstance(listed, list):
        problems.append(f"{kind} must be a list of tables, [[{kind}]].")
        return {}
    entries: dict[str, Any] = {}
    for number, table in enumerate(listed, start=1):
        found = list(_unfit(f"{kind} number {number}", table, made))
        if not found:
            entry = made(**{name: tuple(value) if isinstance(value, list) else value for name, value in table.items()})
            if not (entry.id.startswith(f"{plugin}.") and _ID.fullmatch(entry.id, len(plugin) + 1)):
                found.append(f"The id {entry.id!r} among {kind} must be {plugin + '.'!r} and a name.")
            if entry.id in entries:
                found.append(f"The id {entry.id!r} is twice among {kind}.")
            entries[entry.id] = entry
        problems += found
    return entries


_TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("text", lambda value: isinstance(value, str) and bool(value)),
    "str | None": ("text", lambda value: isinstance(value, str) and bool(value)),
    "tuple[str, ...]": (
        "a list of texts",
        lambda value: isinstance(value, list | tuple) and all(isinstance(item, str) for item in value),
    ),
}


_MADE: tuple[type[Any], ...] = (Command, *KINDS.values())
# By class: the fields that an entry is made of, the type of each, and whether it must be given.
_FIELDS: Mapping[type[Any], Mapping[str, tuple[str, bool]]] = {
    made: {f.name: (str(f.type), f.default is dataclasses.MISSING) for f in dataclasses.fields(made)} for made in _MADE
}


def _unfit(where: str, table: object, made: type[Any]) -> Iterator[str]:
    """Why a table is not what an entry of this kind is made of."""
    if not isinstance(table, Mapping):
        yield f"{where} must be a table."
        return
    where = f"{where} ({table['id']})" if "id" in table else where
    fields = _FIELDS[made]
    if not table.keys() <= fields.keys():
        yield from _unknown(f"{where}: ", table, fields)
    for name, (type_, required) in fields.items():
        if name in table:
            word, fits = _TYPES[type_]
            if not fits(table[name]):
                yield f"{where}: {name} = {table[name]!r} must be {word}."
        elif required:
            yield f"{where}: {name} is missing."


def _unknown(where: str, table: Mapping[str, Any], known: Collection[str]) -> Iterator[str]:
    for name in table.keys() - set(known):
        close = closest(name, known)
        yield f"{where}{shown(name)} is not known; " + (
            f"did you mean {close!r}?" if close else f"there are {', '.join(known)}."
        )


def _problems(
    contribution: Contribution, commands: Mapping[str, Command], plugin: str, folder: Path | None
) -> Iterator[str]:
    """What is wrong with a contribution beside the types."""
    command = getattr(contribution, "command", None)
    if command is not None and command not in commands:
        close = closest(command, commands)
        hint = f"did you mean {close!r}?" if close else f"there are {', '.join(commands) or 'none'}."
        yield f"The command {command!r} of {contribution.id!r} is not among the commands; {hint}"
    for required in contribution.requires:
        slot, _, key = required.partition("/")
        if slot not in SLOTS or not key:
            parts = ", ".join(SLOTS)
            yield f"requires = {required!r} of {contribution.id!r} must be part/key, the part one of {parts}."
    match contribution:
        case Panel(esm=text, esm_file=file, place=place) if plugin != OWN:
            if (text is None) == (file is None):
                yield f"The panel {contribution.id!r} needs either esm, its JavaScript, or esm_file, a file with it."
            if place != "dock":
                yield f"place = {place!r} of {contribution.id!r} must be 'dock'."
            if file is not None and not (folder is not None and (folder / file).is_file()):
                yield f"The file {file!r} of {contribution.id!r} is not beside the manifest."
        case Exporter(extension=extension) if not _EXTENSION.fullmatch(extension):
            yield f"extension = {extension!r} of {contribution.id!r} must be a dot and letters, such as '.csv'."
        case Palette(colors=colors):
            if not colors or not all(_COLOR.fullmatch(color) for color in colors):
                yield f"The colours of {contribution.id!r} must be '#rrggbb', at least one."
