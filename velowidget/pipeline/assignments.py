"""How parameters are assigned: checked as a whole, then all of them count or none; no other attribute is taken."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Set
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar

import traitlets as t
from traitlets import Bunch

from velowidget.data.messages import nearest
from velowidget.pipeline import changes
from velowidget.pipeline.values import plain_number
from velowidget.plugins.registry import PluginError


class Declared(t.HasTraits):
    """Takes attributes that its class declares, and private ones; refuses any other, which would have no effect."""

    _fixed: ClassVar[tuple[str, ...]] = ()
    """What can be given when an object is made, and not be changed afterwards."""

    def __setattr__(self, name: str, value: Any) -> None:
        cls = type(self)
        if name in self._fixed:
            raise AttributeError(
                f"{name} can be chosen only when a {cls.__name__} is made: make a new one, with {name}=..."
            )
        if not (name.startswith("_") or hasattr(cls, name) or _is_annotated(cls, name)):
            known = sorted(trait for trait in self.trait_names() if not trait.startswith("_"))
            raise AttributeError(f"{cls.__name__} has no attribute {name!r}{nearest(name, known)}")
        super().__setattr__(name, value)


class Assignments(Declared):
    """Traits that are checked together.

    Each assignment, or all those of one `hold_trait_notifications`, are checked with what follows from them. Then they
    replace the present values in one step; no other thread sees what is being checked. Observers hear of it when the
    lock is given up. If one is refused, or the user interrupts, the present values stay. (Traitlets by itself does not
    check None, and stores one value after the other.)
    """

    _values: dict[str, Any]  # what counts; never changed in place, but for traitlets' own defaults
    # What is being checked, and what has been assigned in a hold, each with the change that this is part of: an
    # interrupt may keep either from being taken away.
    _draft: tuple[int | None, dict[str, Any]] | None = None
    _hold: tuple[int | None, dict[str, Any]] | None = None
    _refused: Mapping[str, Exception]  # first values, by name: nothing is computed until they are mended

    def __init__(self) -> None:
        super().__init__()
        for name in self.trait_names():
            getattr(self, name)  # traitlets would make a default when it is first read

    def changing(self) -> AbstractContextManager[None]:
        """Hold the lock of changes."""
        raise NotImplementedError

    def _follow_up(self, given: Mapping[str, Any], before: Mapping[str, Any]) -> None:
        """Change what follows from checked values."""
        raise NotImplementedError

    def __setattr__(self, name: str, value: Any) -> None:
        if self.has_trait(name):
            self.set_trait(name, value)
        else:
            super().__setattr__(name, value)

    @property
    def _trait_values(self) -> dict[str, Any]:
        """Where traitlets keeps values: what this thread is checking, else what counts."""
        return self._values if self._draft is None or self._draft[0] != changes.mine() else self._draft[1]

    @_trait_values.setter
    def _trait_values(self, values: dict[str, Any]) -> None:
        self._values = values

    @property
    def _held(self) -> dict[str, Any] | None:
        """What has been assigned in the present hold; None where there is no hold."""
        return None if self._hold is None or self._hold[0] != changes.mine() else self._hold[1]

    def set_trait(self, name: str, value: Any) -> None:
        """Assign a value.

        Raises
        ------
        traitlets.TraitError
            If it is refused.
        """
        with self.changing():
            typed = self._typed(name, plain_number(value))
            held = self._held
            if held is None:
                self._take({name: typed})
            else:
                self._trait_values[name] = held[name] = typed

    @contextmanager
    def hold_trait_notifications(self) -> Iterator[None]:
        """Assign several values as one; if one of them is refused, none counts."""
        with self.changing():
            if self._held is not None:
                yield
                return
            given: dict[str, Any] = {}
            try:
                number = changes.mine()
                self._hold, self._draft = (number, given), (number, dict(self._values))
                yield
            finally:
                self._hold = self._draft = None
            self._take(given)

    def _typed(self, name: str, value: Any) -> Any:
        trait = self.traits()[name]
        with _refusing(name):
            return trait.validate(self, value) if hasattr(trait, "validate") else value

    def _take(self, given: Mapping[str, Any]) -> None:
        before, refused = self._values, self._refused
        try:
            draft = {**before, **given}
            self._draft = changes.mine(), draft
            for name in sorted(given):  # no check depends on whether another has been made
                self._check(name)
            self._follow_up(given, before)
            self._replace(draft, {name: error for name, error in refused.items() if name not in given})
        finally:
            self._draft = None

    def _replace(self, values: dict[str, Any], refused: Mapping[str, Exception]) -> None:
        """Let checked values count."""
        before = self._values
        changes.tell(self, before)
        self._values, self._refused = values, refused
        self._replaced({name for name in values if not _are_same(before[name], values[name])})

    def _replaced(self, names: Set[str]) -> None:
        """Take note of values that are others now; the lock is held, and observers have not heard of it."""
        raise NotImplementedError

    def _check(self, name: str) -> None:
        """Replace a new value by what its validator makes of it."""
        validator = self._trait_validators.get(name)
        if validator is not None:
            proposal = Bunch(trait=self.traits()[name], value=self._trait_values[name], owner=self)
            with _refusing(name):
                self._trait_values[name] = validator(self, proposal)

    def tell_since(self, before: Mapping[str, Any]) -> None:
        """Notify observers of what is different; the errors of some do not keep others from hearing of it."""
        now, errors = self._values, []
        for name in now:
            if _are_same(before[name], now[name]) or not _are_same(now[name], self._values[name]):
                continue  # unchanged; or changed further meanwhile, and whoever did that tells it
            try:
                self._notify_trait(name, before[name], now[name])
            except Exception as error:
                errors.append(error)
        if errors:
            raise errors[0]


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn any error of a check into the one that traitlets expect of a validator."""
    try:
        yield
    except (LookupError, ValueError, TypeError, PluginError, t.TraitError) as error:
        raise t.TraitError(str(error)) from error
    except Exception as error:  # of somebody else's object, that cannot be compared or shown
        raise t.TraitError(f"{name} cannot be checked: {type(error).__name__}: {error}") from error


def _are_same(one: Any, other: Any) -> bool:
    """Whether two checked values are the same; 1 and 1.0 are not: as `max_iter` they mean different things."""
    return one is other or (type(one) is type(other) and bool(one == other))


def _is_annotated(cls: type, name: str) -> bool:
    return any(name in inspect.get_annotations(base) for base in cls.__mro__)
