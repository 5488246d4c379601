"""Deprecations at our calls fail a test, whatever line the warning names; those among libraries do not."""

from __future__ import annotations

import ctypes
import warnings
from threading import Thread
from types import ModuleType

import numpy as np
import pytest

from tests.deprecations import no_warnings, without_warnings

LIBRARY = """
import functools, warnings

def warn(category=DeprecationWarning, depth=0, stacklevel=2):
    if depth:
        return warn(category, depth - 1, stacklevel)
    warnings.warn("goes away", category, stacklevel=stacklevel)

def decorated(function):
    @functools.wraps(function)
    def wrapper(*arguments, **options):
        return function(*arguments, **options)
    return wrapper

def call(function, *arguments, **options):
    return function(*arguments, **options)

warn_decorated = decorated(warn)
"""
CATEGORIES = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, np.exceptions.VisibleDeprecationWarning)


def module(name):
    made = ModuleType(name)
    exec(LIBRARY, made.__dict__)
    return made


@pytest.fixture
def library():
    return module("library.deep.inside")


@pytest.fixture
def other():
    return module("other")


@pytest.fixture
def ours():
    return module("velowidget.kernels.made")


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("depth", [0, 1, 7])
@pytest.mark.parametrize("stacklevel", [1, 2, 3])
@pytest.mark.parametrize("name", ["warn", "warn_decorated"])
def test_our_calls_are_errors_however_deep_the_warning(library, ours, category, depth, stacklevel, name):
    with pytest.raises(category, match="goes away"):
        ours.call(getattr(library, name), category, depth, stacklevel)


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("stacklevel", [1, 2, 3])
def test_libraries_among_themselves_are_not(library, other, ours, category, stacklevel):
    ours.call(other.call, library.warn, category, 1, stacklevel)


def test_what_is_no_deprecation_is_not(library, ours):
    with pytest.warns(UserWarning, match="goes away"):
        ours.call(library.warn, UserWarning)


def test_our_calls_in_threads_are_errors(library, ours, monkeypatch):
    raised = []

    def work():
        try:
            ours.call(library.warn)
        except DeprecationWarning as error:
            raised.append(error)

    worker = Thread(target=work)
    worker.start()
    worker.join()
    assert len(raised) == 1


def test_compiled_code_that_we_call_is_an_error():
    compiled = ctypes.pythonapi.PyErr_WarnEx
    compiled.argtypes = ctypes.py_object, ctypes.c_char_p, ctypes.c_ssize_t
    with pytest.raises(FutureWarning, match="goes away"):
        compiled(FutureWarning, b"goes away", 1)


def test_names_that_a_library_gives_up_are_errors(library, ours):
    exec("def __getattr__(name):\n    warn(FutureWarning)\n    return name", library.__dict__)
    with pytest.raises(FutureWarning, match="goes away"):
        ours.call(getattr, library, "old")


def test_a_block_without_warnings(library, other, ours):
    with without_warnings():
        other.call(library.warn, FutureWarning)
        with pytest.raises(UserWarning, match="goes away"):
            other.call(library.warn, UserWarning)
        with pytest.raises(FutureWarning, match="goes away"):
            ours.call(library.warn, FutureWarning)


@no_warnings
def test_a_test_without_warnings(library, other):
    other.call(library.warn, DeprecationWarning)
    with pytest.raises(UserWarning, match="goes away"):
        other.call(library.warn, UserWarning)


@pytest.mark.filterwarnings("ignore:goes away")
def test_one_that_is_known_can_be_ignored(library, ours):
    ours.call(library.warn)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours.call(library.warn)
