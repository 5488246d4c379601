"""Which deprecations are errors: those that a library raises at a call of ours, not those among libraries.

A warning names a line by its stack level, which may be deep in the library although the call, or what was passed, is
ours. So the stack decides: who called the library that warns? The two classes are categories of warning filters.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from itertools import groupby

import numpy as np
import pytest

DEPRECATIONS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, np.exceptions.VisibleDeprecationWarning)
OURS = {"velowidget", "tests", "velowidget_example"}
# Of neither: what stands between a call and the library that is called.
GLUE = {"warnings", "_py_warnings", "functools", "contextlib", "legacy_api_wrap", "typing_extensions", "deprecated"}


class _AtOurCalls(type):
    """Decides for each warning, where it is raised, whether a category is meant."""

    def __subclasscheck__(cls, category: type) -> bool:
        return issubclass(category, DEPRECATIONS) and _is_at_our_call(sys._getframe(1))


class _AmongLibraries(type):
    def __subclasscheck__(cls, category: type) -> bool:
        return issubclass(category, DEPRECATIONS) and not _is_at_our_call(sys._getframe(1))


class DeprecatedAtOurCall(Warning, metaclass=_AtOurCalls):
    """A deprecation at a call of ours, or raised by compiled code that we called."""


class DeprecatedAmongLibraries(Warning, metaclass=_AmongLibraries):
    """Any other deprecation: nothing that we could change."""


def _is_at_our_call(frame) -> bool:
    packages = []
    while frame is not None:
        packages.append(frame.f_globals.get("__name__", "").partition(".")[0])
        frame = frame.f_back
    callers = [package for package, _ in groupby(package for package in packages if package not in GLUE)]
    return bool(OURS.intersection(callers[:2]))  # the one that warns, and the one that called it


#: For tests of what a user gets to see: any warning is an error, but for those of libraries among themselves.
no_warnings = pytest.mark.filterwarnings("error", f"ignore::{__name__}.{DeprecatedAmongLibraries.__name__}")


@contextmanager
def without_warnings():
    """The same for a block."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", DeprecatedAmongLibraries)
        yield
