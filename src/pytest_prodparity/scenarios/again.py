"""One more run of a test, fixtures included, of which nobody hears."""

from __future__ import annotations

import gc
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType
from typing import cast

import pytest
from _pytest.runner import runtestprotocol
from _pytest.unittest import TestCaseFunction

from ..fixtures import records

LOOKED_AT = ("usepdb", "trace", "setuponly", "setupshow", "setupplan")
"""Options by which somebody looks on: they are to see each test once."""


def why_not(item: pytest.Item) -> str | None:
    """Why this test cannot be run again; None where it can."""
    if not isinstance(item, pytest.Function):
        return "it is no test function"
    if isinstance(item, TestCaseFunction):
        return "it is a test of unittest, which reports parts of itself"
    if hasattr(item.obj, "hypothesis"):
        return "under Hypothesis its examples differ from run to run"
    if "parity_race" in item.fixturenames or "parity_stress" in item.fixturenames:
        return "it runs its callables again and again by itself"
    if records(item):
        return "its requests are being recorded"
    if "subtests" in item.fixturenames:
        return "it has subtests"
    if any(item.config.getoption(name, False) for name in LOOKED_AT):
        return "somebody looks on"
    return None


def again(item: pytest.Item) -> list[pytest.TestReport]:
    """Set up, call and tear down, unheard. Wider fixtures stay."""
    properties, sections = list(item.user_properties), len(item._report_sections)  # noqa: SLF001  # as its runner does
    try:
        # What comes next is in the same class or module: only the test's own fixtures are torn down.
        with warnings.catch_warnings(record=True):
            return runtestprotocol(item, log=False, nextitem=cast("pytest.Item", item.parent))
    finally:
        item.user_properties[:] = properties
        del item._report_sections[sections:]  # noqa: SLF001
        renew(item)


def renew(item: pytest.Item) -> None:
    """A test of a class runs on an instance of its own."""
    assert isinstance(item, pytest.Function)
    bound = item.__dict__.get("_obj")
    if isinstance(bound, MethodType) and bound.__self__ is item.__dict__.pop("_instance", None):
        item._obj = MethodType(bound.__func__, item.instance)  # noqa: SLF001


def _unheard(_: object) -> None:
    pass


@contextmanager
def unheard() -> Iterator[None]:
    """What code that was broken off leaves behind, such as an unclosed connection, is not the next test's."""
    hooks = sys.unraisablehook, threading.excepthook
    sys.unraisablehook = threading.excepthook = _unheard
    try:
        with warnings.catch_warnings(record=True):
            try:
                yield
            finally:
                gc.collect()
    finally:
        sys.unraisablehook, threading.excepthook = hooks
