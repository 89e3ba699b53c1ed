"""Runs one test again under a condition: here on fewer rows, before it runs for good."""

from __future__ import annotations

import warnings
from types import MethodType
from typing import cast

import pytest
from _pytest.runner import runtestprotocol
from _pytest.unittest import TestCaseFunction

from .fixtures import EXPECTATION, REHEARSAL, session_of
from .session import Rehearsal

LOOKED_AT = ("usepdb", "trace", "setuponly", "setupshow", "setupplan")
"""Options by which somebody looks on: they are to see each test once."""


def rehearse(item: pytest.Item) -> None:
    """Run a marked test on a part of its rows, fixtures included and unheard, and keep what it sent in its stash.

    Wider fixtures stay for the run that counts. Not rehearsed: a test whose wider fixtures wrote to the database, since
    their rows are not in that volume, or hold a transaction open, which another volume would end; one under Hypothesis, whose
    examples differ from run to run; doctests, and what reports parts of itself (`unittest`, `subtests`).
    """
    session = session_of(item.config)
    expectation = item.stash[EXPECTATION]
    if expectation.level is not None and expectation.level > session.settings.level:
        return
    if not isinstance(item, pytest.Function) or isinstance(item, TestCaseFunction) or hasattr(item.obj, "hypothesis"):
        return
    if "subtests" in item.fixturenames or any(item.config.getoption(name, False) for name in LOOKED_AT):
        return
    rows = session.fewer(expectation)
    if rows is None or session.tied:
        return
    rehearsal = item.stash[REHEARSAL] = Rehearsal(rows=rows)
    properties, sections = list(item.user_properties), len(item._report_sections)  # noqa: SLF001  # as its runner does
    try:
        # What comes next is in the same class or module: only the test's own fixtures are torn down.
        with warnings.catch_warnings(record=True):
            reports = runtestprotocol(item, log=False, nextitem=cast("pytest.Item", item.parent))
    finally:
        rehearsal.under_way = False
        item.user_properties[:] = properties
        del item._report_sections[sections:]  # noqa: SLF001
        _renew(item)
    if rehearsal.void or not all(report.passed for report in reports):
        rehearsal.trips = ()


def _renew(item: pytest.Function) -> None:
    """A test of a class runs on an instance of its own."""
    bound = item.__dict__.get("_obj")
    if isinstance(bound, MethodType) and bound.__self__ is item.__dict__.pop("_instance", None):
        item._obj = MethodType(bound.__func__, item.instance)  # noqa: SLF001
