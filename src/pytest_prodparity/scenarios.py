"""Runs one test again under a condition: here on fewer rows, before it runs for good."""

from __future__ import annotations

import warnings
from typing import cast

import pytest
from _pytest.runner import runtestprotocol

from .fixtures import EXPECTATION, REHEARSAL, session_of
from .session import Rehearsal


def rehearse(item: pytest.Item) -> None:
    """Run a marked test on a part of its rows, fixtures included and unheard, and keep what it sent in its stash.

    Wider fixtures stay for the run that counts. A test whose wider fixtures wrote to the database is not rehearsed: their
    rows are not in that volume; nor one under Hypothesis, whose examples differ from run to run.
    """
    session = session_of(item.config)
    expectation = item.stash[EXPECTATION]
    if expectation.level is not None and expectation.level > session.settings.level:
        return
    if isinstance(item, pytest.Function) and hasattr(item.obj, "hypothesis"):
        return
    rows = session.fewer(expectation)
    if rows is None or session.isolation.written:
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
    if not all(report.passed for report in reports) or session.isolation.written:
        rehearsal.trips = ()
